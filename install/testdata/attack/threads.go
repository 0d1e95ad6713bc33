//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"
	"unsafe"

	"github.com/tileseal/tileseal/install"
	"golang.org/x/sys/unix"
)

// orders go to threads that are held.
var orders, carried = make(chan func()), make(chan bool)

// hold has n goroutines hold on to a thread each, waiting for orders.
func hold(n int) {
	ready := make(chan bool)
	for range n {
		go func() {
			runtime.LockOSThread()
			ready <- true
			for order := range orders {
				order()
				carried <- true
			}
		}()
	}
	for range n {
		<-ready
	}
}

func strike() { unix.RawSyscall(getppid, 0, 0, 0) }

// strikeOld makes the denied call on a thread that was there before.
func strikeOld() {
	orders <- strike
	<-carried
}

// strikeNew makes it on one that is not there yet: more goroutines are locked
// at a time than there are threads without one.
func strikeNew() {
	const more = 16
	start, done := make(chan bool), make(chan bool)
	for range more {
		go func() {
			runtime.LockOSThread()
			done <- true
			<-start
			strike()
			done <- true
			<-start
		}()
	}
	for range more {
		<-done
	}
	for range more {
		start <- true
	}
	for range more {
		<-done
	}
}

// divergeOne gives a thread a filter that the others do not have.
func divergeOne() error {
	errs := make(chan error)
	go func() {
		runtime.LockOSThread()
		errs <- install.Thread([]unix.SockFilter{{Code: ret, K: allow}})
		select {}
	}()
	return <-errs
}

// strictOne puts a thread into strict mode, where it sits in a read for good.
// Nothing may want that thread to stop: neither the garbage collector nor,
// with a processor of its own, the scheduler. Signals are blocked, as their
// handler may make calls that end the thread.
func strictOne() error {
	debug.SetGCPercent(-1)
	var p [2]int
	if err := unix.Pipe(p[:]); err != nil {
		return err
	}
	const modeStrict = 1 // SECCOMP_MODE_STRICT
	tids := make(chan int)
	b := new([1]byte)
	go func() {
		runtime.LockOSThread()
		var all unix.Sigset_t
		for i := range all.Val {
			all.Val[i] = ^all.Val[i]
		}
		if err := unix.PthreadSigmask(unix.SIG_BLOCK, &all, nil); err != nil {
			panic(err)
		}
		tids <- unix.Gettid()
		unix.RawSyscall(unix.SYS_PRCTL, unix.PR_SET_SECCOMP, modeStrict, 0)
		unix.RawSyscall(unix.SYS_READ, uintptr(p[0]), uintptr(unsafe.Pointer(b)), 1)
	}()
	status := fmt.Sprintf("/proc/self/task/%d/status", <-tids)
	for range 1000 {
		text, err := os.ReadFile(status)
		if err != nil {
			return err
		}
		if bytes.Contains(text, []byte("\nSeccomp:\t1\n")) {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return skip("no strict mode")
}
