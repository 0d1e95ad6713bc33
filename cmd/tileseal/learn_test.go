package main

import (
	"strings"
	"testing"
)

func TestLearnMisuse(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "old.seccomppolicy", "noarg\nwirte\n")
	write(t, "good.seccomppolicy", "noarg\nwrite\n")
	write(t, "strace.txt", "write(1, \"a\", 1) = 1\n")
	write(t, "strange.txt", "frobnicate(1) = 1\nwrite(1, \"a\", 1) = 1\n")
	write(t, "empty.txt", "\n")
	for _, tt := range []struct {
		args string
		code int
		want string // in standard error
	}{
		{"learn", 2, "tileseal learn takes -- and a command, or -strace or -audit and a file"},
		{"learn -strace strace.txt -- true", 2, "learn from a command or from files, one at a time"},
		{"learn -merge a -against b -strace strace.txt", 2, "give one of them"},
		{"learn -against a -o b -strace strace.txt", 2, "-against writes no policy; use -merge with -o"},
		{"learn -format json -strace strace.txt", 2, "-format goes with -against"},
		{"learn -arch x86_64 -after frobnicate -strace strace.txt", 2, `there is no system call "frobnicate" on x86_64`},
		{"learn -o good.seccomppolicy -strace strace.txt", 2, "good.seccomppolicy exists; -merge good.seccomppolicy adds to it"},
		{"learn -arch s390x -- true", 2, "-arch goes with -strace and -audit"},
		{"learn -- /no/such/command", 127, "no such file or directory"},
		{"learn -strace missing.txt", 1, "no such file or directory"},
		{"learn -strace empty.txt", 1, "empty.txt: a line that strace printed with a call of "},
		{"learn -audit empty.txt", 1, "empty.txt: no report found"},
		{"learn -arch x86_64 -merge old.seccomppolicy -strace strace.txt", 1, "old.seccomppolicy:2:1: unknown system call \"wirte\" on x86_64; did you mean \"write\"?\n\twirte\n\t^\n"},
		{"learn -arch x86_64 -strace strange.txt", 0, "tileseal: strange.txt: 1 call left out, which the tables of x86_64 do not know\n"},
	} {
		code, stdout, stderr := call(strings.Fields(tt.args)...)
		if code != tt.code || code != 0 && stdout != "" || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: %d, %q, %s", tt.args, code, stdout, stderr)
		}
	}
}

// A trace is for any architecture, on any machine, and what is missing is a patch.
func TestLearnArch(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "strace.txt", "ppoll([{fd=3, events=POLLIN}], 1, NULL, NULL, 8) = 0\nopenat(AT_FDCWD, \"a\", O_RDONLY|O_DIRECTORY) = 3\n")
	code, stdout, stderr := call("learn", "-arch", "aarch64", "-strace", "strace.txt")
	want := "# learned from: strace.txt\n\nnoarg\n\n# Seen once.\n# Names: a.\nopenat: (and (eq (arg 0) AT_FDCWD) (eq (arg 2) \"O_RDONLY|O_DIRECTORY\"))\n\n# Seen once.\nppoll\n"
	if code != 0 || stdout != want || stderr != "" {
		t.Errorf("%d, %s, %s", code, stdout, stderr)
	}
	write(t, "old.seccomppolicy", "noarg\nppoll\n")
	code, stdout, _ = call("learn", "-arch", "aarch64", "-against", "old.seccomppolicy", "-strace", "strace.txt")
	want = "--- old.seccomppolicy\n+++ old.seccomppolicy as learned\n@@ -1,2 +1,6 @@\n noarg\n ppoll\n+\n+# Seen once.\n+# Names: a.\n+openat: (and (eq (arg 0) AT_FDCWD) (eq (arg 2) \"O_RDONLY|O_DIRECTORY\"))\n"
	if code != 1 || stdout != want {
		t.Errorf("%d, %s", code, stdout)
	}
}

// What an existing policy is not held against is told.
func TestLearnUnsure(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "audit.txt", `type=1326 audit(1.2:3): pid=9 comm="tile" exe="/tile" sig=31 arch=c000003e syscall=1 compat=0 ip=0x401000 code=0x80000000`+"\n")
	write(t, "old.seccomppolicy", "noarg\nwrite: (eq (arg 0) 3)\n")
	code, stdout, stderr := call("learn", "-arch", "x86_64", "-against", "old.seccomppolicy", "-audit", "audit.txt")
	if code != 0 || stdout != "" || !strings.HasPrefix(stderr, "tileseal: old.seccomppolicy has conditions for write, and ") {
		t.Errorf("%d, %q, %q", code, stdout, stderr)
	}
}

// A comment has one line, whatever the command.
func TestQuoted(t *testing.T) {
	if got, want := quoted([]string{"sh", "-c", "echo a\necho b", "", "it's >$a"}), `sh -c "echo a\necho b" '' 'it'\''s >$a'`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
