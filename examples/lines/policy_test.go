package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/goruntime"
	"github.com/tileseal/tileseal/vm"
	"golang.org/x/sys/unix"
)

const policy = "lines.seccomppolicy"

// The descriptors and the process of the tests, in any order but the usual one.
const (
	listenerFD, epoll, event, logFD, lastFD = 5, 4, 8, 9, 11

	peer = 12 // the first connection
	pid  = 4711
)

// TestPolicy holds the policy against what the daemon may do, on each
// architecture.
func TestPolicy(t *testing.T) {
	text, err := os.ReadFile(policy)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []arch.Arch{arch.X86_64, arch.AArch64} {
		t.Run(a.String(), func(t *testing.T) {
			p, err := vm.Compile(policy, string(text), a, map[string]int{
				"listener_fd": listenerFD, "logfile_fd": logFD, "last_fd": lastFD,
				"go_epoll_fd": epoll, "go_event_fd": event, "go_pid": pid,
			})
			if err != nil {
				t.Fatal(err)
			}
			vm.Test(t, p, table(p))
		})
	}
}

// TestPopulate holds the generated program against the same table.
func TestPopulate(t *testing.T) {
	var filter [LinesLen]unix.SockFilter
	PopulateLines(filter[:], goruntime.Simulated(LinesLevels, epoll, event, pid), listenerFD, logFD, lastFD)
	p, err := vm.New(filter[:], arch.Native())
	if err != nil {
		t.Fatal(err)
	}
	vm.Test(t, p, table(p))
}

