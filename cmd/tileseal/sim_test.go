package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/vm"
)

const simPolicy = `# tile: writes.
uint log_fd, ulong size
write: (in (arg 0) 2 log_fd)
munmap: (<= (arg 1) size)
openat -> errno(1): (eq (arg 2) "O_RDONLY|O_CLOEXEC")
getpid
newer -> errno(ENOSYS)
default -> trap
`

func TestSim(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "tile.seccomppolicy", simPolicy)
	for _, tc := range []struct {
		args string
		code int
		want string // in standard output, or with code 2 in standard error
	}{
		{"tile.seccomppolicy -- write 2", 0, "write(2, 0, 0) on x86_64: allow\n\ttile.seccomppolicy:3: this entry holds\n"},
		{"-p log_fd=7 tile.seccomppolicy -- write log_fd", 0, "write(7, 0, 0) on x86_64: allow\n"},
		{"-p log_fd=-1 tile.seccomppolicy -- write -1", 0, "write(0xffffffffffffffff, 0, 0) on x86_64: allow\n"},
		{"-p log_fd=7 tile.seccomppolicy -- write 0x1", 0, "tile.seccomppolicy:3: allow, does not hold: arg 0 (fd) is 1, and must be 2 or log_fd (7)\n\ttile.seccomppolicy:8: no entry about the call holds, so the default decides\n"},
		{"tile.seccomppolicy -- openat AT_FDCWD 0 O_RDONLY|O_CLOEXEC", 0, ": errno(1)\n\ttile.seccomppolicy:5: this entry holds\n"},
		{"tile.seccomppolicy -- openat -100 0 O_RDWR", 0, ": trap\n"},
		{"-p size=4096 tile.seccomppolicy -- munmap 0x7f0000000000 4096", 0, ": allow\n"},
		{"-p size=4096 tile.seccomppolicy -- munmap 0 0x100000000", 0, ": trap\n"},
		{"tile.seccomppolicy -- getpid", 0, "the kernel answers from its cache"},
		{"tile.seccomppolicy -- 39", 0, "getpid() on x86_64: allow"},
		{"tile.seccomppolicy -- fork", 0, "tile.seccomppolicy:8: there is no entry about the call, so the default decides"},
		{"tile.seccomppolicy -- 5000", 0, "call 0x1388() on x86_64: errno(38)\n\ttile.seccomppolicy:7: the call is newer than the tables\n"},
		{"tile.seccomppolicy -- 0x40000001 2", 0, "killed for being an x32 call"},
		{"-from i386 tile.seccomppolicy -- write 2", 0, "write(2, 0, 0) on i386: kill_process\n\tkilled for its architecture"},
		{"-arch x86_64,i386 -from arm tile.seccomppolicy -- write 2", 0, "kill_process"},
		{"-arch i386 tile.seccomppolicy -- write 4294967295", 2, "the verdict depends on parameter log_fd"},
		{"-arch i386 -p log_fd=-1 tile.seccomppolicy -- write 4294967295", 0, "write(0xffffffff, 0, 0) on i386: allow"},
		{"-arch i386 tile.seccomppolicy -- write 0x100000000", 2, "0x100000000 does not fit a 32-bit register of i386"},
		{"tile.seccomppolicy -- write log_fd", 2, "parameter log_fd has no value; add -p log_fd=N"},
		{"-p log_fd=-2 tile.seccomppolicy -- write 2", 2, "parameter log_fd is -2"},
		{"-p fd=2 tile.seccomppolicy -- write 2", 2, "there is no parameter fd"},
		{"tile.seccomppolicy -- write 2 /tmp/x", 2, "argument 1 (buf) of write is a pointer"},
		{"tile.seccomppolicy -- write /tmp/x", 2, "argument 0 (fd): a filter sees numbers, no text"},
		{"tile.seccomppolicy -- write SDTIN", 2, "argument 0 (fd): SDTIN: neither a number nor a constant of x86_64"},
		{"tile.seccomppolicy -- write 1 2 3 4 5 6 7", 2, "a system call has six at most"},
		{"tile.seccomppolicy -- wriet", 2, `did you mean "write"?`},
		{"tile.seccomppolicy write 2", 2, "takes a file, -- and a system call"},
		{"tile.seccomppolicy --", 2, "takes a file, -- and a system call"},
		{"nowhere.seccomppolicy -- write", 1, ""},
	} {
		args := strings.Fields(tc.args)
		if !strings.Contains(tc.args, "-arch") {
			args = append([]string{"-arch", "x86_64"}, args...)
		}
		code, out, errs := call(append([]string{"sim"}, args...)...)
		said := out
		if tc.code != 0 {
			if said = errs; out != "" {
				t.Errorf("sim %s: wrote %q beside an error", tc.args, out)
			}
		}
		if code != tc.code || !strings.Contains(said, tc.want) {
			t.Errorf("sim %s: exit %d\n%s%swant %d, %q", tc.args, code, out, errs, tc.code, tc.want)
		}
	}
}

