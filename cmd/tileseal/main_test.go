package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// call runs the command and is its exit status and what it wrote.
func call(args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = run(&out, &err, args)
	return code, out.String(), err.String()
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

const small = "# small: writes.\nuint log_fd\nwrite: (or (eq (arg 0) 2) (eq (arg 0) log_fd))\ngetpid\n"

func TestCompile(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "small.seccomppolicy", small)
	for _, tc := range []struct {
		args string
		want string // in standard output
	}{
		{"-arch x86_64 -layout classic", `{"name": "small",
 "params": ["log_fd"],
 "arch": "x86_64",
 "layout": "classic",
 "instr_cnt": 12,
 "insns": [
  [32, 0, 0, 4],
  [21, 0, 8, 3221225534],
  [32, 0, 0, 0],
  [21, 2, 0, 1],
  [21, 6, 0, 39],
  [5, 0, 0, 4],
  [32, 0, 0, 16],
  [21, 3, 0, 2],
  [32, 0, 0, 16],
  [21, 1, 0, "$log_fd"],
  [6, 0, 0, 2147483648],
  [6, 0, 0, 2147418112]
 ]}
`},
		{"-arch i386 -layout current", `"arch": "i386"`},
		{"-arch aarch64", `"layout": "plain"`},
		{"-arch arm64 -format asm", "jeq #0xc00000b7"},
		{"-format go", "func PopulateSmall(out []unix.SockFilter, logFD int) {"},
		{"-format c", "populate_seccomp_small(size_t out_cnt, struct sock_filter *out, unsigned int log_fd)"},
		{"-format raw -p log_fd=-1", "\x15\x00"},
		{"-dialect current", `"$log_fd"`},
	} {
		code, out, errs := call(append(append([]string{"compile"}, strings.Fields(tc.args)...), "small.seccomppolicy")...)
		if code != 0 || errs != "" || !strings.Contains(out, tc.want) {
			t.Errorf("compile %s: exit %d, stderr %q, stdout\n%s", tc.args, code, errs, out)
		}
	}
}

func TestExitStatus(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "small.seccomppolicy", small)
	write(t, "bad.seccomppolicy", "uint fd\nwirte: (eq (arg 0)\tfdd)\nread\t\n")
	write(t, "bad.json", "[{}]")
	const f = "small.seccomppolicy"
	for _, tc := range []struct {
		args string
		code int
		want string // in standard error, or in standard output if the status is 0
	}{
		{"", 2, "usage: tileseal VERB"},
		{"help", 0, "usage: tileseal VERB"},
		{"frobnicate", 2, `unknown verb "frobnicate"`},
		{"compile", 2, "tileseal compile takes one policy file, found 0"},
		{"compile -h", 0, "usage: tileseal compile"},
		{"gen -h", 0, "-check"},
		{"compile a b", 2, "found 2"},
		{"compile -x " + f, 2, "flag provided but not defined: -x"},
		{"compile -arch vax " + f, 2, `unknown architecture "vax"`},
		{"compile -dialect edn " + f, 2, `unknown dialect "edn"`},
		{"compile -layout tree " + f, 2, `unknown layout "tree"`},
		{"compile -format xml " + f, 2, `unknown format "xml"`},
		{"compile -format raw " + f, 2, "the program needs a value for log_fd; add -p log_fd=N"},
		{"compile -format raw -p log_fd=x " + f, 2, "write it as name=number"},
		{"compile -format raw -p log_fd=-2 " + f, 2, "parameter log_fd is -2; it may be -1 to 2147483647"},
		{"compile -format raw -p log_fd=1 -p log_fd=2 " + f, 2, "log_fd has a value already"},
		{"compile -format raw -p log_fd=1 -p logfd=2 " + f, 2, "there is no parameter logfd"},
		{"compile -p log_fd=1 " + f, 2, "-p goes with -format raw"},
		{"compile -objective all " + f, 2, "-objective and -profile go with -layout optimized"},
		{"compile -layout optimized -objective best " + f, 2, `unknown objective "best"`},
		{"compile -layout optimized -profile missing.txt " + f, 2, "missing.txt: no such file"},
		{"compile -layout optimized -profile bad.json " + f, 2, "bad.json:1: "},
		{"compile missing.seccomppolicy", 1, "missing.seccomppolicy: no such file"},
		{"compile bad.seccomppolicy", 1, `bad.seccomppolicy:2:1: unknown system call "wirte" on x86_64; did you mean "write"?` + "\n\twirte: (eq (arg 0)\tfdd)\n\t^\n"},
		{"gen", 2, "tileseal gen takes policy files, found 0"},
		{"gen -target x32 " + f, 2, "x32 has no GOARCH; there are 386, amd64, arm, "},
		{"gen bad.seccomppolicy", 1, `did you mean "write"?`},
	} {
		if strings.Contains(tc.want, "on x86_64") {
			tc.args = strings.Replace(tc.args, "compile", "compile -arch x86_64", 1)
		}
		code, out, errs := call(strings.Fields(tc.args)...)
		got := errs
		if tc.code == 0 {
			got = out
		} else if out != "" {
			t.Errorf("%s: failed and wrote %q", tc.args, out)
		}
		if code != tc.code || !strings.Contains(got, tc.want) {
			t.Errorf("%s: exit %d, want %d; stderr %q, want %q", tc.args, code, tc.code, errs, tc.want)
		}
	}
	if entries, _ := filepath.Glob("*.go"); len(entries) > 0 {
		t.Errorf("a failing call wrote %v", entries)
	}
}

