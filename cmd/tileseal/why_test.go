package main

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the answers in testdata/sigsys")

const sigsysDir = "../../testdata/sigsys"

// levelLine is left out of the answers that are kept, so that they stay the
// same when a level of the Go runtime changes.
var levelLine = regexp.MustCompile(`(?m)^\tlevels of the Go runtime.*\n`)

// TestWhyAnswers compares the answer to every report in testdata/sigsys with
// the one beside it.
func TestWhyAnswers(t *testing.T) {
	t.Chdir(sigsysDir)
	reports, err := filepath.Glob("*.txt")
	if err != nil || len(reports) < 10 {
		t.Fatalf("%d reports, %v", len(reports), err)
	}
	for _, file := range reports {
		code, out, errs := call("why", "-policy", "archiver.seccomppolicy", "-p", "logfile_fd=3", file)
		out = levelLine.ReplaceAllString(out, "")
		if code != 0 || errs != "" {
			t.Errorf("%s: exit %d, %s", file, code, errs)
		}
		name := strings.TrimSuffix(file, ".txt") + ".want"
		if *update {
			write(t, name, out)
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatalf("%v; run go test ./cmd/tileseal -update", err)
		}
		if out != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", file, out, want)
		}
	}
	wants, _ := filepath.Glob("*.want")
	if len(wants) != len(reports) {
		t.Errorf("%d answers to %d reports", len(wants), len(reports))
	}
}

const crashText = `SIGSYS: bad system call
PC=0x40a78e m=0 sigcode=1

goroutine 1 gp=0xc0001e0 m=0 mp=0x65d280 [syscall]:
FRAMES
rax    NR
rbx    0x0
rcx    0x40a78e
rdx    0x0
rdi    0x7
rsi    0x0
r8     0x0
r9     0x0
r10    0x0
rip    0x40a78e
`

// crashOf is a crash text of amd64: fsync(7), unless replaced.
func crashOf(nr, frames string) string {
	return strings.NewReplacer("NR", nr, "FRAMES", frames).Replace(crashText)
}

// stdin gives the command a text to read.
func stdin(t *testing.T, text string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "stdin")
	write(t, file, text)
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	saved := os.Stdin
	os.Stdin = f
	t.Cleanup(func() { os.Stdin = saved; f.Close() })
}

const fsyncNr, openatNr, clone3Nr = "0x4a", "0x101", "0x1b3"

