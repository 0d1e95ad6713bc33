//go:build linux

// The probe makes the system calls that package kerneltest asks for, under
// the filters it asks for. It is a process of its own because a filter cannot
// be taken off, because many of its calls end it, and because it must be built
// without the race detector, whose calls no strict filter allows.
//
// It expects the environment kerneltest gives it: GODEBUG=asyncpreemptoff=1
// (the preemption signal's handler returns by rt_sigreturn, on the filtered
// thread), GOGC=off and GOMAXPROCS=4 (a filtered thread may spin for ever).
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/tileseal/tileseal/internal/kerneltest/wire"
	"golang.org/x/sys/unix"
)

// The main goroutine keeps the main thread to itself: that thread does not
// disappear when it ends, so no filtered goroutine may land there.
func init() { runtime.LockOSThread() }

func main() {
	if len(os.Args) == 2 && os.Args[1] == "int80" {
		var none [6]uint64
		raw80(20, &none) // getpid on i386; a fault where the kernel has no int 0x80
		return
	}
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(3)
	}
}

// serve answers requests until there are no more.
func serve() error {
	in, out, err := channel()
	if err != nil {
		return err
	}
	r := bufio.NewReaderSize(in, 1<<16)
	for {
		req, err := wire.ReadRequest(r)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		var reply wire.Reply
		switch req.Op {
		case wire.Judge:
			reply = judge(req)
		case wire.Accept:
			reply = accept(req.Progs)
		case wire.Strike:
			reply = strike(req)
		default:
			reply.Err = fmt.Sprintf("unknown request %d", req.Op)
		}
		if err := wire.WriteReply(out, &reply); err != nil {
			return err
		}
		if len(req.Calls) > many && !req.Bare {
			runtime.GC() // nothing else collects them
		}
	}
}

// many is from how many calls on a request is a matter of megabytes. Where some
// million calls are judged, so many requests would fill the machine's memory.
const many = 10000

// channel moves standard input and output out of the way of the descriptors a
// judged call may name, and leaves /dev/null in their place.
func channel() (in, out *os.File, err error) {
	const inFD, outFD = 400, 401
	null, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("open /dev/null", err)
	}
	for _, d := range [...][2]int{{0, inFD}, {1, outFD}, {null, 0}, {null, 1}} {
		if err := unix.Dup3(d[0], d[1], 0); err != nil {
			return nil, nil, os.NewSyscallError("dup3", err)
		}
	}
	return os.NewFile(inFD, "requests"), os.NewFile(outFD, "replies"), unix.Close(null)
}

// onThread runs f on a thread of its own that ends when f returns.
func onThread(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		done <- f()
	}()
	return <-done
}
