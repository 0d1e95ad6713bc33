//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/tileseal/tileseal/goruntime/internal/child/stage"
)

// copyFile copies a file of the directory args[0], which package os leaves to the
// kernel if it can.
func copyFile(args []string, _ map[string]int) func() {
	text := bytes.Repeat([]byte("tileseal"), 10000)
	from, to := filepath.Join(args[0], "from"), filepath.Join(args[0], "to")
	if err := os.WriteFile(from, text, 0o600); err != nil {
		stage.Fail(err)
	}
	return func() {
		in, out := stage.Must(os.Open(from)), stage.Must(os.Create(to))
		if n := stage.Must(io.Copy(out, in)); n != int64(len(text)) {
			stage.Fail(fmt.Errorf("copied %d bytes", n))
		}
		in.Close()
		out.Close()
		if !bytes.Equal(stage.Must(os.ReadFile(to)), text) {
			stage.Fail(fmt.Errorf("the copy differs"))
		}
	}
}

// talk goes through what package net does besides reading and writing, with a
// file of the directory args[0] that was open before.
func talk(args []string, _ map[string]int) func() {
	path := filepath.Join(args[0], "page")
	if err := os.WriteFile(path, bytes.Repeat([]byte("page"), 5000), 0o600); err != nil {
		stage.Fail(err)
	}
	page := stage.Must(os.Open(path))
	return func() {
		stream(page)
		datagrams()
	}
}

// stream sends a file, then several buffers, then the end of the stream, and
// has all of it come back, over a duplicate of the connection.
func stream(page io.Reader) {
	l := stage.Must(net.Listen("tcp", "127.0.0.1:0"))
	go func() {
		c := stage.Must(l.Accept())
		text := stage.Must(io.ReadAll(c)) // until CloseWrite
		stage.Must(c.Write(text))
		c.Close()
	}()
	c := stage.Must(net.DialTimeout("tcp", l.Addr().String(), 10*time.Second)).(*net.TCPConn)
	c.SetDeadline(time.Now().Add(30 * time.Second))
	sent := stage.Must(io.Copy(c, page))
	sent += stage.Must((&net.Buffers{[]byte("one"), []byte("two")}).WriteTo(c))
	for _, err := range []error{c.SetNoDelay(false), c.SetLinger(1), c.SetReadBuffer(1 << 16), c.CloseWrite()} {
		if err != nil {
			stage.Fail(err)
		}
	}
	f := stage.Must(c.File())
	if back := stage.Must(io.ReadAll(f)); int64(len(back)) != sent || sent != 20006 {
		stage.Fail(fmt.Errorf("sent %d bytes, %d came back", sent, len(back)))
	}
	f.Close()
	c.Close()
	l.Close()
}

// datagrams sends one each way, with a plain write, with an address and with
// ancillary data.
func datagrams() {
	server := stage.Must(net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}))
	client := stage.Must(net.DialUDP("udp", nil, server.LocalAddr().(*net.UDPAddr)))
	buf := make([]byte, 100)
	stage.Must(client.Write([]byte("there")))
	n, from, err := server.ReadFromUDP(buf)
	if err != nil {
		stage.Fail(err)
	}
	stage.Must(server.WriteToUDP(buf[:n], from))
	if n := stage.Must(client.Read(buf)); string(buf[:n]) != "there" {
		stage.Fail(fmt.Errorf("%q came back", buf[:n]))
	}
	if _, _, err := server.WriteMsgUDP([]byte("message"), nil, from); err != nil {
		stage.Fail(err)
	}
	if n, _, _, _, err := client.ReadMsgUDP(buf, nil); err != nil || string(buf[:n]) != "message" {
		stage.Fail(fmt.Errorf("%q came, %v", buf[:n], err))
	}
	client.Close()
	server.Close()
}
