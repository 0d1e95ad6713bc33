package install_test

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// The states in which a process may be when it seals.
func TestAttackStates(t *testing.T) {
	const conflict = `conflict: thread \d+`
	allowAll := rule("prctl", "-1", "0", unix.SECCOMP_RET_ALLOW)
	for _, tt := range []struct{ args, want string }{
		{"", "sealed"},
		{"-locked", "sealed"},
		{"-nnp", "sealed"},
		{"-threads=1000", "sealed"},
		{"-threads=1000 -strike=old", "sealed"},

		{"-diverge=1", conflict},
		{"-diverge=1 -locked", conflict},
		{"-diverge=1 -procs=1", conflict}, // it lands on the main thread
		{"-diverge=1 -nnp", conflict},
		{"-diverge=20 -threads=100", conflict},
		{"-diverge=1 -threads=1000", conflict},
		{"-strict", conflict},

		{"-container", "sealed"},
		{"-container -nnp", "sealed"},
		{"-container -threads=100 " + allowAll, "sealed"},
		{"-container -plain", "sealed"}, // CAP_SYS_ADMIN, and no no_new_privs
		{"-container -plain -nnp", "sealed"},
		{"-container -plain -diverge=1", conflict},
		{"-container -plain -diverge=1 -nnp", conflict},
		{"-plain " + allowAll, "sealed"},

		{"-size=4096", "sealed"},
		{"-size=4096 -threads=1000", "sealed"},
		{"-size=4097", "filter has 4097 instructions.*"},
		{"-size=65536", "filter has 65536 instructions.*"},
		{"-size=65537", "filter has 65537 instructions.*"}, // 1 to the kernel's 16 bits
		{"-size=65540", "filter has 65540 instructions.*"},

		{"-full", "refused: seccomp: cannot allocate memory"},
		{"-full -threads=100", "refused: seccomp: cannot allocate memory"},
	} {
		name := tt.args
		if name == "" {
			name = "plain process"
		}
		t.Run(name, func(t *testing.T) {
			forEachVictim(t, func(t *testing.T, child string) {
				matches(t, attack(t, child, strings.Fields(tt.args)...), tt.want)
			})
		})
	}
}

// A tracer answers a call in the kernel's place, or makes it fail. It is not
// believed if what it says cannot be.
func TestAttackTracer(t *testing.T) {
	load := rule("seccomp", "2", "!0", unix.SECCOMP_RET_TRACE)
	asked := rule("seccomp", "0", "2", unix.SECCOMP_RET_ALLOW) // comes first
	nnp := rule("prctl", "0", "38", unix.SECCOMP_RET_TRACE)
	for _, tt := range []struct {
		lie, rule, want string
	}{
		{"tid", load, "conflict: thread 4711"},
		{"zero", load, "refused: seccomp: another filter.*"},
		{"EPERM", load, "refused: seccomp: operation not permitted"},
		{"EINTR", load, "refused: seccomp: interrupted system call"},
		{"bad pointer", load, "refused: seccomp: bad address"},
		{"bad flags", load, "refused: seccomp: invalid argument"},
		{"honest", load, "sealed"},
		{"tid", nnp, `refused: prctl\(PR_SET_NO_NEW_PRIVS\): another filter.*`},
		{"zero", nnp, `refused: prctl\(PR_SET_NO_NEW_PRIVS\): another filter.*`},
		{"EPERM", nnp, `refused: prctl\(PR_SET_NO_NEW_PRIVS\): operation not permitted`},
		{"honest", nnp, "sealed"},
	} {
		t.Run(tt.lie, func(t *testing.T) {
			forEachVictim(t, func(t *testing.T, child string) {
				matches(t, attack(t, child, "trace", tt.lie, "-plain", asked, tt.rule), tt.want)
			})
		})
	}
}
