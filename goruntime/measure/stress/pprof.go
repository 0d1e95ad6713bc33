//go:build linux

package main

import (
	"io"
	"runtime"
	"runtime/pprof"
	"sync/atomic"
	"time"
	"unsafe" // also for go:linkname
)

// readProfile drains the profiler. Package runtime/pprof, which does it else,
// reads /proc/self/maps as well, and that is another level.
//
//go:linkname readProfile runtime/pprof.readProfile
func readProfile() (data []uint64, tags []unsafe.Pointer, eof bool)

// profileCPU switches the profiler on and off, with threads that start and end
// meanwhile.
func profileCPU(stop *atomic.Bool, rounds *atomic.Int64) {
	for !stop.Load() {
		runtime.SetCPUProfileRate(100)
		done := make(chan struct{})
		go func() {
			runtime.LockOSThread() // and ends its thread
			for begin := time.Now(); time.Since(begin) < 30*time.Millisecond; {
			}
			close(done)
		}()
		<-done
		runtime.SetCPUProfileRate(0)
		for eof := false; !eof; {
			_, _, eof = readProfile()
		}
		rounds.Add(1)
	}
}

// writeProfiles writes those profiles that are made of more than a list.
func writeProfiles() {
	if err := pprof.StartCPUProfile(io.Discard); err != nil {
		fail(err)
	}
	for begin := time.Now(); time.Since(begin) < 20*time.Millisecond; {
	}
	pprof.StopCPUProfile()
	for _, name := range []string{"heap", "goroutine", "threadcreate"} {
		if err := pprof.Lookup(name).WriteTo(io.Discard, 0); err != nil {
			fail(err)
		}
	}
}
