package install_test

import (
	"fmt"
	"regexp"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// matches fails the test unless the whole outcome is one that want describes.
func matches(t *testing.T, outcome, want string) {
	t.Helper()
	if !regexp.MustCompile(`^(` + want + `)$`).MatchString(outcome) {
		t.Errorf("%q, want %q", outcome, want)
	}
}

// rule is the victim's flag that gives a call a verdict.
func rule(call, arg, value string, verdict uint32) string {
	return fmt.Sprintf("-outer=%s,%s,%s,%#x", call, arg, value, verdict)
}

func refuse(e syscall.Errno) uint32 { return unix.SECCOMP_RET_ERRNO | uint32(e) }

// refusal is what an error says of an errno. Package syscall takes the highest
// one there is (MAX_ERRNO, include/linux/err.h) for a result.
func refusal(e syscall.Errno) string {
	if e == 0 || e == 4095 {
		return "(errno 0|another filter, or a tracer, answers in the kernel's place)"
	}
	return regexp.QuoteMeta(e.Error())
}

// An outer filter answers each question that Process asks of the kernel, in
// turn, with each errno that prctl(2) and seccomp(2) name and those that
// sandboxes give. 0 is the worst: it says that all is well.
func TestAttackRefusals(t *testing.T) {
	const setModeFilter, getActionAvail, tsync, noNewPrivs = "1", "2", "1", "38"
	const unsupported, seccomp, prctl = "unsupported: %s: seccomp: %s", "refused: seccomp: %s", `refused: prctl\(PR_SET_NO_NEW_PRIVS\): %s`
	for _, step := range []struct {
		name             string
		call, arg, value string
		errnos           []syscall.Errno
		want             string
	}{
		{"no seccomp", "seccomp", "0", setModeFilter, []syscall.Errno{0, unix.ENOSYS, unix.EPERM, unix.EACCES, unix.EINVAL},
			fmt.Sprintf(unsupported, "seccomp filters", "%s")},
		{"no TSYNC", "seccomp", "1", tsync, []syscall.Errno{0, unix.EINVAL, unix.EPERM, unix.ENOSYS},
			fmt.Sprintf(unsupported, `filters for all threads \(TSYNC\)`, "%s")},
		{"no kill_process", "seccomp", "0", getActionAvail, []syscall.Errno{unix.EOPNOTSUPP, unix.EINVAL, unix.EPERM},
			fmt.Sprintf(unsupported, "action 0x80000000", "%s")},
		{"load", "seccomp", "2", "!0", []syscall.Errno{0, unix.EACCES, unix.EBUSY, unix.EFAULT, unix.ENOMEM, unix.ESRCH, unix.EPERM, unix.ENOSYS, unix.EINTR, 4095},
			seccomp},
		{"no_new_privs", "prctl", "0", noNewPrivs, []syscall.Errno{unix.EINVAL, unix.EPERM, unix.EACCES, unix.EFAULT, unix.ENOSYS, unix.EBADF, 4095},
			prctl},
	} {
		for _, errno := range step.errnos {
			for _, how := range []string{"", "-plain"} {
				t.Run(fmt.Sprintf("%s/%d%s", step.name, int(errno), how), func(t *testing.T) {
					forEachVictim(t, func(t *testing.T, child string) {
						args := []string{rule(step.call, step.arg, step.value, refuse(errno))}
						if step.name == "load" {
							args = []string{rule("seccomp", "0", getActionAvail, unix.SECCOMP_RET_ALLOW), args[0]}
						}
						if how != "" {
							args = append(args, how)
						}
						matches(t, attack(t, child, args...), fmt.Sprintf(step.want, refusal(errno)))
					})
				})
			}
		}
	}
}

// Outer filters of every other verdict. One that kills the thread leaves
// nobody to report it: Process does not return, and nothing is sealed.
func TestAttackVerdicts(t *testing.T) {
	const noTracer = "function not implemented"
	for _, tt := range []struct {
		name, call, arg, value string
		verdict                uint32
		want                   string
	}{
		{"kill process", "prctl", "0", "38", unix.SECCOMP_RET_KILL_PROCESS, "bad system call"},
		{"kill process", "seccomp", "2", "!0", unix.SECCOMP_RET_KILL_PROCESS, "bad system call"},
		{"kill thread", "prctl", "0", "38", unix.SECCOMP_RET_KILL_THREAD, "hangs"},
		{"trap", "prctl", "0", "38", unix.SECCOMP_RET_TRAP, "exit 2; SIGSYS: bad system call"},
		{"trap", "seccomp", "1", "1", unix.SECCOMP_RET_TRAP, "exit 2; SIGSYS: bad system call"},
		{"trace", "prctl", "0", "38", unix.SECCOMP_RET_TRACE, `refused: prctl\(PR_SET_NO_NEW_PRIVS\): ` + noTracer},
		{"trace", "seccomp", "1", "1", unix.SECCOMP_RET_TRACE, `unsupported: filters for all threads \(TSYNC\): seccomp: ` + noTracer},
		{"notify", "prctl", "0", "38", unix.SECCOMP_RET_USER_NOTIF, `refused: prctl\(PR_SET_NO_NEW_PRIVS\): ` + noTracer},
		{"log", "seccomp", "-1", "0", unix.SECCOMP_RET_LOG, "sealed"},
		{"allow", "seccomp", "-1", "0", unix.SECCOMP_RET_ALLOW, "sealed"},
		// What is set cannot be read back.
		{"errno", "prctl", "0", "39", refuse(unix.EPERM), `refused: prctl\(PR_GET_NO_NEW_PRIVS\): operation not permitted`},
		{"errno", "prctl", "0", "39", refuse(0), `refused: prctl\(PR_SET_NO_NEW_PRIVS\): another filter.*`},
	} {
		t.Run(tt.name+" "+tt.call, func(t *testing.T) {
			forEachVictim(t, func(t *testing.T, child string) {
				patience := "1m"
				if tt.want == "hangs" {
					patience = "300ms"
				}
				matches(t, attack(t, child, "-patience="+patience, rule(tt.call, tt.arg, tt.value, tt.verdict)), tt.want)
			})
		})
	}
}

// Calls of the Go runtime that Process needs, or seems to need, are refused. A
// runtime that cannot have a thread ends the process; it is never taken for
// sealed when it is not.
func TestAttackRuntime(t *testing.T) {
	const (
		// How the runtime gives up: with status 2, which this child has for nothing
		// else, or by a trap of its own, after a word or without. After the seal it
		// may get to a call that is denied.
		fatal = "(exit 2; .*|(segmentation fault|trace/breakpoint trap)(; .*)?)"
		may   = "(sealed; then )?" + fatal + "|sealed; then bad system call; .*|sealed"
	)
	for _, tt := range []struct {
		call   string
		errnos []syscall.Errno
		want   string
	}{
		{"gettid", []syscall.Errno{0, unix.EPERM, unix.ENOSYS, 4095}, "refused: gettid: another filter.*"},
		{"getpid", []syscall.Errno{0, unix.EPERM, unix.ENOSYS, 4095}, "refused: getpid: another filter.*"},
		{"tgkill", []syscall.Errno{0, unix.EAGAIN, unix.EINVAL, unix.EPERM, unix.ESRCH}, "sealed"},
		{"clone", []syscall.Errno{unix.EAGAIN, unix.EINVAL, unix.ENOMEM, unix.ENOSPC, unix.EPERM, unix.EUSERS, unix.ENOSYS}, may},
		{"exit", []syscall.Errno{0, unix.EPERM}, "sealed"},
		{"futex", []syscall.Errno{unix.EINVAL, unix.EPERM, unix.ENOSYS}, may},
		{"mmap", []syscall.Errno{unix.EAGAIN, unix.ENOMEM, unix.EPERM}, may},
		{"munmap", []syscall.Errno{unix.EINVAL, unix.EPERM}, may},
		{"madvise", []syscall.Errno{unix.EAGAIN, unix.EINVAL, unix.ENOMEM, unix.EPERM}, may},
		{"sigaltstack", []syscall.Errno{unix.EINVAL, unix.EPERM, unix.ENOMEM}, may},
		{"rt_sigprocmask", []syscall.Errno{unix.EFAULT, unix.EINVAL, unix.EPERM}, may},
		{"sched_yield", []syscall.Errno{unix.EPERM}, "sealed"},
	} {
		for _, errno := range tt.errnos {
			t.Run(fmt.Sprintf("%s/%d", tt.call, int(errno)), func(t *testing.T) {
				forEachVictim(t, func(t *testing.T, child string) {
					matches(t, attack(t, child, "-strike=old", rule(tt.call, "-1", "0", refuse(errno))), tt.want)
				})
			})
		}
	}
}

// With one processor, the goroutine of Process runs on the main thread, which
// does not end: it may not try there, whatever the kernel's name for it.
func TestAttackMainThread(t *testing.T) {
	for _, call := range []string{"gettid", "getpid"} {
		t.Run(call, func(t *testing.T) {
			forEachVictim(t, func(t *testing.T, child string) {
				matches(t, attack(t, child, "-plain", "-procs=1", "-strike=old", rule("prctl", "0", "38", refuse(unix.EPERM)),
					rule(call, "-1", "0", refuse(unix.EPERM))), "refused: "+call+": .*")
				matches(t, attack(t, child, "-plain", "-procs=1", "-strike=old", "-diverge=1",
					rule(call, "-1", "0", refuse(unix.EPERM))), "refused: "+call+": .*")
			})
		})
	}
}