// TestProfile: what is called most is decided first.
func TestProfile(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "two.seccomppolicy", "noarg\nread\nfsync\nfutex\n")
	write(t, "calls.json", `[{"name": "futex", "n": 1000}, {"name": "read", "n": 1}]`)
	write(t, "strace.txt", "% time     seconds  usecs/call     calls    errors syscall\n------ ----------- ----------- --------- --------- ----------------\n 90.00    0.000010           1      1000           fsync\n------ ----------- ----------- --------- --------- ----------------\n100.00    0.000010           1      1000           total\n")
	first := func(args ...string) string {
		args = append([]string{"compile", "-arch", "x86_64", "-layout", "optimized", "-objective", "all", "-format", "asm"}, args...)
		code, out, errs := call(append(args, "two.seccomppolicy")...)
		if code != 0 {
			t.Fatalf("exit %d, %s", code, errs)
		}
		for line := range strings.Lines(out) {
			if strings.Contains(line, "jeq") && !strings.Contains(line, "x86_64") {
				return line[strings.LastIndex(line, ";")+1:]
			}
		}
		return out
	}
	for file, want := range map[string]string{"calls.json": "futex", "strace.txt": "fsync"} {
		if got := first("-profile", file); !strings.Contains(got, want) {
			t.Errorf("with %s the first number tested is %s, want %s", file, got, want)
		}
	}
}

// TestCaret puts the caret under a place behind a TAB.
func TestCaret(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "tab.seccomppolicy", "uint fd\nwrite: (or (eq (arg 0) fd)\n\t(eq (arg 0) fdd))\n")
	_, _, errs := call("compile", "tab.seccomppolicy")
	if want := "\t\t(eq (arg 0) fdd))\n\t\t            ^\n"; !strings.Contains(errs, want) {
		t.Errorf("stderr %q, want %q", errs, want)
	}
}

// TestWarnings are said and do no harm.
func TestWarnings(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "w.seccomppolicy", "uint fd\ngetpid\n")
	code, out, errs := call("compile", "-layout", "classic", "w.seccomppolicy")
	if code != 0 || !strings.Contains(out, "insns") || !strings.Contains(errs, "w.seccomppolicy:1:6: warning: parameter fd is never used") {
		t.Errorf("exit %d, stderr %q", code, errs)
	}
}
