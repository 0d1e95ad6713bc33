package goruntime

import (
	"os"
	"runtime"
	"runtime/metrics"
	"time"
)

// Prepare makes this process ready to be sealed by a program made for l, and
// returns what that program is filled in with. Call it when everything is open
// and before the first untrusted byte is read; the package comment says what it
// does and what it cannot see. An error is an [*Error] and means that the
// program must not be sealed as it is.
func Prepare(l Levels) (Runtime, error) {
	for _, check := range []func(Levels) error{
		Levels.check, checkArch, checkBuild, checkKernel, checkClock, checkMappingNames, checkGODEBUG,
	} {
		if err := check(l); err != nil {
			return Runtime{}, err
		}
	}

	quota, period := -1, -1
	if l&CoreGOMAXPROCS == 0 {
		// Setting GOMAXPROCS, even to what it is, ends its automatic updates
		// and waits for one in flight (runtime/debug.go).
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	} else {
		var err error
		if quota, period, err = findCgroup(); err != nil {
			return Runtime{}, err
		}
	}
	if err := startPoller(); err != nil {
		return Runtime{}, err
	}
	_ = time.Now().Local().String() // opens the zone file, once

	if err := runFinalizers(); err != nil {
		return Runtime{}, err
	}
	epollFD, eventFD, err := findPoller()
	if err != nil {
		return Runtime{}, err
	}
	return Runtime{
		levels: l, epollFD: int32(epollFD), eventFD: int32(eventFD), pid: int32(os.Getpid()),
		cgroupQuota: int32(quota), cgroupPeriod: int32(period),
	}, nil
}

const (
	// finalizerPatience is how long Prepare waits for finalizers that are due.
	finalizerPatience = 10 * time.Second

	// collections is how often Prepare collects garbage. What lies in a sync.Pool,
	// as the pipes of package net's splice do, becomes due at the second. The
	// third is for what a finalizer has let go of.
	collections = 3
)

// runFinalizers collects garbage and waits until what became due has run:
// package os closes files and package net connections in finalizers, and
// processes and pipes are closed in cleanups.
func runFinalizers() error {
	for deadline, n := time.Now().Add(finalizerPatience), 0; n < collections; n++ {
		runtime.GC()
		for !queuesEmpty() {
			if time.Now().After(deadline) {
				return &Error{Reason: ErrFinalizers, Found: "not done after " + finalizerPatience.String(),
					Do: "find the finalizer or cleanup that blocks, and end it before sealing"}
			}
			time.Sleep(100 * time.Microsecond)
		}
	}
	return nil
}

// queuesEmpty reports whether every finalizer and cleanup that was due has run
// to its end. The runtime counts those that are queued and those that are done.
func queuesEmpty() bool {
	counts := [...]metrics.Sample{
		{Name: "/gc/finalizers/queued:finalizers"}, {Name: "/gc/finalizers/executed:finalizers"},
		{Name: "/gc/cleanups/queued:cleanups"}, {Name: "/gc/cleanups/executed:cleanups"},
	}
	metrics.Read(counts[:])
	for i := 0; i < len(counts); i += 2 {
		if queued, done := counts[i].Value.Uint64(), counts[i+1].Value.Uint64(); done < queued {
			return false
		}
	}
	return true
}
