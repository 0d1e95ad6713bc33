//go:build linux

package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/tileseal/tileseal/goruntime/internal/child/stage"
	"golang.org/x/sys/unix"
)

// openers open something that a finalizer or a cleanup closes.
var openers = map[string]func() any{
	"file":    func() any { return stage.Must(os.Open("/dev/zero")) },
	"root":    func() any { return stage.Must(os.OpenRoot("/")) },
	"conn":    func() any { return stage.Must(net.FileConn(socket())) },
	"process": func() any { return stage.Must(os.FindProcess(os.Getpid())) },
	"pipe":    func() any { spliceOnce(); return nil }, // in a sync.Pool
	"chain":   func() any { pool.Put(newChain()); return nil },
}

// drop opens something and lets go of it before Prepare. The collector finds out
// after the seal, if Prepare has not seen to it.
func drop(args []string, _ map[string]int) func() {
	time.Sleep(time.Nanosecond) // starts the poller, for children that do not call Prepare
	open(args[0])
	return collect
}

// forget opens something before Prepare and lets go of it after the seal.
func forget(args []string, _ map[string]int) func() {
	held := openers[args[0]]()
	return func() {
		runtime.KeepAlive(held)
		held = nil
		collect()
	}
}

//go:noinline
func open(kind string) { openers[kind]() }

func collect() {
	for range 5 {
		runtime.GC()
		time.Sleep(20 * time.Millisecond)
	}
}

func socket() *os.File {
	fds := stage.Must(unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0))
	return os.NewFile(uintptr(fds[0]), "socket")
}

var pool sync.Pool

// newChain is something whose finalizer lets go of a file.
func newChain() any {
	type link struct{ f *os.File }
	l := &link{stage.Must(os.Open("/dev/zero"))}
	runtime.SetFinalizer(l, func(*link) {})
	return l
}

// spliceOnce has package net move data through a pipe of its own, which it then
// keeps for the next time, and closes everything else.
func spliceOnce() {
	l := stage.Must(net.Listen("tcp4", "127.0.0.1:0"))
	defer l.Close()
	var ends [4]net.Conn
	for i := 0; i < len(ends); i += 2 {
		ends[i] = stage.Must(net.Dial("tcp4", l.Addr().String()))
		ends[i+1] = stage.Must(l.Accept())
	}
	stage.Must(ends[0].Write([]byte("splice")))
	if n := stage.Must(io.Copy(ends[2], io.LimitReader(ends[1], 6))); n != 6 {
		stage.Fail(fmt.Errorf("copied %d bytes", n))
	}
	for _, c := range ends {
		c.Close()
	}
}
