//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/tileseal/tileseal/goruntime"
	"golang.org/x/sys/unix"
)

// A run is a way of running the stress program under a set of levels.
type run struct {
	set    string   // its name
	of     []string // the levels whose rows it is to show needed
	levels []string // what the filter holds
	loads  string   // workloads, separated by commas; none: idle

	goarchs []string // only for these; nil: for all
	build   variant  // of the program
	prepare string   // how it is made ready: nothing: by goruntime.Prepare; self; none
	zone    string   // TZ
	env     []string // further environment
	harness []string // further lines of policy
	around  world    // what it is started in

	children bool // it has children, whose end by SIGSYS is not its own

	stops, affinity bool          // it is stopped and continued; its CPUs change
	signals         []unix.Signal // it is sent these over and over

	end    string      // how it ends; nothing: by exit(0)
	signal unix.Signal // what the end "wait" waits for
	want   string      // how the parent sees it end; nothing: exit 0
	narrow bool        // exit_group only as harness says, as in a policy that narrows it
	lack   []string    // levels without which it ends by SIGSYS
}

// wanted is how r is to end.
func (r *run) wanted() string {
	if r.want == "" {
		return "exit 0"
	}
	return r.want
}

// on reports whether r is for programs of goarch.
func (r *run) on(goarch string) bool {
	return r.goarchs == nil || slices.Contains(r.goarchs, goarch)
}

// ofAny reports whether r is of one of these levels; nil stands for all.
func (r *run) ofAny(levels []string) bool {
	return levels == nil || slices.ContainsFunc(r.of, func(l string) bool { return slices.Contains(levels, l) })
}

// bits are the levels of r as package goruntime has them.
func (r *run) bits() uint64 {
	var set goruntime.Levels
	for _, name := range r.levels {
		for bit := range 32 {
			if l := goruntime.Levels(1) << bit; l.String() == name {
				set |= l
			}
		}
	}
	return uint64(set)
}

// start starts the program in the world of r, on a thread that ends with that: what
// is arranged for the thread the program inherits. undo is for when it is over.
func (r *run) start(cmd *exec.Cmd) (undo func(), err error) {
	if r.around == nil {
		return func() {}, cmd.Start()
	}
	result := make(chan error)
	go onSpareThread(func() (err error) {
		undo, err = r.around(cmd)
		return err
	}, result)
	if err = <-result; undo == nil {
		undo = func() {}
	}
	return undo, err
}

// onSpareThread runs f on a thread that is not the main one, which would outlive
// its goroutine.
func onSpareThread(f func() error, result chan<- error) {
	runtime.LockOSThread()
	if unix.Gettid() != unix.Getpid() {
		result <- f() // still locked: the thread ends
		return
	}
	defer runtime.UnlockOSThread()
	passed := make(chan error)
	go onSpareThread(f, passed)
	result <- <-passed
}

// A disturbance happens to a process while it works, for so long or until done.
type disturbance func(pid int, length time.Duration, done <-chan struct{})

func (r *run) disturbances() []disturbance {
	var all []disturbance
	if r.stops {
		all = append(all, stopAndContinue)
	}
	if r.affinity {
		all = append(all, moveCPUs)
	}
	if len(r.signals) > 0 {
		all = append(all, func(pid int, _ time.Duration, done <-chan struct{}) {
			for !over(done, 5*time.Millisecond) {
				for _, s := range r.signals {
					unix.Kill(pid, s)
				}
			}
		})
	}
	return all
}

// over waits for d, and reports whether done came first.
func over(done <-chan struct{}, d time.Duration) bool {
	select {
	case <-done:
		return true
	case <-time.After(d):
		return false
	}
}

// stopAndContinue does what ctrl-Z and fg do, ten times.
func stopAndContinue(pid int, length time.Duration, done <-chan struct{}) {
	for range 10 {
		if over(done, length/12) {
			return
		}
		unix.Kill(pid, unix.SIGSTOP)
		time.Sleep(10 * time.Millisecond)
		unix.Kill(pid, unix.SIGCONT)
	}
}

// moveCPUs takes all CPUs but one from every thread of the process, and gives
// them back.
func moveCPUs(pid int, length time.Duration, done <-chan struct{}) {
	var all, one unix.CPUSet
	if unix.SchedGetaffinity(pid, &all) != nil {
		return
	}
	for cpu := range 1024 {
		if all.IsSet(cpu) {
			one.Set(cpu)
			break
		}
	}
	for _, set := range []*unix.CPUSet{&one, &all} {
		if over(done, length/3) {
			return
		}
		tasks, _ := os.ReadDir(filepath.Join("/proc", strconv.Itoa(pid), "task"))
		for _, t := range tasks {
			if tid, err := strconv.Atoi(t.Name()); err == nil {
				unix.SchedSetaffinity(tid, set)
			}
		}
	}
}
