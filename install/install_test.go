//go:build linux

package install_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tileseal/tileseal/install"
	"github.com/tileseal/tileseal/internal/kerneltest"
	"golang.org/x/sys/unix"
)

// A result is how a child ended and what it said.
type result struct {
	stdout, stderr string
	status         syscall.WaitStatus
}

// killed reports whether the child died as a filter's kill makes it die.
func (r result) killed() bool { return r.status.Signaled() && r.status.Signal() == syscall.SIGSYS }

func (r result) exited(status int) bool { return r.status.Exited() && r.status.ExitStatus() == status }

// forEach runs f with the child built for each GOARCH whose programs this
// kernel may run.
func forEach(t *testing.T, f func(t *testing.T, child string)) {
	goarches := []string{runtime.GOARCH}
	if runtime.GOARCH == "amd64" {
		goarches = append(goarches, "386")
	}
	for _, goarch := range goarches {
		t.Run(goarch, func(t *testing.T) {
			kerneltest.Runs(t, goarch)
			f(t, kerneltest.Build(t, "./testdata/child", goarch))
		})
	}
}

// run lets a child do args and waits for its end. A scenario that cannot be
// played skips the test.
func run(t *testing.T, child string, args ...string) result {
	t.Helper()
	cmd := exec.Command(child, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
	cmd.Wait()
	if !late.Stop() {
		t.Fatalf("%v hangs\n%s%s", args, &stdout, &stderr)
	}
	if reason, ok := strings.CutPrefix(stdout.String(), "skip: "); ok {
		t.Skip(strings.TrimSpace(reason))
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.Sys().(syscall.WaitStatus)}
}

// want fails the test unless the child said out and ended as end says.
func (r result) want(t *testing.T, out string, end string) {
	t.Helper()
	ended := map[string]bool{"killed": r.killed(), "exit 0": r.exited(0), "exit 1": r.exited(1), "exit 2": r.exited(2)}
	if !ended[end] || r.stdout != out {
		t.Errorf("wait status %#x, want %s; said %q, want %q\n%s", uint32(r.status), end, r.stdout, out, r.stderr)
	}
}

// A denied call is the end, whichever thread makes it.
func TestProcessEveryThread(t *testing.T) {
	forEach(t, func(t *testing.T, child string) {
		for _, kind := range []string{"main", "old", "idle", "new", "template"} {
			t.Run(kind, func(t *testing.T) {
				run(t, child, "seal", kind).want(t, "sealed\n", "killed")
			})
		}
	})
}

func TestProcess(t *testing.T) {
	for _, tt := range []struct {
		args     []string
		out, end string
	}{
		{[]string{"quiet"}, "sealed\n", "exit 0"},
		{[]string{"twice", "first"}, "sealed\n", "killed"},
		{[]string{"twice", "second"}, "sealed\n", "killed"},
		{[]string{"nnp"}, "sealed\nsealed\n", "exit 0"},
		{[]string{"flags"}, "sealed\n", "killed"},
		{[]string{"conflict"}, "", "exit 0"},
		{[]string{"refused"}, "", "exit 0"},
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			forEach(t, func(t *testing.T, child string) {
				run(t, child, tt.args...).want(t, tt.out, tt.end)
			})
		})
	}
}

// notSealed skips the test if this process, and so its children, look sealed
// from the start.
func notSealed(t *testing.T) {
	t.Helper()
	if install.Verify(os.Getpid()) == nil {
		t.Skip("this process is under a filter, with no_new_privs: there are no open threads here")
	}
}

// Thread filters its thread and no other.
func TestThread(t *testing.T) {
	notSealed(t)
	forEach(t, func(t *testing.T, child string) {
		run(t, child, "thread", "other").want(t, "others open\n", "exit 0")
		run(t, child, "thread", "filtered").want(t, "others open\n", "killed")
	})
}