// table is calls and what must become of them.
func table(p *vm.Program) []vm.Case {
	const (
		buf      = 0xc000100000
		minusOne = 0xffffffffffffffff
	)
	allowed := []vm.Call{
		p.Call("accept4", listenerFD, buf, buf, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK),
		p.Call("epoll_ctl", epoll, unix.EPOLL_CTL_ADD, peer, buf),
		p.Call("getsockname", peer, buf, buf),
		p.Call("setsockopt", peer, unix.IPPROTO_TCP, unix.TCP_NODELAY, buf, 4),
		p.Call("setsockopt", peer, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, buf, 4),
		p.Call("setsockopt", peer, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, buf, 4),
		p.Call("setsockopt", peer, unix.IPPROTO_TCP, unix.TCP_KEEPCNT, buf, 4),
		p.Call("setsockopt", peer, unix.SOL_SOCKET, unix.SO_KEEPALIVE, buf, 4),
		p.Call("read", peer, buf, 4096),
		p.Call("read", 1<<20, buf, 4096),
		p.Call("write", peer, buf, 4096),
		p.Call("write", 2, buf, 80),
		p.Call("write", logFD, buf, 80),
		p.Call("shutdown", peer, unix.SHUT_WR),
		p.Call("epoll_ctl", epoll, unix.EPOLL_CTL_DEL, peer, buf),
		p.Call("close", peer),
		p.Call("close", listenerFD),

		// The Go runtime's own.
		p.Call("read", event, buf, 8),
		p.Call("write", event, buf, 8),
		p.Call("tgkill", pid, pid+1, uint64(unix.SIGURG)),
		p.Call("exit_group", 0),

		// The kernel refuses these: there is no such descriptor.
		p.Call("read", minusOne, buf, 4096),
		p.Call("close", minusOne),
	}
	killed := []vm.Call{
		p.Call("accept4", lastFD, buf, buf, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK),
		p.Call("accept4", peer, buf, buf, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK),
		p.Call("accept4", listenerFD, buf, buf, unix.SOCK_NONBLOCK),
		p.Call("accept4", listenerFD, buf, buf, 0),
		p.Call("getsockname", listenerFD, buf, buf),
		p.Call("getpeername", peer, buf, buf),
		p.Call("setsockopt", listenerFD, unix.IPPROTO_TCP, unix.TCP_NODELAY, buf, 4),
		p.Call("setsockopt", lastFD, unix.SOL_SOCKET, unix.SO_KEEPALIVE, buf, 4),
		p.Call("setsockopt", peer, unix.IPPROTO_TCP, unix.TCP_NODELAY, buf, 8),
		p.Call("setsockopt", peer, unix.IPPROTO_TCP, unix.SO_KEEPALIVE, buf, 4),
		p.Call("setsockopt", peer, unix.IPPROTO_TCP, unix.TCP_REPAIR, buf, 4),
		p.Call("setsockopt", peer, unix.SOL_SOCKET, unix.TCP_NODELAY, buf, 4),
		p.Call("setsockopt", peer, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, buf, 4),
		p.Call("setsockopt", peer, unix.IPPROTO_IP, unix.SO_KEEPALIVE, buf, 4),

		// What was open before is out of reach.
		p.Call("read", 0, buf, 4096),
		p.Call("read", listenerFD, buf, 4096),
		p.Call("read", epoll, buf, 8),
		p.Call("read", event, buf, 9),
		p.Call("read", logFD, buf, 4096),
		p.Call("read", lastFD, buf, 4096),
		p.Call("write", 1, buf, 80),
		p.Call("write", listenerFD, buf, 4096),
		p.Call("write", lastFD, buf, 4096),
		p.Call("shutdown", listenerFD, unix.SHUT_WR),
		p.Call("shutdown", peer, unix.SHUT_RD),
		p.Call("shutdown", peer, unix.SHUT_RDWR),
		p.Call("close", 2),
		p.Call("close", epoll),
		p.Call("close", event),
		p.Call("close", logFD),
		p.Call("close", lastFD),

		// Nothing is opened, duplicated, connected to, sent or run.
		p.Call("openat", 0xffffffffffffff9c, buf),
		p.Call("fcntl", peer, unix.F_DUPFD_CLOEXEC, 0),
		p.Call("dup", peer),
		p.Call("socket", unix.AF_INET, unix.SOCK_STREAM),
		p.Call("socket", unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK),
		p.Call("socket", unix.AF_UNIX, unix.SOCK_RAW|unix.SOCK_CLOEXEC),
		p.Call("socket", unix.AF_NETLINK, unix.SOCK_RAW),
		p.Call("connect", peer, buf, 16),
		p.Call("bind", peer, buf, 16),
		p.Call("listen", peer, 5),
		p.Call("sendto", peer, buf, 80),
		p.Call("sendmsg", peer, buf),
		p.Call("recvmsg", peer, buf),
		p.Call("writev", peer, buf, 1),
		p.Call("sendfile", peer, lastFD, 0, 80),
		p.Call("splice", peer, 0, peer, 0, 80),
		p.Call("ioctl", peer, unix.TIOCSTI, buf),
		p.Call("clone", uint64(unix.SIGCHLD)),
		p.Call("clone", unix.CLONE_VM|unix.CLONE_VFORK|uint64(unix.SIGCHLD)),
		p.Call("pipe2", buf, unix.O_CLOEXEC),
		p.Call("execve", buf, buf, buf),
		p.Call("kill", 1, uint64(unix.SIGKILL)),
		p.Call("tgkill", 1, 1, uint64(unix.SIGTERM)),
	}
	refused := p.Call("socket", unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	cases := []vm.Case{{Call: refused, Want: vm.Errno | vm.Action(unix.EACCES)}}
	for _, c := range allowed {
		cases = append(cases, vm.Case{Call: c, Want: vm.Allow})
	}
	for _, c := range killed {
		cases = append(cases, vm.Case{Call: c, Want: vm.KillProcess})
	}
	return cases
}

// TestLogOff shows that without a log file its number stands for none.
func TestLogOff(t *testing.T) {
	var filter [LinesLen]unix.SockFilter
	PopulateLines(filter[:], goruntime.Simulated(LinesLevels, epoll, event, pid), listenerFD, -1, lastFD)
	p, err := vm.New(filter[:], arch.Native())
	if err != nil {
		t.Fatal(err)
	}
	vm.Test(t, p, []vm.Case{
		{Call: p.Call("write", logFD, 0, 80), Want: vm.KillProcess},
		{Call: p.Call("write", 0, 0, 80), Want: vm.KillProcess},
		{Call: p.Call("write", peer, 0, 80), Want: vm.Allow},
	})
}

// TestLastFD shows that the number of the last descriptor has to be given.
func TestLastFD(t *testing.T) {
	defer func() {
		if r := recover(); r == nil {
			t.Error("PopulateLines takes -1 for lastFD, under which every descriptor is a connection")
		}
	}()
	var filter [LinesLen]unix.SockFilter
	PopulateLines(filter[:], goruntime.Simulated(LinesLevels, epoll, event, pid), listenerFD, logFD, -1)
}

// TestGenerated fails when the policy was changed and its Go was not.
func TestGenerated(t *testing.T) {
	out, err := exec.Command("go", "tool", "tileseal", "gen", "-check",
		"-layout", "optimized", "-target", "amd64,arm64", policy).CombinedOutput()
	if err != nil {
		t.Errorf("go generate is due: %v\n%s", err, out)
	}
}

// Test386 shows that there is no program for an architecture whose socket calls
// cannot be checked, and that the compiler says why.
func Test386(t *testing.T) {
	cmd := exec.Command("go", "build", "-o", os.DevNull, ".")
	cmd.Env = append(os.Environ(), "GOARCH=386", "CGO_ENABLED=0", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	if want := "socketcall_hides_the_arguments"; err == nil || !strings.Contains(string(out), want) {
		t.Errorf("GOARCH=386 go build: error %v, without %q:\n%s", err, want, out)
	}
}
