package rule

import "fmt"

// Kind is the action without its data.
func (a Action) Kind() Action { return a & 0xffff0000 }

// Data is the low 16 bits: the errno of Errno (the kernel caps it at 4095),
// the message of Trace, si_errno of the SIGSYS of the others.
func (a Action) Data() uint16 { return uint16(a) }

// Known reports whether the kernel gives a's kind a meaning. It kills the
// process for any other (the default case of __seccomp_filter,
// kernel/seccomp.c).
func (a Action) Known() bool { return a.word() != "" }

// Stricter reports whether a beats b when both are verdicts of stacked
// filters: the kernel compares the kinds as signed 32-bit numbers and takes
// the lowest, unknown ones included (ACTION_ONLY, kernel/seccomp.c).
func (a Action) Stricter(b Action) bool { return int32(a.Kind()) < int32(b.Kind()) }

// String is the action as a policy writes it: "allow", "errno(1)". Data that
// is zero is left out, but for errno and trace. A kind the kernel does not
// know reads "unknown(0x12340000)".
func (a Action) String() string {
	w, kind := a.word(), a.Kind()
	switch {
	case w == "":
		return fmt.Sprintf("unknown(%#08x)", uint32(a))
	case a.Data() != 0, kind == Errno, kind == Trace:
		return fmt.Sprintf("%s(%d)", w, a.Data())
	}
	return w
}

// word is the policy language's word for a's kind, or "".
func (a Action) word() string {
	switch a.Kind() {
	case KillProcess:
		return "kill_process"
	case KillThread:
		return "kill_thread"
	case Trap:
		return "trap"
	case Errno:
		return "errno"
	case UserNotif:
		return "notify"
	case Trace:
		return "trace"
	case Log:
		return "log"
	case Allow:
		return "allow"
	}
	return ""
}
