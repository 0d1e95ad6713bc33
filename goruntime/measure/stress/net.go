//go:build linux

package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// newTalk has a client talk to a server by way of a proxy, over TCP by either
// version of IP and over a Unix socket, and sends datagrams.
func newTalk() run {
	if err := os.WriteFile(page, make([]byte, pageSize), 0o600); err != nil {
		fail(err)
	}
	return each(func() {
		for _, address := range [][2]string{{"tcp", "127.0.0.1:0"}, {"tcp", ":0"}, {"unix", abstractName()}} {
			if err := talkOver(address[0], address[1]); err != nil {
				fail(fmt.Errorf("%s %s: %w", address[0], address[1], err))
			}
		}
		if err := datagrams(); err != nil {
			fail(fmt.Errorf("udp: %w", err))
		}
	})
}

var names atomic.Int64

// abstractName names a socket that no file stands for.
func abstractName() string {
	return fmt.Sprintf("@tileseal-measure-%d-%d", pid, names.Add(1))
}

func talkOver(network, address string) error {
	server, err := net.Listen(network, address)
	if err != nil {
		return err
	}
	defer server.Close()
	go accept(server, func(c net.Conn) { io.Copy(c, io.LimitReader(c, 1<<20)) })
	front, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer front.Close()
	go accept(front, func(c net.Conn) { forward(c, server.Addr()) })

	c, err := net.Dial("tcp", front.Addr().String())
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(30 * time.Second))
	sent := make(chan error, 1)
	go func() { sent <- send(c.(*net.TCPConn)) }()
	n, err := io.Copy(io.Discard, c)
	if err == nil {
		err = <-sent
	}
	if err == nil && n != sentBytes {
		err = fmt.Errorf("%d bytes came back", n)
	}
	return err
}

// send sends sentBytes, the last pageSize of them from the file page.
const (
	page      = "page"
	pageSize  = 4096
	sentBytes = 64<<10 + 2*100 + pageSize
)

// send writes in all the ways there are: plainly, from several buffers, from a
// file. Then it says that this was all.
func send(c *net.TCPConn) error {
	if _, err := c.Write(make([]byte, 64<<10)); err != nil {
		return err
	}
	buffers := net.Buffers{make([]byte, 100), make([]byte, 100)}
	if _, err := buffers.WriteTo(c); err != nil {
		return err
	}
	if err := sendPage(c); err != nil {
		return err
	}
	f, err := c.File()
	if err != nil {
		return err
	}
	f.Close()
	return c.CloseWrite()
}

func sendPage(c *net.TCPConn) error {
	f, err := os.Open(page)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(c, f)
	return err
}

// datagrams sends one each way by each pair of calls.
func datagrams() error {
	a, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := net.DialUDP("udp", nil, a.LocalAddr().(*net.UDPAddr))
	if err != nil {
		return err
	}
	defer b.Close()
	buf := make([]byte, 100)
	a.SetDeadline(time.Now().Add(10 * time.Second))
	b.SetDeadline(time.Now().Add(10 * time.Second))
	if _, _, err := b.WriteMsgUDP([]byte("question"), nil, nil); err != nil {
		return err
	}
	_, from, err := a.ReadFromUDP(buf)
	if err != nil {
		return err
	}
	if _, err := a.WriteToUDP([]byte("answer"), from); err != nil {
		return err
	}
	_, _, _, _, err = b.ReadMsgUDP(buf, nil)
	return err
}

// accept serves the connections of one listener until it is closed.
func accept(l net.Listener, serve func(net.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			serve(c)
		}()
	}
}

// forward copies both ways; between TCP connections that is splice.
func forward(c net.Conn, to net.Addr) {
	address := to.String()
	if tcp, ok := to.(*net.TCPAddr); ok {
		address = fmt.Sprintf("127.0.0.1:%d", tcp.Port)
	}
	d, err := net.Dial(to.Network(), address)
	if err != nil {
		return
	}
	defer d.Close()
	go func() {
		io.Copy(d, c)
		c.(interface{ CloseRead() error }).CloseRead()
		d.(interface{ CloseWrite() error }).CloseWrite()
	}()
	io.Copy(c, d)
}

func listInterfaces() {
	must(net.Interfaces())
	time.Sleep(time.Millisecond)
}