// TestSimSaysWhatTheMachineSays holds sim against package vm, on programs read
// back from every form there is.
func TestSimSaysWhatTheMachineSays(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "tile.seccomppolicy", simPolicy)
	params := map[string]int{"log_fd": 5, "size": 8192}
	machine, err := vm.Compile("tile.seccomppolicy", simPolicy, arch.AArch64, params)
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"json", "asm", "raw"} {
		args := []string{"compile", "-arch", "aarch64", "-format", form, "tile.seccomppolicy"}
		if form == "raw" {
			args = []string{"compile", "-arch", "aarch64", "-format", form, "-p", "log_fd=5", "-p", "size=8192", "tile.seccomppolicy"}
		}
		code, out, errs := call(args...)
		if code != 0 {
			t.Fatal(errs)
		}
		write(t, "tile."+form, out)
	}
	for _, file := range []string{"tile.seccomppolicy", "tile.json", "tile.asm", "tile.raw"} {
		for _, words := range []string{"write 5", "write 6", "munmap 0 8192", "munmap 0 8193", "openat 0 0 524288", "getpid", "ptrace"} {
			args := []string{"sim", "-arch", "aarch64", "-format", "json"}
			if file != "tile.raw" {
				args = append(args, "-p", "log_fd=5", "-p", "size=8192")
			}
			code, out, errs := call(append(append(args, file, "--"), strings.Fields(words)...)...)
			if code != 0 {
				t.Errorf("%s -- %s: exit %d, %s", file, words, code, errs)
				continue
			}
			var got simulation
			if err := json.Unmarshal([]byte(out), &got); err != nil {
				t.Fatal(err)
			}
			name, rest, _ := strings.Cut(words, " ")
			c := machine.Call(name)
			for i, word := range strings.Fields(rest) {
				fmt.Sscan(word, &c.Args[i])
			}
			path, want := machine.Trace(c)
			if got.Verdict != want.String() || got.Executed != len(path) || len(got.Path) != len(path) {
				t.Errorf("%s -- %s: %s after %d instructions, want %v after %d", file, words, got.Verdict, got.Executed, want, len(path))
			}
		}
	}
}

func TestGraphAndReport(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "tile.seccomppolicy", simPolicy)
	write(t, "bad.seccomppolicy", "noarg\nwirte\n")
	write(t, "other.json", `{"arch": "x86_64", "params": [], "insns": [[6,0,0,2147418112]]}`)
	write(t, "counts.json", `[{"name": "write", "n": 3}, {"name": "getpid", "n": 1}]`)
	for _, tc := range []struct {
		args string
		code int
		want string // in the file that -o names, or else in the output
	}{
		{"graph tile.seccomppolicy", 0, `digraph "tile" {`},
		{"graph -o tile.dot tile.seccomppolicy", 0, "argument 0 is 2 or log_fd"},
		{"graph -profile counts.json tile.seccomppolicy", 0, `label="no 0%"`}, // getpid is cached
		{"graph -profile counts.json -layout optimized tile.seccomppolicy", 0, `label="yes 100%"`},
		{"graph other.json", 0, `label="allow"`},
		{"graph -o tile.png tile.seccomppolicy", 2, "the name ends in .svg or .dot"},
		{"graph -o bad.svg bad.seccomppolicy", 1, `unknown system call "wirte"`},
		{"graph -objective all -profile counts.json tile.seccomppolicy", 0, `label="yes 75%"`},
		{"report tile.seccomppolicy", 0, "<title>tile for x86_64</title>"},
		{"report -layout optimized -o tile.html tile.seccomppolicy", 0, "layout optimized"},
		{"report -o tile.htm tile.seccomppolicy", 2, "the name ends in .html"},
		{"report -o bad.html bad.seccomppolicy", 1, `unknown system call "wirte"`},
		{"report other.json", 1, "report shows policies"},
	} {
		words := strings.Fields(tc.args)
		code, out, errs := call(append([]string{words[0], "-arch", "x86_64"}, words[1:]...)...)
		said := out + errs
		if i := strings.Index(tc.args, "-o "); i >= 0 && code == 0 {
			said = read(t, strings.Fields(tc.args[i:])[1])
		}
		if code != tc.code || !strings.Contains(said, tc.want) {
			t.Errorf("%s: exit %d, %.300s; want %d, %q", tc.args, code, said, tc.code, tc.want)
		}
	}
	for _, name := range []string{"tile.png", "bad.svg", "tile.htm", "bad.html"} {
		if _, err := os.Stat(filepath.Join(".", name)); err == nil {
			t.Errorf("%s was written", name)
		}
	}
}

// TestNoGraphviz: without it there is no drawing, but a page.
func TestNoGraphviz(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("PATH", t.TempDir())
	write(t, "tile.seccomppolicy", simPolicy)
	code, _, errs := call("graph", "-arch", "x86_64", "-o", "tile.svg", "tile.seccomppolicy")
	if _, err := os.Stat("tile.svg"); code != 2 || !strings.Contains(errs, "install the package graphviz") || err == nil {
		t.Errorf("graph: exit %d, %s", code, errs)
	}
	code, out, errs := call("report", "-arch", "x86_64", "tile.seccomppolicy")
	if code != 0 || !strings.Contains(errs, "the page has no graph") || !strings.Contains(out, "The graph was left out") {
		t.Errorf("report: exit %d, %s", code, errs)
	}
}
