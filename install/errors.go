package install

import (
	"errors"
	"fmt"
	"strings"
)

// A Flag changes how the kernel treats a filter. Flags are given to [Process],
// [Thread] and [Exec].
type Flag uint32

// The flags, by their SECCOMP_FILTER_FLAG_ values (include/uapi/linux/seccomp.h).
const (
	// Log has the kernel log every verdict but allow, if
	// /proc/sys/kernel/seccomp/actions_logged lists the action. Since Linux 4.14.
	Log Flag = 1 << 1
	// SpecAllow leaves the speculative store bypass mitigation as it is, where
	// the kernel would turn it on for filtered threads. Since Linux 4.17.
	SpecAllow Flag = 1 << 2
)

// String names the flags in f.
func (f Flag) String() string {
	var names []string
	if f&Log != 0 {
		names = append(names, "Log")
	}
	if f&SpecAllow != 0 {
		names = append(names, "SpecAllow")
	}
	if rest := f &^ (Log | SpecAllow); rest != 0 || f == 0 {
		names = append(names, fmt.Sprintf("Flag(%#x)", uint32(rest)))
	}
	return strings.Join(names, "|")
}

// A FilterError says what is wrong with a filter. The kernel has not been
// asked and nothing has changed.
type FilterError struct {
	Insn   int    // index of the instruction, or -1 for the filter as a whole
	Reason string // what is wrong with it
}

func (e *FilterError) Error() string {
	if e.Insn < 0 {
		return "install: filter " + e.Reason
	}
	return fmt.Sprintf("install: instruction %d %s", e.Insn, e.Reason)
}

// An UnsupportedError names what the running kernel, or the platform, does not
// have. Nothing has changed. errors.Is(err, errors.ErrUnsupported) is true.
type UnsupportedError struct {
	What string // as in "flag SpecAllow"
	Err  error  // the kernel's answer, or nil if it was not asked
}

func (e *UnsupportedError) Error() string {
	if e.Err == nil {
		return "install: " + e.What + " is not supported"
	}
	return fmt.Sprintf("install: this kernel does not support %s (%v); nothing installed", e.What, e.Err)
}

// Unwrap gives errors.ErrUnsupported and the kernel's answer.
func (e *UnsupportedError) Unwrap() []error {
	if e.Err == nil {
		return []error{errors.ErrUnsupported}
	}
	return []error{errors.ErrUnsupported, e.Err}
}

// A ConflictError says that another thread of the process carries a filter
// that the new one would not extend: one it did not get from, or share with,
// the thread that installs. The kernel then installs nothing on any thread.
type ConflictError struct {
	TID int // a thread in the way, as gettid(2) numbers it
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("install: thread %d already has a filter this one does not extend; nothing installed", e.TID)
}

// An UnsealedError lists the threads of a process that carry no filter, or
// may still gain privileges.
type UnsealedError struct {
	PID     int
	TIDs    []int // the threads that are not sealed, in ascending order
	Threads int   // how many threads were looked at
}

func (e *UnsealedError) Error() string {
	return fmt.Sprintf("install: process %d: %d of %d threads are not sealed: %v", e.PID, len(e.TIDs), e.Threads, e.TIDs)
}
