//go:build linux

package main

import (
	"fmt"
	"runtime"
	"sync"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/kerneltest/wire"
	"golang.org/x/sys/unix"
)

// diverge gives one thread, for the rest of the process's life, a filter that
// no other thread has. From then on a load with TSYNC is bound to fail: for an
// acceptable program, with the id of a thread in the way.
var diverge = sync.OnceValue(func() error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := noNewPrivs()
		if err == nil {
			if r, errno := load(0, []bpf.Insn{{Code: bpf.RetK, K: unix.SECCOMP_RET_ALLOW}}); r != 0 || errno != 0 {
				err = fmt.Errorf("diverging filter: %d, %w", r, errno)
			}
		}
		done <- err
		select {}
	}()
	return <-done
})

// accept asks the kernel about each program and installs none.
func accept(progs [][]bpf.Insn) wire.Reply {
	if err := diverge(); err != nil {
		return wire.Reply{Err: err.Error()}
	}
	results := make([]int64, len(progs))
	err := onThread(func() error {
		if err := noNewPrivs(); err != nil {
			return err
		}
		for i, p := range progs {
			r, errno := load(unix.SECCOMP_FILTER_FLAG_TSYNC, p)
			switch {
			case errno == 0 && r != 0:
				results[i] = 1
			case errno == unix.EINVAL:
			default:
				return fmt.Errorf("program %d: the kernel answered %d, %w", i, r, errno)
			}
		}
		return nil
	})
	if err != nil {
		return wire.Reply{Err: err.Error()}
	}
	return wire.Reply{Results: results}
}
