//go:build linux && (386 || amd64 || arm64 || tileseal_experimental)

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"unsafe"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// serveHTTP serves from now on: a page, and one that goes out in pieces.
func serveHTTP(c *child) error {
	mux := http.NewServeMux()
	mux.HandleFunc("/page", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, content) })
	mux.HandleFunc("/pieces", func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		check(err)
		defer conn.Close()
		pieces := net.Buffers{[]byte("HTTP/1.0 200 OK\r\n\r\n"), []byte(content)}
		must(pieces.WriteTo(conn))
	})
	go http.Serve(c.listener, mux)
	return nil
}

// echo sends back what one connection sends, and talks on one made before.
func echo(c *child) error {
	conn, err := c.listener.Accept()
	if err != nil {
		return err
	}
	buf := make([]byte, 100)
	n, err := conn.Read(buf)
	if err != nil {
		return err
	}
	_, err = conn.Write(buf[:n])
	return errors.Join(err, conn.Close())
}

// zone is what package net does when a peer with an IPv6 link-local address
// connects: it asks a netlink socket for the interface's name, and goes on without.
func zone(*child) error {
	if i, err := net.InterfaceByIndex(1); err == nil {
		return fmt.Errorf("got interface %s from a netlink socket", i.Name)
	}
	return nil
}

// dial talks to the peer on a connection of its own.
func dial(network string) act {
	return func(c *child) error {
		conn, err := net.Dial(network, c.peer)
		if err != nil {
			return err
		}
		if _, err := conn.Write([]byte(content)); err != nil {
			return err
		}
		got := make([]byte, len(content))
		if _, err := io.ReadFull(conn, got); err != nil || string(got) != content {
			return fmt.Errorf("the peer sent back %q, %v", got, err)
		}
		return conn.Close()
	}
}

// download copies what comes on the connection to a file.
func download(param string) act {
	return func(c *child) error {
		if _, err := c.conn.Write([]byte(content)); err != nil {
			return err
		}
		n, err := io.CopyN(c.files[param], c.conn, int64(len(content)))
		if err != nil || n != int64(len(content)) {
			return fmt.Errorf("downloaded %d, %v", n, err)
		}
		return c.conn.Close()
	}
}

// dialInto is download on a connection made after sealing.
func dialInto(param string) act {
	return func(c *child) (err error) {
		conn, err := net.Dial("tcp4", c.peer)
		if err != nil {
			return err
		}
		c.conn = conn.(*net.TCPConn)
		return download(param)(c)
	}
}

// resolver reads the files that names are looked up in, again and again.
func resolver(params ...string) act {
	return func(c *child) error {
		for _, p := range params {
			got, err := io.ReadAll(c.files[p])
			if err != nil || !bytes.Contains(got, []byte("nameserver")) {
				return fmt.Errorf("%s: %q, %v", p, got, err)
			}
			if err := seekStart(c.files[p]); err != nil {
				return err
			}
		}
		return nil
	}
}

// pings connects a socket and receives nothing from it.
func pings(c *child) error {
	fd := fdOf(c.udp["max_ping_fd"])
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: 9, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return err
	}
	return wouldBlock(unix.Recvfrom(fd, make([]byte, 10), unix.MSG_DONTWAIT))
}

func wouldBlock[A, B any](_ A, _ B, err error) error {
	if err != unix.EAGAIN {
		return fmt.Errorf("nothing to receive: %v", err)
	}
	return nil
}

// askKernel asks for the list of interfaces and has an address resolved.
func askKernel(c *child) error {
	var fd = map[string]int{}
	for i, p := range c.params {
		fd[p] = c.numbers[i]
	}
	request := unix.NlMsghdr{Len: unix.SizeofNlMsghdr + unix.SizeofRtGenmsg, Type: unix.RTM_GETLINK, Flags: unix.NLM_F_REQUEST | unix.NLM_F_DUMP}
	text := append(unsafe.Slice((*byte)(unsafe.Pointer(&request)), unix.SizeofNlMsghdr), unix.AF_UNSPEC)
	if err := unix.Sendto(fd["nl_req_fd"], text, 0, nil); err != nil {
		return err
	}
	n, _, err := unix.Recvfrom(fd["nl_req_fd"], make([]byte, 1<<16), 0)
	if err != nil || n == 0 {
		return fmt.Errorf("answer of the kernel: %d, %v", n, err)
	}
	probe := unix.Sendto(fd["arp_probe_fd"], nil, unix.MSG_DONTWAIT, &unix.SockaddrInet4{Port: 9, Addr: [4]byte{127, 0, 0, 1}})
	return errors.Join(probe, wouldBlock(unix.Recvfrom(fd["nl_mon_fd"], make([]byte, 10), unix.MSG_DONTWAIT)))
}

// batches sends datagrams to itself, many a call.
func batches(c *child) error {
	tx, rx := ipv4.NewPacketConn(c.udp["tx_fd"]), ipv4.NewPacketConn(c.udp["rx_fd0"])
	var out, in []ipv4.Message
	for range 3 {
		out = append(out, ipv4.Message{Buffers: [][]byte{[]byte(content)}, Addr: c.udp["rx_fd0"].LocalAddr()})
		in = append(in, ipv4.Message{Buffers: [][]byte{make([]byte, 100)}})
	}
	if n, err := tx.WriteBatch(out, unix.MSG_DONTWAIT); n != len(out) {
		return fmt.Errorf("sent %d, %v", n, err)
	}
	if n, err := rx.ReadBatch(in, unix.MSG_DONTWAIT); n != len(in) {
		return fmt.Errorf("received %d, %v", n, err)
	}
	return nil
}

// kickRings wakes the kernel for both sockets. They are of another family here, as
// AF_XDP takes a capability, so what comes back is an error or nothing.
func kickRings(c *child) error {
	for i, fd := range c.numbers {
		if c.params[i] == "logfile_fd" {
			continue
		}
		if err := unix.Sendto(fd, nil, unix.MSG_DONTWAIT, nil); err == nil {
			return errors.New("sent to nowhere")
		}
		if _, _, _, _, err := unix.RecvmsgBuffers(fd, nil, nil, unix.MSG_DONTWAIT); err != unix.EAGAIN {
			return os.NewSyscallError("recvmsg", err)
		}
		var stats unix.XDPStatistics
		size := unsafe.Sizeof(stats)
		unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_XDP, unix.XDP_STATISTICS,
			uintptr(unsafe.Pointer(&stats)), uintptr(unsafe.Pointer(&size)), 0)
	}
	return nil
}
