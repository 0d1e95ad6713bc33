package policytest

import (
	"github.com/tileseal/tileseal/vm"
	"golang.org/x/sys/unix"
)

// The descriptors and the process of the tests, in any order but the usual one.
const (
	ListenerFD = 5
	Epoll      = 4 // the Go runtime's, as is Event
	Event      = 8
	LastFD     = 11
	Peer       = 12 // the first connection
	PID        = 4711
)

const (
	buf      = 0xc000100000 // a pointer, which no filter can follow
	minusOne = 0xffffffffffffffff
)

// Server is what any server of this module may do once it is sealed, and what
// none may.
func Server(p *vm.Program) []vm.Case {
	return append(Cases(vm.Allow, allowed(p)...), Cases(vm.KillProcess, killed(p)...)...)
}

// Cases is the rows of a table for calls that must all get the same verdict.
func Cases(want vm.Action, calls ...vm.Call) []vm.Case {
	var cases []vm.Case
	for _, c := range calls {
		cases = append(cases, vm.Case{Call: c, Want: want})
	}
	return cases
}

func allowed(p *vm.Program) []vm.Call {
	return []vm.Call{
		p.Call("accept4", ListenerFD, buf, buf, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK),
		p.Call("epoll_ctl", Epoll, unix.EPOLL_CTL_ADD, Peer, buf),
		p.Call("getsockname", Peer, buf, buf),
		p.Call("setsockopt", Peer, unix.IPPROTO_TCP, unix.TCP_NODELAY, buf, 4),
		p.Call("setsockopt", Peer, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, buf, 4),
		p.Call("setsockopt", Peer, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, buf, 4),
		p.Call("setsockopt", Peer, unix.IPPROTO_TCP, unix.TCP_KEEPCNT, buf, 4),
		p.Call("setsockopt", Peer, unix.SOL_SOCKET, unix.SO_KEEPALIVE, buf, 4),
		p.Call("read", Peer, buf, 4096),
		p.Call("read", 1<<20, buf, 4096),
		p.Call("write", Peer, buf, 4096),
		p.Call("write", 2, buf, 80),
		p.Call("shutdown", Peer, unix.SHUT_WR),
		p.Call("epoll_ctl", Epoll, unix.EPOLL_CTL_DEL, Peer, buf),
		p.Call("close", Peer),
		p.Call("close", ListenerFD),

		// The Go runtime's own.
		p.Call("read", Event, buf, 8),
		p.Call("write", Event, buf, 8),
		p.Call("tgkill", PID, PID+1, uint64(unix.SIGURG)),
		p.Call("exit_group", 0),

		// The kernel refuses these: there is no such descriptor.
		p.Call("read", minusOne, buf, 4096),
		p.Call("close", minusOne),
	}
}

func killed(p *vm.Program) []vm.Call {
	return []vm.Call{
		p.Call("accept4", LastFD, buf, buf, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK),
		p.Call("accept4", Peer, buf, buf, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK),
		p.Call("accept4", ListenerFD, buf, buf, unix.SOCK_NONBLOCK),
		p.Call("accept4", ListenerFD, buf, buf, 0),
		p.Call("getsockname", ListenerFD, buf, buf),
		p.Call("getpeername", Peer, buf, buf),
		p.Call("setsockopt", ListenerFD, unix.IPPROTO_TCP, unix.TCP_NODELAY, buf, 4),
		p.Call("setsockopt", LastFD, unix.SOL_SOCKET, unix.SO_KEEPALIVE, buf, 4),
		p.Call("setsockopt", Peer, unix.IPPROTO_TCP, unix.TCP_NODELAY, buf, 8),
		p.Call("setsockopt", Peer, unix.IPPROTO_TCP, unix.SO_KEEPALIVE, buf, 4),
		p.Call("setsockopt", Peer, unix.IPPROTO_TCP, unix.TCP_REPAIR, buf, 4),
		p.Call("setsockopt", Peer, unix.SOL_SOCKET, unix.TCP_NODELAY, buf, 4),
		p.Call("setsockopt", Peer, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, buf, 4),
		p.Call("setsockopt", Peer, unix.IPPROTO_IP, unix.SO_KEEPALIVE, buf, 4),

		// What was open before is out of reach.
		p.Call("read", 0, buf, 4096),
		p.Call("read", ListenerFD, buf, 4096),
		p.Call("read", Epoll, buf, 8),
		p.Call("read", Event, buf, 9),
		p.Call("read", LastFD, buf, 4096),
		p.Call("write", 1, buf, 80),
		p.Call("write", ListenerFD, buf, 4096),
		p.Call("write", LastFD, buf, 4096),
		p.Call("shutdown", ListenerFD, unix.SHUT_WR),
		p.Call("shutdown", Peer, unix.SHUT_RD),
		p.Call("shutdown", Peer, unix.SHUT_RDWR),
		p.Call("close", 2),
		p.Call("close", Epoll),
		p.Call("close", Event),
		p.Call("close", LastFD),

		// Nothing is opened, duplicated, connected to, sent or run.
		p.Call("openat", 0xffffffffffffff9c, buf),
		p.Call("fcntl", Peer, unix.F_DUPFD_CLOEXEC, 0),
		p.Call("dup", Peer),
		p.Call("socket", unix.AF_INET, unix.SOCK_STREAM),
		p.Call("socket", unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK),
		p.Call("socket", unix.AF_UNIX, unix.SOCK_RAW|unix.SOCK_CLOEXEC),
		p.Call("socket", unix.AF_NETLINK, unix.SOCK_RAW),
		p.Call("connect", Peer, buf, 16),
		p.Call("bind", Peer, buf, 16),
		p.Call("listen", Peer, 5),
		p.Call("sendto", Peer, buf, 80),
		p.Call("sendmsg", Peer, buf),
		p.Call("recvmsg", Peer, buf),
		p.Call("writev", Peer, buf, 1),
		p.Call("sendfile", Peer, LastFD, 0, 80),
		p.Call("splice", Peer, 0, Peer, 0, 80),
		p.Call("ioctl", Peer, unix.TIOCSTI, buf),
		p.Call("clone", uint64(unix.SIGCHLD)),
		p.Call("clone", unix.CLONE_VM|unix.CLONE_VFORK|uint64(unix.SIGCHLD)),
		p.Call("pipe2", buf, unix.O_CLOEXEC),
		p.Call("execve", buf, buf, buf),
		p.Call("kill", 1, uint64(unix.SIGKILL)),
		p.Call("tgkill", 1, 1, uint64(unix.SIGTERM)),
	}
}
