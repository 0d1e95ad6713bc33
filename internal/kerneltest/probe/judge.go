//go:build linux

package main

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/kerneltest/wire"
	"golang.org/x/sys/unix"
)

// judge makes the calls under the program, every verdict of which is an
// errno, and reports what they returned.
func judge(req *wire.Request) wire.Reply {
	results := make([]int64, len(req.Calls))
	var err error
	if req.Bare {
		err = judgeBare(req.Progs[0], req.Calls, results)
	} else {
		err = judgeGated(req.Via80, req.Progs[0], req.Calls, results)
	}
	if err != nil {
		return wire.Reply{Err: err.Error()}
	}
	return wire.Reply{Results: results}
}

func judgeGated(via80 bool, prog []bpf.Insn, calls []wire.Call, results []int64) error {
	site := nativeSite
	if via80 {
		site = int80Site
	}
	addr, err := site()
	if err != nil {
		return err
	}
	return behindGate(addr, prog, func() { makeCalls(via80, calls, results) })
}

// behindGate runs f on a thread whose calls returning to addr are judged by
// prog.
func behindGate(addr uint64, prog []bpf.Insn, f func()) error {
	return onThread(func() error {
		if err := noNewPrivs(); err != nil {
			return err
		}
		if r, errno := load(0, gate(addr, prog)); errno != 0 || r != 0 {
			return fmt.Errorf("the kernel did not take the program: %d, %w", r, errno)
		}
		f()
		return nil
	})
}

// judgeBare judges under the program alone, which may then be as long as the
// kernel allows. Nothing but the judged calls may be made on its thread, not
// even to end it: it spins until the process exits.
func judgeBare(prog []bpf.Insn, calls []wire.Call, results []int64) error {
	fprog := fprogOf(prog)
	var loaded, done atomic.Uint32
	var res [2]uintptr
	go onThread(func() error {
		if err := noNewPrivs(); err != nil {
			return err
		}
		bareCalls(fprog, calls, results, &res, &loaded, &done)
		return nil
	})
	for deadline := time.Now().Add(30 * time.Second); done.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return errors.New("the judged calls did not end")
		}
	}
	if loaded.Load() == 0 {
		return fmt.Errorf("the kernel did not take the program: %d, %w", res[0], unix.Errno(res[1]))
	}
	return nil
}

//go:nosplit
func bareCalls(fprog *unix.SockFprog, calls []wire.Call, results []int64, res *[2]uintptr, loaded, done *atomic.Uint32) {
	r, errno := loadFprog(0, fprog)
	res[0], res[1] = r, uintptr(errno)
	if r != 0 || errno != 0 {
		done.Store(1)
		return
	}
	loaded.Store(1)
	makeCalls(false, calls, results)
	done.Store(1)
	//lint:ignore SA5002 the thread may make no call any more, not even to sleep
	for {
	}
}

//go:nosplit
func makeCalls(via80 bool, calls []wire.Call, results []int64) {
	for i := range calls {
		c := &calls[i]
		if via80 {
			results[i] = int64(int32(raw80(c.Nr, &c.Args))) // the i386 result is in EAX
		} else {
			results[i] = int64(int(raw(c.Nr, &c.Args)))
		}
	}
}

// nativeSite and int80Site are where judged calls return to. A gate at the
// wrong address would let them all through, so each is tried first.
var (
	nativeSite = sync.OnceValues(func() (uint64, error) {
		return tried(rawEntry(), enter, func(nr uint32, args *[6]uint64) int32 { return int32(raw(nr, args)) })
	})
	int80Site = sync.OnceValues(func() (uint64, error) {
		return tried(raw80Entry(), enter80, func(nr uint32, args *[6]uint64) int32 { return int32(raw80(nr, args)) })
	})
)

// tried returns the address calls of the stub return to, having seen that a
// gate there stops them and lets the runtime's through.
func tried(entry uintptr, enter []byte, call func(uint32, *[6]uint64) int32) (uint64, error) {
	addr, err := returnAddress(entry, enter)
	if err != nil {
		return 0, err
	}
	const mark = 4000 // no call returns this errno
	var caught int32
	var ppid int
	err = behindGate(addr, []bpf.Insn{{Code: bpf.RetK, K: unix.SECCOMP_RET_ERRNO | mark}}, func() {
		var none [6]uint64
		caught = call(0xffff, &none) // no such call: harmless if the gate fails
		ppid = unix.Getppid()
	})
	if err != nil {
		return 0, err
	}
	if caught != -mark || ppid <= 0 {
		return 0, fmt.Errorf("the gate at %#x does not hold: the stub's call returned %d, the runtime's %d", addr, caught, ppid)
	}
	return addr, nil
}
