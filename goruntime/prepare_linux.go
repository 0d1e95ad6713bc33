package goruntime

import (
	"os"
	"runtime"
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
	// A timer starts the poller, and any timer of the runtime's own would
	// otherwise do so after the filter is in.
	time.Sleep(time.Nanosecond)
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

// finalizerPatience is how long Prepare waits for finalizers that are due.
const finalizerPatience = 10 * time.Second

// runFinalizers collects garbage and waits until what became due has run.
//
// Finalizers run in one goroutine, a batch at a time, so once one of a second
// collection has run, all of the first have. Cleanups run in several; there the
// second round only makes it likely. What is closed by os and net hangs on
// finalizers, but for processes.
func runFinalizers() error {
	due := time.NewTimer(finalizerPatience)
	defer due.Stop()
	for range 2 {
		final, clean := make(chan struct{}), make(chan struct{})
		sentinel(final, clean)
		runtime.GC()
		for _, ran := range []chan struct{}{final, clean} {
			select {
			case <-ran:
			case <-due.C:
				return &Error{Reason: ErrFinalizers, Found: "not done after " + finalizerPatience.String(),
					Do: "find the finalizer or cleanup that blocks, and end it before sealing"}
			}
		}
	}
	return nil
}

// sentinel leaves two objects unreachable: one whose finalizer closes final, one
// whose cleanup closes clean. They hold a pointer so that they do not share a
// block of tiny objects, which would keep them alive.
//
//go:noinline
func sentinel(final, clean chan struct{}) {
	type object struct{ self *byte }
	runtime.SetFinalizer(&object{new(byte)}, func(*object) { close(final) })
	runtime.AddCleanup(&object{new(byte)}, func(c chan struct{}) { close(c) }, clean)
}
