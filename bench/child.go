//go:build linux && amd64

package main

import (
	"encoding/gob"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/tileseal/tileseal/internal/bpf"
	"golang.org/x/sys/unix"
)

// childArg makes bench measure one filter on itself.
const childArg = "-measure-one-filter"

// A job is a call made many times, as the assembly reads it.
type job struct {
	nr    uint64
	args  [6]uint64
	times uint64 // at least 1
	took  uint64 // out: cycles of all of them
	ret   int64  // out: what the last returned
}

// cycles reads the time stamp counter.
func cycles() uint64

// runJobs does n jobs and sets done. It makes no other call, before or after,
// and never returns: its thread can do nothing but what its filter allows.
//
//go:noescape
func runJobs(jobs *job, n int, done *uint32)

// child reads an order, carries it out on a thread of its own, and writes the
// answer from another, which has no filter.
func child() {
	var o order
	if err := gob.NewDecoder(os.Stdin).Decode(&o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	jobs := o.jobs()
	done := new(uint32)
	go func() {
		runtime.LockOSThread()
		runJobs(&jobs[0], len(jobs), done)
	}()
	for atomic.LoadUint32(done) == 0 {
		time.Sleep(100 * time.Microsecond)
	}
	if err := gob.NewEncoder(os.Stdout).Encode(o.answer(jobs)); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// memory is the word that calls are given the address of.
var memory uint32

// filter is what seccomp reads. It and what it points to live as long as the
// process.
var filter struct {
	insns []bpf.Insn
	prog  unix.SockFprog
}

// jobs are the calls to make: those that install the filter if there is one,
// then turns of those to be measured.
func (o order) jobs() []job {
	var jobs []job
	if len(o.Prog) > 0 {
		filter.insns = o.Prog
		filter.prog = unix.SockFprog{Len: uint16(len(o.Prog)), Filter: (*unix.SockFilter)(unsafe.Pointer(&filter.insns[0]))}
		jobs = append(jobs,
			job{nr: unix.SYS_PRCTL, args: [6]uint64{unix.PR_SET_NO_NEW_PRIVS, 1}, times: 1},
			job{nr: unix.SYS_SECCOMP, args: [6]uint64{unix.SECCOMP_SET_MODE_FILTER, 0, uint64(uintptr(unsafe.Pointer(&filter.prog)))}, times: 1})
	}
	for range o.Chunks {
		for _, c := range kernelCalls[o.Policy] {
			j := job{nr: c.nr, args: c.args, times: uint64(o.Times)}
			for i, a := range j.args {
				if a == word {
					j.args[i] = uint64(uintptr(unsafe.Pointer(&memory)))
				}
			}
			jobs = append(jobs, j)
		}
	}
	return jobs
}

func (o order) answer(jobs []job) answer {
	var a answer
	if len(o.Prog) > 0 {
		if jobs[0].ret != 0 || jobs[1].ret != 0 {
			a.Fault = fmt.Sprintf("prctl returned %d, seccomp %d", jobs[0].ret, jobs[1].ret)
			return a
		}
		a.Install = jobs[0].took + jobs[1].took
		jobs = jobs[2:]
	}
	calls := kernelCalls[o.Policy]
	a.Calls = make([][]float64, len(calls))
	for i, j := range jobs {
		if j.ret < 0 {
			a.Fault = fmt.Sprintf("call %d returned %d", j.nr, j.ret)
			return a
		}
		a.Calls[i%len(calls)] = append(a.Calls[i%len(calls)], float64(j.took)/float64(j.times))
	}
	return a
}