// Without any capability it is the same. (The other tests may run as root.)
func TestProcessWithoutRoot(t *testing.T) {
	if syscall.Geteuid() != 0 {
		t.Skip("not root: every other test shows it")
	}
	forEach(t, func(t *testing.T, child string) {
		run(t, child, "nobody").want(t, "sealed\n", "killed")
	})
}

// What an outer filter answers to one call stands for a kernel that lacks
// something, or for a container that forbids it. That the answer is seen also
// shows that the call is made as it should be.
func TestProcessDenied(t *testing.T) {
	const (
		einval, eperm, enosys, eopnotsupp = "22", "1", "38", "95"

		operation, flags, noNewPrivs = "0", "1", "38"

		setModeFilter, getActionAvail = "1", "2"

		tsync, log, specAllow = "1", "2", "4"
		all                   = "7"
	)
	for _, tt := range []struct {
		args []string
		out  string
	}{
		{[]string{"seccomp", operation, setModeFilter, enosys}, "unsupported: seccomp filters\n"},
		{[]string{"seccomp", flags, tsync, einval}, "unsupported: filters for all threads (TSYNC)\n"},
		{[]string{"seccomp", flags, log, einval}, "unsupported: flag Log\n"},
		{[]string{"seccomp", flags, specAllow, einval}, "unsupported: flag SpecAllow\n"},
		{[]string{"seccomp", operation, getActionAvail, eopnotsupp}, "unsupported: action 0x80000000\n"},
		{[]string{"seccomp", flags, all, eperm}, "refused: seccomp\n"},
		{[]string{"prctl", "0", noNewPrivs, eperm}, "refused: prctl(PR_SET_NO_NEW_PRIVS)\n"},
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			forEach(t, func(t *testing.T, child string) {
				run(t, child, append([]string{"denied"}, tt.args...)...).want(t, tt.out, "exit 0")
			})
		})
	}
}

const (
	ldAbs = 0x20
	ret   = 0x06
	retA  = 0x16
	divX  = 0x3c
)

var allow = unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_ALLOW}

// No filter here can be installed, so this process may try.
func TestFilterError(t *testing.T) {
	for _, tt := range []struct {
		name   string
		filter []unix.SockFilter
		insn   int
		text   string
	}{
		{"empty", nil, -1, "install: filter is empty"},
		{"too long", slices.Repeat([]unix.SockFilter{allow}, 4097), -1, "install: filter has 4097 instructions"},
		{"kernel's rules", []unix.SockFilter{{Code: ldAbs, K: 3}, allow}, 0, "install: instruction 0 "},
		{"jump", []unix.SockFilter{allow, {Code: 0x15, Jt: 7}, allow}, 1, "install: instruction 1 jumps to 9, past the last instruction 2"},
		{"kill thread", []unix.SockFilter{{Code: ldAbs}, allow, {Code: ret, K: 5}}, 2, "install: instruction 2 kills the thread"},
		{"computed verdict", []unix.SockFilter{{Code: ldAbs}, {Code: retA}}, 1, "install: instruction 1 returns a computed verdict"},
		{"division by X", []unix.SockFilter{{Code: ldAbs}, {Code: divX}, allow}, 1, "install: instruction 1 divides by X"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := install.Process(tt.filter)
			var fe *install.FilterError
			if !errors.As(err, &fe) || fe.Insn != tt.insn || !strings.HasPrefix(err.Error(), tt.text) {
				t.Errorf("%#v (%[1]v), want instruction %d, %q", err, tt.insn, tt.text)
			}
		})
	}
}

func TestUnknownFlag(t *testing.T) {
	err := install.Process([]unix.SockFilter{allow}, install.Log|install.Flag(unix.SECCOMP_FILTER_FLAG_NEW_LISTENER))
	var ue *install.UnsupportedError
	if !errors.As(err, &ue) || !errors.Is(err, errors.ErrUnsupported) {
		t.Fatalf("%v, want an UnsupportedError", err)
	}
	if want := "install: Log|Flag(0x8) is not supported"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
}
