//go:build linux && (386 || amd64 || arm64 || tileseal_experimental)

package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A child is a tile with what it has open.
type child struct {
	dir, peer string
	params    []string
	numbers   []int               // the parameters' values
	files     map[string]*os.File // by parameter
	listener  *net.TCPListener
	conn      *net.TCPConn // made before sealing
	udp       map[string]*net.UDPConn
	extra     *os.File // a file that no parameter names
	memory    []byte   // a mapped file
	process   int      // a child's
}

// open makes what a parameter stands for and is its number.
func (c *child) open(param string) int {
	switch {
	case param == "pid_namespace":
		return c.process
	case strings.HasSuffix(param, "_socket_fd"):
		return c.listen()
	case param == "dir_fd", param == "out_dir_fd":
		return c.keep(param, must(os.Open(c.dir)))
	case strings.HasPrefix(param, "nl_"):
		return must(unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE))
	case param == "arp_probe_fd", strings.HasSuffix(param, "xsk_fd"):
		return must(unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0))
	case param == "rx_fd1": // one past the last
		return fdOf(c.udp["rx_fd0"]) + 1
	case param == "tx_fd", param == "rx_fd0", strings.HasSuffix(param, "_ping_fd"):
		return c.datagrams(param)
	case param == "drain_output_fd":
		r, w := must2(os.Pipe())
		must(io.WriteString(w, content))
		c.files["the other end"] = w
		return c.keep(param, r)
	}
	name := filepath.Join(c.dir, param)
	if param == "logfile_fd" {
		return c.keep(param, must(os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)))
	}
	check(os.WriteFile(name, []byte(content), 0o600))
	return c.keep(param, must(os.OpenFile(name, os.O_RDWR, 0)))
}

// content is what every file but the log has in it.
const content = "nameserver 192.0.2.1\n0123456789abcdef0123456789abcdef\n"

// keep keeps a file under the name of its parameter.
func (c *child) keep(param string, f *os.File) int {
	c.files[param] = f
	return fdOf(f)
}

// fdOf is the descriptor of a file or a socket, which stays as it is: Fd would
// make a file blocking, and take it out of the poller.
func fdOf(s interface {
	SyscallConn() (syscall.RawConn, error)
}) int {
	n := -1
	check(must(s.SyscallConn()).Control(func(fd uintptr) { n = int(fd) }))
	return n
}

func must2[A, B any](a A, b B, err error) (A, B) {
	check(err)
	return a, b
}

// listen opens the tile's listener and says where.
func (c *child) listen() int {
	c.listener = must(net.Listen("tcp4", "127.0.0.1:0")).(*net.TCPListener)
	fmt.Println(c.listener.Addr())
	return fdOf(c.listener)
}

// datagrams opens a UDP socket on the loopback interface.
func (c *child) datagrams(param string) int {
	if c.udp == nil {
		c.udp = map[string]*net.UDPConn{}
	}
	c.udp[param] = must(net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}))
	return fdOf(c.udp[param])
}

// beforehand are what tiles have open besides what their parameters name.
var beforehand = map[string]func(c *child) error{
	"cswtch": withExtra,
	"diag":   withExtra,
	"main":   func(c *child) error { return c.start("idle") },
	"pidns":  func(c *child) error { return c.start("fails at once") },
	"genesi": func(c *child) (err error) {
		conn, err := net.Dial("tcp4", c.peer)
		c.conn, _ = conn.(*net.TCPConn)
		return err
	},
	"ipecho": func(c *child) error { c.listen(); return nil },
	"snapin_tile_vinyl": func(c *child) error {
		f := must(os.OpenFile(filepath.Join(c.dir, "map"), os.O_RDWR|os.O_CREATE, 0o600))
		check(f.Truncate(1 << 16))
		var err error
		c.memory, err = unix.Mmap(fdOf(f), 0, 1<<16, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		return err
	},
}

// start starts this program once more, which then does as it is told.
func (c *child) start(arg string) error {
	p, err := os.StartProcess("/proc/self/exe", []string{"tiles", arg}, &os.ProcAttr{})
	if err == nil {
		c.process = p.Pid
	}
	return err
}
