package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

const explainable = `uint log_fd
# Messages.
write: (or (eq (arg 0) 2) (eq (arg 0) log_fd))
socket -> errno(EPERM)
mmap: (eq (mask (arg 2) PROT_EXEC) 0)
mmap -> errno(EACCES)
exit_group
newer -> errno(ENOSYS)
`

// TestExplainPolicy shows a policy, parameters open, with its lines.
func TestExplainPolicy(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "tile.seccomppolicy", explainable)
	code, out, errs := call("explain", "-arch", "x86_64", "tile.seccomppolicy")
	want := `tile.seccomppolicy:

On x86_64

CALL        VERDICT       LINE                  WHEN
write       allow         tile.seccomppolicy:3  (in (arg 0) 2 log_fd)
            kill_process                        otherwise
socket      errno(1)      tile.seccomppolicy:4
mmap        allow         tile.seccomppolicy:5  (eq (mask (arg 2) PROT_EXEC) 0)
            errno(13)     tile.seccomppolicy:6  otherwise
exit_group  allow         tile.seccomppolicy:7
any other   kill_process
above 471   errno(38)                           newer than the policy

write is allowed if argument 0 is 2 or log_fd; otherwise it kills the process.
mmap is allowed if argument 2 & PROT_EXEC is 0; otherwise it fails with errno 13.

Any other call kills the process.

Every call of x32 and of other architectures: kill_process
`
	if code != 0 || out != want || errs != "" {
		t.Errorf("exit %d, %s%s\nwant\n%s", code, out, errs, want)
	}
	code, out, _ = call("explain", "-arch", "x86_64,aarch64", "-all", "-format", "json", "tile.seccomppolicy")
	var got subjectAnswer
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != 0 {
		t.Fatal(code, err)
	}
	var archs []string
	for _, a := range got.Filters[0].Archs {
		archs = append(archs, a.Arch)
		if i := slices.IndexFunc(a.Calls, func(c callAnswer) bool { return c.Call == "ptrace" }); i < 0 || a.Calls[i].Verdict != "kill_process" {
			t.Errorf("%s: ptrace is not listed as one that kills", a.Arch)
		}
	}
	if want := []string{"x86_64", "aarch64"}; !slices.Equal(archs, want) {
		t.Errorf("%v, want %v", archs, want)
	}
}

// TestExplainProgram shows the same program from all forms it can come in, and
// nothing but what the policy says.
func TestExplainProgram(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "tile.seccomppolicy", explainable)
	_, raw, _ := call("compile", "-arch", "x86_64", "-format", "raw", "-p", "log_fd=7", "tile.seccomppolicy")
	write(t, "raw", raw)
	_, asm, _ := call("disasm", "raw")
	_, js, _ := call("compile", "-arch", "x86_64", "-layout", "optimized", "-format", "json", "tile.seccomppolicy")
	write(t, "asm", asm)
	_, c, _ := call("asm", "-format", "c", "asm")
	for form, text := range map[string]string{"raw": raw, "asm": asm, "json": js, "c": c} {
		write(t, "program", text)
		args := []string{"explain", "program"}
		if form == "json" {
			args = []string{"explain", "-p", "log_fd=7", "program"}
		}
		code, out, errs := call(args...)
		for _, want := range []string{
			" instructions, proven to mean for every call:\n",
			"\nwrite       allow         (in (arg 0) 2 7)\n",
			"\nsocket      errno(1)\n",
			"\nmmap        allow         (eq (mask (arg 2) 0x4) 0)\n            errno(13)     otherwise\n",
			"\nany other   kill_process\nabove 471   errno(38)     newer than the policy\n",
			"\nEvery call of x32 and of other architectures: kill_process\n",
		} {
			if code != 0 || !strings.Contains(out, want) {
				t.Errorf("%s: exit %d, %s%s\nwant %s", form, code, out, errs, want)
			}
		}
	}
}

// TestExplainRefuses has what it cannot explain, and why.
func TestExplainRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "tile.seccomppolicy", explainable)
	write(t, "x.asm", "ld [16]\ntax\nret #0\n")
	write(t, "open.asm", "ld [16]\njeq #$fd, 0, 0\nret #0\n")
	write(t, "bad.asm", "ld [16]\njeq #FD, 0, 0\nret #0\n")
	write(t, "big.bpf", "\x00\x20\x00\x00\x00\x00\x00\x00\x00\x15\x00\x01\x00\x00\x00\x05\x00\x06\x00\x00\x00\x05\x00\x01\x00\x06\x00\x00\x7f\xff\x00\x00") // call 5
	write(t, "long.asm", "ld [16]\nja 7\nret #0\n")
	for _, tc := range []struct {
		args   string
		code   int
		stderr string
	}{
		{"x.asm", 2, "tileseal: x.asm: cannot decide: instruction 1, tax, is none of those that judge a call by comparing words of it\n"},
		{"open.asm", 2, "tileseal: the program needs a value for fd; add -p fd=N\n"},
		{"-p fd=3 -p no=1 open.asm", 2, "tileseal: there is no parameter no\n"},
		{"bad.asm", 1, "bad.asm:2:6: FD is no constant known here\n\tjeq #FD, 0, 0\n\t     ^\n"},
		{"long.asm", 1, "tileseal: long.asm: instruction 1 jumps to 9, past the last instruction 2\n"},
		{"-p log_fd=3 tile.seccomppolicy", 2, "tileseal: -p is for programs in files; "},
		{"-arch x86_64 big.bpf", 2, "tileseal: big.bpf has the byte order of another machine than x86_64; name the architecture it is for with -arch\n"},
		{"absent", 1, "tileseal: open absent: no such file or directory\n"},
		{"", 2, "tileseal explain takes a policy, a program or the id of a process, found 0\n"},
		{"4194305", 1, "tileseal: process 4194305: attaching to it: no such process\n"}, // above any pid
	} {
		code, out, errs := call(append([]string{"explain"}, strings.Fields(tc.args)...)...)
		if code != tc.code || out != "" || !strings.HasPrefix(errs, tc.stderr) {
			t.Errorf("%s: exit %d, %q, want %d and %q", tc.args, code, errs, tc.code, tc.stderr)
		}
	}
}
