//go:build linux

package main

import (
	"os"
	"sync/atomic"
	"time"

	"github.com/tileseal/tileseal/install"
	"github.com/tileseal/tileseal/internal/kerneltest/wire"
	"golang.org/x/sys/unix"
)

// strike makes one call under the program, both on a thread of their own, and
// replies with what the call returned, or with nothing if the thread ended. A
// program that kills the process leaves nobody to reply.
//
// This thread is not filtered, so it can tell the tale. The other one makes
// no call but the struck one from the moment its filter is in: it spins.
func strike(req *wire.Request) wire.Reply {
	// A core file of each death would cost more than the death.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return wire.Reply{Err: os.NewSyscallError("prctl", err).Error()}
	}
	filter := make([]unix.SockFilter, len(req.Progs[0]))
	for i, in := range req.Progs[0] {
		filter[i] = unix.SockFilter(in)
	}
	results := make([]int64, 1)
	var done atomic.Uint32
	tid := make(chan int)
	failed := make(chan error)
	go onThread(func() error {
		tid <- unix.Gettid()
		if err := install.Thread(filter); err != nil {
			failed <- err
			return nil
		}
		strikeAndSpin(req.Via80, req.Calls, results, &done)
		return nil
	})
	thread := <-tid
	for done.Load() == 0 {
		select {
		case err := <-failed:
			return wire.Reply{Err: err.Error()}
		case <-time.After(100 * time.Microsecond):
		}
		if unix.Tgkill(unix.Getpid(), thread, 0) == unix.ESRCH && done.Load() == 0 {
			return wire.Reply{}
		}
	}
	return wire.Reply{Results: results}
}

//go:nosplit
func strikeAndSpin(via80 bool, calls []wire.Call, results []int64, done *atomic.Uint32) {
	makeCalls(via80, calls, results)
	done.Store(1)
	//lint:ignore SA5002 the thread may make no call any more, not even to sleep
	for {
	}
}