// TestWhyAdvice: what is to be changed, for every way in which a policy can be
// about a call or not.
func TestWhyAdvice(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "base.seccomppolicy", "uint fd\nfsync: (eq (arg 0) fd)\n")
	write(t, "outer.seccomppolicy", "uint fd\nfsync: (eq (arg 0) fd)\n")
	for _, tc := range []struct {
		name, policy, params string
		nr                   string
		want, not            []string
	}{
		{"no entry", "noarg\ngetpid\n", "", fsyncNr,
			[]string{"no entry of p.seccomppolicy, or of what it includes, is about it: kill_process", "add to p.seccomppolicy\n\t\tfsync: (eq (arg 0) 7)\n", "may be another in the next run"}, nil},
		{"its own entry", "uint fd\nfsync: (eq (arg 0) fd)\n", "fd=3", fsyncNr,
			[]string{"p.seccomppolicy:2 does not apply (allow):\n\t\targ 0 (fd) is 7, and must be fd (3)\n", "in place of p.seccomppolicy:2\n\t\tfsync: (in (arg 0) fd 7)\n"}, nil},
		{"a guard stays", "uint fd\nfsync on i386 x86_64:\n  (eq (arg 0) # the log\n    fd)\n\n# more\ngetpid\n", "fd=3", fsyncNr,
			[]string{"in place of p.seccomppolicy:2\n\t\tfsync on i386 x86_64: (in (arg 0) fd 7)\n"}, nil},
		{"another parameter has the value", "uint fd, uint other\nfsync: (eq (arg 0) fd)\nread: (eq (arg 0) other)\n", "fd=3 other=7", fsyncNr,
			[]string{"fsync: (in (arg 0) fd other)\n"}, []string{"next run"}},
		{"two parameters have the value", "uint fd, uint a, uint b\nfsync: (eq (arg 0) fd)\nread: (in (arg 0) a b)\n", "fd=3 a=7 b=7", fsyncNr,
			[]string{"fsync: (in (arg 0) fd 7)\n"}, nil},
		{"an included entry", "uint fd\ninclude \"base.seccomppolicy\"\n", "fd=3", fsyncNr,
			[]string{"base.seccomppolicy:2 does not apply", "add to p.seccomppolicy\n\t\tfsync: (eq (arg 0) 7)\n"}, nil},
		{"both", "uint fd\ninclude \"base.seccomppolicy\"\nfsync: (< (arg 0) 3)\n", "fd=3", fsyncNr,
			[]string{"base.seccomppolicy:2 does not", "p.seccomppolicy:3 does not apply (allow):\n\t\targ 0 (fd) is 7, and must be below 3\n", "in place of p.seccomppolicy:3\n\t\tfsync: (or (< (arg 0) 3) (eq (arg 0) 7))\n"}, nil},
		{"a value is missing", "uint fd\nfsync: (in (arg 0) 2 fd)\n", "", fsyncNr,
			[]string{"p.seccomppolicy:2 may apply (allow):\n\t\targ 0 (fd) is 7, and must be 2 or fd (not given; 7 would do)\n", "verdict: depends"}, nil},
		{"allowed", "uint fd\nfsync: (eq (arg 0) fd)\n", "fd=7", fsyncNr,
			[]string{"p.seccomppolicy:2 decides: allow", "the filter that did not was another"}, []string{"to allow it"}},
		{"another action", "noarg\nfsync -> errno(EIO)\n", "", fsyncNr,
			[]string{"p.seccomppolicy:2 decides: errno(5)", "the entry at p.seccomppolicy:2 itself would have to change"}, []string{"to allow it"}},
		{"an action included", "uint fd\ninclude \"base.seccomppolicy\"\nfsync -> errno(EIO)\n", "fd=3", fsyncNr,
			[]string{"verdict: errno(5)", "the entry at p.seccomppolicy:3 itself"}, nil},
		{"a group", "uint fd\ngroup sync = fsync fdatasync\n@sync: (eq (arg 0) fd)\n", "fd=3", fsyncNr,
			[]string{"p.seccomppolicy:3 does not apply", "the entry at p.seccomppolicy:3 itself"}, nil},
		{"within another", "uint fd\nwithin \"outer.seccomppolicy\"\nfsync: (eq (arg 0) fd)\n", "fd=3", fsyncNr,
			[]string{"this policy and the one around it have to allow the call both"}, []string{"to allow it"}},
		{"a default that is not kill", "noarg\ndefault -> errno(EPERM)\n", "", fsyncNr,
			[]string{"is about it: errno(1)", "fsync: (eq (arg 0) 7)"}, nil},
		{"addresses cannot be compared", "noarg\ngetpid\n", "", clone3Nr,
			[]string{"clone3(0x7, 0)", "\t\tclone3\n", "not compared: arg 0 (uargs), an address; arg 1 (size), a size"}, nil},
		{"newer than the tables", "noarg\nnewer -> errno(ENOSYS)\n", "", "0x3e7",
			[]string{"call 0x3e7(0x7, 0, 0, 0, 0, 0) on x86_64", "newer than the tables", "errno(38)"}, []string{"to allow it"}},
	} {
		write(t, "p.seccomppolicy", tc.policy)
		args := []string{"why", "-policy", "p.seccomppolicy"}
		for _, p := range strings.Fields(tc.params) {
			args = append(args, "-p", p)
		}
		stdin(t, crashOf(tc.nr, "main.f()\n\tmain.go:1 +0x1\n"))
		code, out, errs := call(args...)
		if code != 0 || errs != "" {
			t.Errorf("%s: exit %d, %s", tc.name, code, errs)
		}
		for _, want := range tc.want {
			if !strings.Contains(out, want) {
				t.Errorf("%s: %q is not in\n%s", tc.name, want, out)
			}
		}
		for _, not := range tc.not {
			if strings.Contains(out, not) {
				t.Errorf("%s: %q is in\n%s", tc.name, not, out)
			}
		}
	}
}

