package filter

import (
	"fmt"

	"github.com/tileseal/tileseal/internal/rule"
)

// An Action is what becomes of a call: a SECCOMP_RET_ value with data in its
// low 16 bits (include/uapi/linux/seccomp.h). Data is added with |, as in C:
// Errno | Action(unix.EPERM).
type Action uint32

// The actions, strictest first. install.Process refuses programs with
// KillThread: a Go process that loses one thread hangs.
const (
	KillProcess = Action(rule.KillProcess) // SIGSYS, which cannot be caught
	KillThread  = Action(rule.KillThread)  // ends the calling thread only
	Trap        = Action(rule.Trap)        // SIGSYS, which can be caught; data: si_errno
	Errno       = Action(rule.Errno)       // the call fails; data: the errno, 4095 at most
	Notify      = Action(rule.UserNotif)   // a supervisor decides; ENOSYS if there is none
	Trace       = Action(rule.Trace)       // a tracer decides; ENOSYS if there is none; data: its message
	Log         = Action(rule.Log)         // the call is made, and logged
	Allow       = Action(rule.Allow)       // the call is made
)

// String is the action as a policy writes it, such as "allow" or "errno(1)".
func (a Action) String() string { return rule.Action(a).String() }

// maxErrno is the highest errno the kernel passes on (MAX_ERRNO,
// include/linux/err.h).
const maxErrno = 4095

// check is an error unless a is an action, with data only where it has a use.
func (a Action) check() error {
	r := rule.Action(a)
	switch {
	case !r.Known():
		return fmt.Errorf("%w: %v", ErrAction, a)
	case r.Kind() == rule.Errno && r.Data() > maxErrno:
		return fmt.Errorf("%w: %v; an errno is at most %d", ErrAction, a, maxErrno)
	case r.Data() != 0 && r.Kind() != rule.Errno && r.Kind() != rule.Trace && r.Kind() != rule.Trap:
		return fmt.Errorf("%w: %v; this action has no data", ErrAction, a)
	}
	return nil
}
