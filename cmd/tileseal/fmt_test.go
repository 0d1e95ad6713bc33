package main

import (
	"os"
	"strings"
	"testing"
)

const (
	sloppy = "# sloppy: logs.\nuint log_fd # the log\nwrite  :(or (eq (arg 0) 2)\n   (eq (arg 0) log_fd))\n\n\n\nexit_group\n"
	tidy   = "# sloppy: logs.\nuint log_fd # the log\nwrite: (or (eq (arg 0) 2) (eq (arg 0) log_fd))\n\nexit_group\n"
)

func TestFmt(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "sloppy.seccomppolicy", sloppy)
	write(t, "tidy.seccomppolicy", tidy)
	write(t, "wrong.seccomppolicy", strings.Replace(sloppy, "2)", "2))", 1))
	if err := os.Chmod("sloppy.seccomppolicy", 0o640); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		args         string
		code         int
		stdout, errs string
	}{
		{"tidy.seccomppolicy", 0, tidy, ""},
		{"sloppy.seccomppolicy tidy.seccomppolicy", 0, tidy + tidy, ""},
		{"-l sloppy.seccomppolicy tidy.seccomppolicy", 1, "sloppy.seccomppolicy\n", ""},
		{"-l tidy.seccomppolicy", 0, "", ""},
		{"-d tidy.seccomppolicy", 0, "", ""},
		{"-w", 2, "", "-w goes with files"},
		{"-dialect classic tidy.seccomppolicy", 2, "", "dialect tileseal only"},
		{"-w sloppy.seccomppolicy wrong.seccomppolicy", 1, "", "wrong.seccomppolicy:4:4: unexpected text"},
		{"none.seccomppolicy", 1, "", "none.seccomppolicy"},
	} {
		code, stdout, errs := call(append([]string{"fmt"}, strings.Fields(tc.args)...)...)
		if code != tc.code || stdout != tc.stdout || (errs == "") != (tc.errs == "") || !strings.Contains(errs, tc.errs) {
			t.Errorf("fmt %s: exit %d, %q, %q; want %d, %q, %q", tc.args, code, stdout, errs, tc.code, tc.stdout, tc.errs)
		}
	}
	if read(t, "sloppy.seccomppolicy") != sloppy {
		t.Error("a file was written though another has errors")
	}
	if code, stdout, _ := call("fmt", "-d", "sloppy.seccomppolicy"); code != 1 || !strings.Contains(stdout, "\n-write  :(or (eq (arg 0) 2)\n") {
		t.Errorf("fmt -d: exit %d\n%s", code, stdout)
	}
	if code, stdout, errs := call("fmt", "-w", "sloppy.seccomppolicy"); code != 0 || stdout+errs != "" || read(t, "sloppy.seccomppolicy") != tidy {
		t.Errorf("fmt -w: exit %d, %q, %q", code, stdout, errs)
	}
	if info, err := os.Stat("sloppy.seccomppolicy"); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("fmt -w: mode %v (%v), was 0640", info.Mode(), err)
	}
	if names, _ := os.ReadDir("."); len(names) != 3 {
		t.Errorf("fmt -w left files: %v", names)
	}
}