// TestWhyHeeded: a policy changed as advised allows the call.
func TestWhyHeeded(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "p.seccomppolicy", "uint fd\n\nfsync:\n  (and (eq (arg 0) fd)\n    (not (in (arg 0) 5 6))) # c\n# end\ngetpid\n")
	write(t, "crash.txt", crashOf(fsyncNr, ""))
	ask := func() answer {
		code, out, errs := call("why", "-policy", "p.seccomppolicy", "-p", "fd=3", "-format", "json", "crash.txt")
		var as []answer
		if err := json.Unmarshal([]byte(out), &as); err != nil || code != 0 || len(as) != 1 {
			t.Fatalf("exit %d, %v, %s%s", code, err, out, errs)
		}
		return as[0]
	}
	before := ask()
	if j := before.Judgment; j.Verdict != "kill_process" || j.Advice.At != "p.seccomppolicy:3" {
		t.Fatalf("%+v, %+v", j, j.Advice)
	}
	text, _ := os.ReadFile("p.seccomppolicy")
	write(t, "p.seccomppolicy", replaceEntry(string(text), 3, before.Judgment.Advice.Entry))
	if after := ask(); after.Judgment.Verdict != "allow" || after.Judgment.Advice != nil {
		t.Errorf("%+v", after.Judgment)
	}
	text, _ = os.ReadFile("p.seccomppolicy")
	if want := "uint fd\n\nfsync: (or (and (eq (arg 0) fd) (not (in (arg 0) 5 6))) (eq (arg 0) 7))\n# end\ngetpid\n"; string(text) != want {
		t.Errorf("%s", text)
	}
}

// TestWhyLevels: calls of the standard library and of the runtime may be those
// of a level; the user's own are not.
func TestWhyLevels(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "p.seccomppolicy", "noarg\ngetpid\n")
	const runtimes = "runtime.madvise(0x0)\n\truntime/sys.go:1 +0x1\n"
	for _, tc := range []struct {
		name, nr, frames string
		want             string // a level
	}{
		{"os", openatNr, "syscall.Syscall6(0x101)\n\tsyscall/s.go:1 +0x1\nos.Open()\n\tos/file.go:1 +0x1\nmain.main()\n\tmain.go:1 +0x1\n", "go/files"},
		{"runtime", "0xba", runtimes, "go/core"}, // gettid
		{"user", "0xba", "golang.org/x/sys/unix.Gettid()\n\tunix.go:1 +0x1\nmain.main()\n\tmain.go:1 +0x1\n", ""},
		{"no stack", "0xba", "", ""},
	} {
		write(t, "crash.txt", crashOf(tc.nr, tc.frames))
		_, out, _ := call("why", "-policy", "p.seccomppolicy", "-format", "json", "crash.txt")
		var as []answer
		if err := json.Unmarshal([]byte(out), &as); err != nil {
			t.Fatal(err)
		}
		got := as[0].Judgment.Advice.Levels
		if tc.want == "" && got != nil || tc.want != "" && !slices.Contains(got, tc.want) {
			t.Errorf("%s: levels %v, want %q", tc.name, got, tc.want)
		}
	}
}

