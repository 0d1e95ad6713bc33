package install_test

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/install"
	"golang.org/x/sys/unix"
)

// Thread and Exec say what an outer filter refuses, and leave nothing.
func TestRefusedByOuter(t *testing.T) {
	forEach(t, func(t *testing.T, child string) {
		for _, how := range []string{"thread", "exec"} {
			run(t, child, "shut", how).want(t, "error: install: nothing installed: prctl(PR_SET_NO_NEW_PRIVS): operation not permitted\n", "exit 1")
		}
	})
}

// Who may not ask or look gets an error, and not an answer made of nothing.
func TestBlind(t *testing.T) {
	forEach(t, func(t *testing.T, child string) {
		run(t, child, "blind", "probe").want(t,
			"error: install: this kernel does not support seccomp filters (seccomp: function not implemented); nothing installed\n", "exit 1")
		r := run(t, child, "blind", "verify")
		want := regexp.MustCompile(`^error: install: process (\d+): thread \d+: open /proc/\d+/task/\d+/status: permission denied\n$`)
		if !r.exited(1) || !want.MatchString(r.stdout) {
			t.Errorf("wait status %#x, said %q", uint32(r.status), r.stdout)
		}
	})
}

// What can be known before is found before: this process is still open.
func TestNothingInstalled(t *testing.T) {
	bad := []unix.SockFilter{{Code: ldAbs, K: 3}, allow}
	good, self := []unix.SockFilter{allow}, "/proc/self/exe"
	for _, tt := range []struct {
		name, text string
		err        error
	}{
		{"Thread", "install: instruction 0 loads offset 3", install.Thread(bad)},
		{"Exec", "install: instruction 0 loads offset 3", install.Exec(bad, self, []string{"x"}, nil)},
		{"NUL in the path", "install: path: ", install.Exec(good, "/bin\x00/true", []string{"x"}, nil)},
		{"NUL in an argument", "install: arguments: ", install.Exec(good, self, []string{"x", "a\x00b"}, nil)},
		{"NUL in the environment", "install: environment: ", install.Exec(good, self, []string{"x"}, []string{"A=\x00"})},
	} {
		if tt.err == nil || !strings.HasPrefix(tt.err.Error(), tt.text) {
			t.Errorf("%s: %v, want %q", tt.name, tt.err, tt.text)
		}
		if strings.HasPrefix(tt.name, "NUL") && !errors.Is(tt.err, unix.EINVAL) {
			t.Errorf("%s: %v is not EINVAL", tt.name, tt.err)
		}
		if fe := (*install.FilterError)(nil); !strings.HasPrefix(tt.name, "NUL") && !errors.As(tt.err, &fe) {
			t.Errorf("%s: %v is no FilterError", tt.name, tt.err)
		}
		if se := (*os.SyscallError)(nil); errors.As(tt.err, &se) {
			t.Errorf("%s: %v says that the thread may be filtered", tt.name, tt.err)
		}
	}
}

// The errors as users read them, and what they can be asked for.
func TestErrorTexts(t *testing.T) {
	lacks := &install.UnsupportedError{What: "flag SpecAllow", Err: unix.EINVAL}
	for _, tt := range []struct {
		err  error
		text string
	}{
		{lacks, "install: this kernel does not support flag SpecAllow (invalid argument); nothing installed"},
		{&install.ConflictError{TID: 12}, "install: thread 12 already has a filter this one does not extend; nothing installed"},
		{&install.UnsealedError{PID: 7, TIDs: []int{8, 9}, Threads: 3}, "install: process 7: 2 of 3 threads are not sealed: [8 9]"},
	} {
		if got := tt.err.Error(); got != tt.text {
			t.Errorf("%q, want %q", got, tt.text)
		}
	}
	if !errors.Is(lacks, errors.ErrUnsupported) || !errors.Is(lacks, unix.EINVAL) {
		t.Errorf("%v does not wrap both ErrUnsupported and the kernel's answer", lacks)
	}
}
