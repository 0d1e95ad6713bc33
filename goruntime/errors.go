package goruntime

import "errors"

// The reasons [Prepare] and [FillDescriptors] refuse for. Test for them with
// errors.Is; what they return is an [*Error] that adds what was found and what to
// do.
var (
	// ErrLevels: the set of levels makes no sense, or lacks one that this
	// kernel makes necessary.
	ErrLevels = errors.New("unusable levels")
	// ErrPlatform: not Linux, or a GOARCH without a baseline.
	ErrPlatform = errors.New("no baseline for this platform")
	// ErrExperimental: the levels were never run on this GOARCH, only read from
	// the runtime's source. A build with the tag tileseal_experimental accepts it.
	ErrExperimental = errors.New("experimental platform")
	// ErrGoVersion: the program was built by a Go release the levels were not
	// measured on. [UnmeasuredGo] accepts it.
	ErrGoVersion = errors.New("unmeasured Go release")
	// ErrCgo: the program has cgo linked in, and the levels lack Cgo or were
	// not measured with it; or it is a library within a C program. The C
	// library's threads make calls of their own.
	ErrCgo = errors.New("cgo program")
	// ErrInstrumented: built with -msan or -asan, or with -race or -cover and
	// the levels lack Race or Cover. Each adds system calls, some at exit.
	ErrInstrumented = errors.New("instrumented build")
	// ErrGODEBUG: a setting in GODEBUG makes the runtime call what the levels
	// do not hold.
	ErrGODEBUG = errors.New("GODEBUG setting the levels do not hold")
	// ErrClock: reading the clock takes a system call on this machine, and the
	// levels lack CoreNoVDSO.
	ErrClock = errors.New("no clock in the vDSO")
	// ErrKernel: the kernel says it is too old for the calls of the levels (before
	// Linux 5.1 with 32 bits, without CoreOldKernel).
	ErrKernel = errors.New("kernel too old for the levels")
	// ErrProc: /proc/self could not be read.
	ErrProc = errors.New("cannot read /proc/self")
	// ErrCgroup: several descriptors could be the one by which the runtime
	// reads the CPU limit of its cgroup. Only CoreGOMAXPROCS looks for it.
	ErrCgroup = errors.New("cannot identify the runtime's cgroup descriptors")
	// ErrPoller: the runtime's own descriptors could not be told from others.
	ErrPoller = errors.New("cannot identify the runtime's descriptors")
	// ErrDescriptors: FillDescriptors could not open as many as it takes.
	ErrDescriptors = errors.New("cannot fill the gaps between descriptors")
	// ErrFinalizers: finalizers that were due did not run to an end.
	ErrFinalizers = errors.New("finalizers still running")
)

// An Error is a refusal of [Prepare] or [FillDescriptors]. Nothing has to be undone
// after one.
type Error struct {
	Reason error  // one of the Err variables
	Found  string // what was found
	Do     string // what to do about it
	Err    error  // the operating system's error, if there was one
}

// Error says what was refused, what was found and what to do.
func (e *Error) Error() string {
	s := "goruntime: " + e.Reason.Error() + ": " + e.Found
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s + "; " + e.Do
}

// Unwrap lets errors.Is find Reason and Err.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Reason}
	}
	return []error{e.Reason, e.Err}
}
