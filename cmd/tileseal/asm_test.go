package main

import (
	"strings"
	"testing"
)

// TestAsm lists a policy's program and assembles the listing: the same program,
// parameters open or filled in.
func TestAsm(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "small.seccomppolicy", small)
	for _, arch := range []string{"x86_64", "s390x", "x86_64,i386,x32"} {
		_, asm, errs := call("disasm", "-arch", arch, "-layout", "optimized", "small.seccomppolicy")
		for _, want := range []string{"$log_fd", "small.seccomppolicy:3\n"} {
			if !strings.Contains(asm, want) {
				t.Errorf("%s: no %s in\n%s%s", arch, want, asm, errs)
			}
		}
		write(t, "small.asm", asm)
		first, _, _ := strings.Cut(arch, ",")
		_, want, _ := call("compile", "-arch", arch, "-layout", "optimized", "-format", "raw", "-p", "log_fd=9", "small.seccomppolicy")
		code, got, errs := call("asm", "-arch", first, "-p", "log_fd=9", "small.asm")
		if code != 0 || got != want || got == "" {
			t.Errorf("%s: exit %d, %s assembled as\n%q\nwant\n%q", arch, code, errs, got, want)
		}
		_, js, _ := call("asm", "-arch", first, "-format", "json", "small.asm")
		write(t, "small.json", js)
		if arch == first {
			code, out, errs := call("prove", "-arch", arch, "-program", "small.json", "small.seccomppolicy")
			if code != 0 || !strings.Contains(out, "proven equal") {
				t.Errorf("%s: exit %d, %s%s", arch, code, out, errs)
			}
		}
		_, again, _ := call("disasm", "-arch", first, "small.json")
		write(t, "small.asm", again)
		if _, got, _ := call("asm", "-arch", first, "-p", "log_fd=9", "small.asm"); got != want {
			t.Errorf("%s: another program by way of JSON\n%s", arch, again)
		}
	}
}

func TestAsmErrors(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "bad.asm", "ld [4]\njeq #1, away\nret #0\n")
	write(t, "end.asm", "ld [4]\n")
	for _, tc := range []struct {
		args   string
		code   int
		stderr string
	}{
		{"asm bad.asm", 1, "bad.asm:2:9: label away is not defined\n\tjeq #1, away\n\t        ^\n"},
		{"asm end.asm", 1, "tileseal: end.asm: instruction 0 (ld [4]) is the last one; a program ends with ret\n"},
		{"asm -format json end.asm", 1, "tileseal: end.asm: instruction 0 (ld [4]) is the last one; a program ends with ret\n"},
		{"asm -format pseudo end.asm", 2, "tileseal: unknown format \"pseudo\"; there are raw, json and c\n"},
		{"asm", 2, "tileseal asm takes one listing, found 0\n"},
		{"disasm bad.asm end.asm", 2, "tileseal disasm takes a policy, a program or the id of a process, found 2\n"},
		{"disasm bad.asm", 1, "bad.asm:2:9: label away is not defined\n"},
	} {
		code, out, errs := call(strings.Fields(tc.args)...)
		if code != tc.code || out != "" || !strings.HasPrefix(errs, tc.stderr) {
			t.Errorf("%s: exit %d, %q%q, want %d and %q", tc.args, code, out, errs, tc.code, tc.stderr)
		}
	}
}

// TestByteOrder has programs read in the byte order of the architecture they are
// for: as JSON says, or as the flag does.
func TestByteOrder(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "small.seccomppolicy", small)
	_, raw, _ := call("compile", "-arch", "s390x", "-format", "raw", "-p", "log_fd=9", "small.seccomppolicy")
	_, js, _ := call("compile", "-arch", "s390x", "small.seccomppolicy")
	write(t, "small.json", js)
	write(t, "small.bpf", raw)
	for _, args := range []string{"asm -p log_fd=9 small.json", "asm -arch s390x small.bpf"} {
		if code, out, errs := call(strings.Fields(args)...); code != 0 || out != raw || raw == "" {
			t.Errorf("%s: exit %d, %q %s, want %q", args, code, out, errs, raw)
		}
	}
	if code, out, errs := call("sim", "-arch", "s390x", "small.bpf", "--", "write", "9"); code != 0 || !strings.Contains(out, ": allow") {
		t.Errorf("sim: exit %d, %s%s", code, out, errs)
	}
	for _, args := range []string{"asm -arch x86_64 small.bpf", "sim -arch x86_64 small.bpf -- write 9", "graph -arch x86_64 small.bpf"} {
		code, out, errs := call(strings.Fields(args)...)
		if code != 2 || out != "" || !strings.Contains(errs, "small.bpf has the byte order of another machine than x86_64; name the architecture it is for with -arch") {
			t.Errorf("%s: exit %d, %s%s", args, code, out, errs)
		}
	}
}

// TestFlagsOfPolicies has flags that say how a policy is read refused for a
// program, which they would say nothing about.
func TestFlagsOfPolicies(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "ret.asm", "ret #0\n")
	for _, args := range []string{"explain -layout classic ret.asm", "disasm -dialect classic ret.asm", "sim -layout classic ret.asm -- read", "graph -layout optimized ret.asm"} {
		code, out, errs := call(strings.Fields(args)...)
		if code != 2 || out != "" || !strings.Contains(errs, " is for policies, and ret.asm is taken for a program; the name of a policy ends in .seccomppolicy\n") {
			t.Errorf("%s: exit %d, %s%s", args, code, out, errs)
		}
	}
	for args, want := range map[string]string{
		"disasm -objective all ret.asm":   "tileseal: -objective and -profile go with -layout optimized\n",
		"sim -objective all ret.asm -- 0": "tileseal: -objective and -profile go with -layout optimized\n",
		"explain -p fd=3 4194304":         "tileseal: -p is for programs in files; ",
	} {
		if code, out, errs := call(strings.Fields(args)...); code != 2 || out != "" || !strings.HasPrefix(errs, want) {
			t.Errorf("%s: exit %d, %s%s", args, code, out, errs)
		}
	}
	if code, _, errs := call("graph", "-objective", "all", "ret.asm"); code != 0 { // it weighs the ways
		t.Errorf("graph: exit %d, %s", code, errs)
	}
}
