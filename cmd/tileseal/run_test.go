package main

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/internal/sandbox"
)

// The second process of run and learn is this executable, which then is no test.
func init() {
	if len(os.Args) == 4 && os.Args[1] == "run" && os.Args[2] == enterFlag {
		os.Exit(run(os.Stdout, os.Stderr, os.Args[1:]))
	}
}

func TestRunMisuse(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "end.seccomppolicy", "noarg\nexit_group\n")
	write(t, "log.seccomppolicy", "uint log_fd\nwrite: (> (arg 0) log_fd)\n")
	write(t, "tell.seccomppolicy", "noarg\nexit_group\ndefault -> notify\n")
	write(t, "command", "no executable")
	for _, tt := range []struct {
		args string
		code int
		want string // in standard error
	}{
		{"run", 2, "tileseal run takes a policy file, -- and a command, as in: tileseal run mytile.seccomppolicy -- ls -l"},
		{"run end.seccomppolicy true", 2, "tileseal run takes a policy file, -- and a command"},
		{"run -explain -log end.seccomppolicy -- true", 2, "-explain and -log are two ways to run it"},
		{"run -format json end.seccomppolicy -- true", 2, "-format and -o go with -explain"},
		{"run end.seccomppolicy -- ./command", 127, "permission denied"},
		{"run end.seccomppolicy -- /no/such/command", 127, "no such file or directory"},
		{"run log.seccomppolicy -- true", 2, "the policy needs a value for log_fd; add -p log_fd=N"},
		{"run -p log_fd=-1 log.seccomppolicy -- true", 2, "parameter log_fd is -1; it may be 0 to 2147483647"},
		{"run -p log_fd=3 -p other=3 log.seccomppolicy -- true", 2, "the policy has no parameter other"},
		{"run -q -explain tell.seccomppolicy -- true", 1, "tell.seccomppolicy: the policy has an action notify of its own"},
		{"run missing.seccomppolicy -- true", 1, "no such file or directory"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			if strings.Contains(tt.args, "-- true") {
				commandFor(t)
			}
			code, stdout, stderr := call(strings.Fields(tt.args)...)
			if code != tt.code || stdout != "" || !strings.Contains(stderr, tt.want) {
				t.Errorf("%d, %q, %s", code, stdout, stderr)
			}
		})
	}
}

// commandFor skips the test where true, the command, cannot be run by this program.
func commandFor(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("commands run under a filter on Linux only")
	}
	if _, err := sandbox.Startup("/bin/true"); err != nil {
		t.Skip(err)
	}
}

// The exit status is the command's.
func TestRunStatus(t *testing.T) {
	commandFor(t)
	t.Chdir(t.TempDir())
	write(t, "end.seccomppolicy", "noarg\nexit_group\n")
	write(t, "none.seccomppolicy", "noarg\ngetppid\n")
	for _, tt := range []struct {
		args   string
		code   int
		stderr string // begins so
	}{
		{"run -q end.seccomppolicy -- true", 0, ""},
		{"run -q end.seccomppolicy -- false", 1, ""},
		{"run -q none.seccomppolicy -- true", 159, "tileseal: the command was killed for a call that none.seccomppolicy does not allow (SIGSYS)"},
		{"run -q -explain none.seccomppolicy -- false", 1, "tileseal: 1 call would have killed the command"},
		{"run -q -log none.seccomppolicy -- false", 1, "tileseal: the kernel"},
	} {
		code, stdout, stderr := call(strings.Fields(tt.args)...)
		if code != tt.code || stdout != "" || !strings.HasPrefix(stderr, tt.stderr) || (stderr == "") != (tt.stderr == "") {
			t.Errorf("%s: %d, %q, %s", tt.args, code, stdout, stderr)
		}
	}
}