func TestWhyForeign(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "p.seccomppolicy", "noarg\ngetpid\n")
	const line = "audit: type=1326 audit(1.2:3): pid=4 comm=\"t\" exe=\"/t\" sig=31 arch=40000003 syscall=20 compat=1 ip=0x1 code=0x80000000\n"
	for _, tc := range []struct {
		args, input string
		want, not   string
	}{
		{"", line, "getpid() on i386\n", "killed for its architecture"},
		{"", line, "if the program was built for a 64-bit architecture, it was killed for that", "carry no arguments"},
		{"-policy p.seccomppolicy", line, "p.seccomppolicy allows this call", "killed for its architecture"},
		{"-arch x86_64 -policy p.seccomppolicy", line, "killed for its architecture: a program for x86_64 may make no call of i386, whatever the rules", "allow"},
		{"-arch i386 -policy p.seccomppolicy", line, "p.seccomppolicy:2 decides: allow", "killed for"},
		{"-policy p.seccomppolicy", crashOf("0x40000027", ""), "x32 call 39 (number 0x40000027) on x86_64\n", "to allow"},
		{"-policy p.seccomppolicy", crashOf("0x40000027", ""), "killed for being an x32 call, whatever the rules", "is about it"},
	} {
		stdin(t, tc.input)
		code, out, errs := call(append([]string{"why"}, strings.Fields(tc.args)...)...)
		if code != 0 || !strings.Contains(out, tc.want) || strings.Contains(out, tc.not) {
			t.Errorf("%s: exit %d, want %q and not %q\n%s%s", tc.args, code, tc.want, tc.not, out, errs)
		}
	}
}

// TestWhyMixed: a policy with errors on one architecture still answers for the
// others.
func TestWhyMixed(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "p.seccomppolicy", "noarg\npoll\n")
	const head = "type=1326 audit(1.2:3): pid=4 comm=\"t\" exe=\"/t\" sig=31 "
	write(t, "arm", head+"arch=c00000b7 syscall=82 compat=0 ip=0x1 code=0x80000000\n")
	write(t, "both", head+"arch=c00000b7 syscall=82 compat=0 ip=0x1 code=0x80000000\n"+head+"arch=c000003e syscall=7 compat=0 ip=0x1 code=0x80000000\n")
	code, out, errs := call("why", "-policy", "p.seccomppolicy", "both")
	if code != 0 || errs != "" || !strings.Contains(out, "fsync(...) on aarch64") ||
		!strings.Contains(out, "p.seccomppolicy has errors for aarch64: p.seccomppolicy:2:1: poll does not exist") || !strings.Contains(out, "p.seccomppolicy:2 decides: allow") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
	if code, out, errs = call("why", "-policy", "p.seccomppolicy", "arm"); code != 1 || out != "" || !strings.Contains(errs, "p.seccomppolicy:2:1: poll does not exist") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
}

func TestWhyExitStatus(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "p.seccomppolicy", "uint fd\nfsync: (eq (arg 0) fd)\n")
	write(t, "bad.seccomppolicy", "noarg\nfsink\n")
	write(t, "crash.txt", crashOf(fsyncNr, ""))
	write(t, "cut.txt", "SIGSYS: bad system call\nPC=0x1 m=0 sigcode=1\n")
	write(t, "none.txt", "panic: no\n")
	for _, tc := range []struct {
		args string
		code int
		want string
	}{
		{"-h", 0, "dmesg | tileseal why"},
		{"crash.txt", 0, "fsync(7) on x86_64"},
		{"none.txt", 2, "none.txt: no report found: neither"},
		{"cut.txt", 2, "unknown call: the registers are missing"},
		{"missing.txt", 1, "missing.txt: no such file"},
		{"a b", 2, "takes one report file, found 2"},
		{"-p fd=3 crash.txt", 2, "-p goes with -policy"},
		{"-policy p.seccomppolicy -p fdd=3 crash.txt", 2, "the policy has no parameter fdd"},
		{"-policy p.seccomppolicy -p fd=-2 crash.txt", 2, "parameter fd is -2"},
		{"-policy missing.seccomppolicy crash.txt", 1, "missing.seccomppolicy: no such file"},
		{"-policy bad.seccomppolicy crash.txt", 1, "bad.seccomppolicy:2:1: unknown system call"},
		{"-arch vax crash.txt", 2, "unknown architecture"},
		{"-format xml crash.txt", 2, "there are text and json"},
	} {
		code, out, errs := call(append([]string{"why"}, strings.Fields(tc.args)...)...)
		if code != tc.code || !strings.Contains(out+errs, tc.want) {
			t.Errorf("%s: exit %d, want %d and %q\n%s%s", tc.args, code, tc.code, tc.want, out, errs)
		}
	}
}
