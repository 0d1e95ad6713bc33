package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "small.seccomppolicy", small)
	write(t, "waived.seccomppolicy", "noarg\nmprotect # allow L5: the JIT\n")
	write(t, "jit.seccomppolicy", "noarg\nmprotect\nmmap2 on i386\n")
	write(t, "wrong.seccomppolicy", "noarg\nwirte\n# allow L5\ngetpid\n")
	write(t, "upstream.seccomppolicy", "unsigned int fd\nwrite: (eq (arg 1) 5)\nclose: (eq (arg 0) fd)\n")
	for _, tc := range []struct {
		args string
		code int
		errs []string // parts of standard error; none: it is empty
	}{
		{"small.seccomppolicy waived.seccomppolicy", 0, nil},
		{"jit.seccomppolicy", 1, []string{
			"jit.seccomppolicy:2:1: L5: mprotect may make memory writable and executable",
			"\n\tmprotect\n\t^\n",
			"jit.seccomppolicy:3:1: L5: mmap2", "(on i386)\n",
		}},
		{"-target amd64 small.seccomppolicy", 0, nil},
		{"-target riscv64 small.seccomppolicy", 0, nil},
		{"wrong.seccomppolicy", 1, []string{`wrong.seccomppolicy:2:1: unknown system call "wirte" on i386, x86_64, aarch64; did you mean "write"?`, "wrong.seccomppolicy:3:1: a waiver needs a reason"}},
		{"-dialect classic -layout classic upstream.seccomppolicy", 0, []string{"upstream.seccomppolicy:2:12: warning: arg 1 of write is a pointer"}},
		{"none.seccomppolicy", 1, []string{"none.seccomppolicy"}},
		{"-target vax small.seccomppolicy", 2, []string{"vax"}},
		{"", 2, []string{"takes policy files, found 0"}},
	} {
		code, stdout, errs := call(append([]string{"check"}, strings.Fields(tc.args)...)...)
		if code != tc.code || stdout != "" || (errs == "") != (tc.errs == nil) {
			t.Errorf("check %s: exit %d, stdout %q, stderr %q; want exit %d", tc.args, code, stdout, errs, tc.code)
		}
		for _, want := range tc.errs {
			if !strings.Contains(errs, want) {
				t.Errorf("check %s: stderr %q; want %q", tc.args, errs, want)
			}
		}
	}
}

func TestCheckJSON(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "p", "noarg\nwirte\nmprotect # allow L5: the JIT\nptrace on x86_64\n")
	code, stdout, errs := call("check", "-format", "json", "-target", "amd64,arm64", "p")
	if code != 1 || errs != "" {
		t.Errorf("exit %d, stderr %q", code, errs)
	}
	var got []finding
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Line != 2 || got[0].Code != "" || got[0].Message != `unknown system call "wirte" on x86_64, aarch64; did you mean "write"?` {
		t.Errorf("got %+v", got)
	}

	write(t, "p", "noarg\nmprotect # allow L5: the JIT\nptrace on x86_64\n")
	code, stdout, _ = call("check", "-format", "json", "-target", "amd64,arm64", "p")
	got = nil
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != 1 || len(got) != 2 {
		t.Fatalf("exit %d, %v: %+v", code, err, got)
	}
	if f := got[0]; f.File != "p" || f.Line != 2 || f.Col != 1 || f.Code != "L5" || f.Waived != "the JIT" || f.Archs != nil {
		t.Errorf("got %+v", f)
	}
	if f := got[1]; f.Line != 3 || f.Code != "L4" || f.Waived != "" || len(f.Archs) != 1 || f.Archs[0] != "x86_64" {
		t.Errorf("got %+v", f)
	}

	write(t, "p", "noarg\ngetpid\n")
	if code, stdout, _ := call("check", "-format", "json", "p"); code != 0 || stdout != "[]\n" {
		t.Errorf("exit %d, %q", code, stdout)
	}
}
