package vm

import "github.com/tileseal/tileseal/internal/rule"

// An Action is a verdict as a program returns it: a SECCOMP_RET_ value with
// data in its low 16 bits (include/uapi/linux/seccomp.h). Data is added with
// |, as in C: Errno | Action(unix.EPERM).
type Action uint32

// The actions, strictest first.
const (
	KillProcess = Action(rule.KillProcess) // SIGSYS, which cannot be caught
	KillThread  = Action(rule.KillThread)  // ends the calling thread only
	Trap        = Action(rule.Trap)        // SIGSYS, which can be caught; data: si_errno
	Errno       = Action(rule.Errno)       // the call fails; data: the errno, 4095 at most
	UserNotif   = Action(rule.UserNotif)   // a supervisor decides; ENOSYS if there is none
	Trace       = Action(rule.Trace)       // a tracer decides; ENOSYS if there is none; data: its message
	Log         = Action(rule.Log)         // the call is made, and logged
	Allow       = Action(rule.Allow)       // the call is made
)

// Kind is the action without its data. The kernel kills the process for a
// kind that is none of the eight.
func (a Action) Kind() Action { return Action(rule.Action(a).Kind()) }

// Data is the low 16 bits.
func (a Action) Data() uint16 { return rule.Action(a).Data() }

// String is the action as a policy writes it, such as "allow" or "errno(1)".
func (a Action) String() string { return rule.Action(a).String() }

// Strictest is the verdict of several programs stacked in one thread, given
// the verdict of each, newest program first. The strictest kind wins, and of
// equal ones the newest with its data. An unknown kind takes the place its
// value has as a signed number. With no verdict at all, or nothing but Allow,
// it is Allow without data.
func Strictest(verdicts ...Action) Action {
	strictest := rule.Allow
	for _, v := range verdicts {
		if rule.Action(v).Stricter(strictest) {
			strictest = rule.Action(v)
		}
	}
	return Action(strictest)
}
