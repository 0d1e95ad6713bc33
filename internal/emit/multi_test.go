package emit

import (
	"bytes"
	"encoding/binary"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/vm"
)

var update = flag.Bool("update", false, "rewrite the checked-in listings")

// reporter is a policy for several architectures.
func reporter(t *testing.T, layout compile.Layout, archs ...arch.Arch) gen.Target {
	t.Helper()
	name := filepath.Join("everything", "reporter"+gen.Ending)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	set, err := arch.NewSet(archs...)
	if err != nil {
		t.Fatal(err)
	}
	_, target, errs := gen.ReadMulti(name, string(text), gen.Tileseal, set, layout)
	if err := errs.Err(); err != nil {
		t.Fatal(err)
	}
	return target
}

// TestAsmMulti compares listings with those checked in.
func TestAsmMulti(t *testing.T) {
	for _, layout := range []compile.Layout{compile.Plain, compile.Optimized} {
		got := Asm(reporter(t, layout, arch.X86_64, arch.X86, arch.X32))
		name := filepath.Join("testdata", "reporter_"+layout.String()+".txt")
		if *update {
			if err := os.WriteFile(name, got, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not as checked in; if it should be like this, run go test -run TestAsmMulti -update ./internal/emit\n%s", name, got)
		}
	}
}

// TestJSONMulti loads the data form, in package vm to run it on each of its
// architectures, and for the prover.
func TestJSONMulti(t *testing.T) {
	target := reporter(t, compile.Optimized, arch.X86_64, arch.X86, arch.X32)
	text, err := JSON(target)
	if err != nil {
		t.Fatal(err)
	}
	if want := ` "arch": ["x86_64", "i386", "x32"],` + "\n"; !strings.Contains(string(text), want) {
		t.Errorf("no %s in\n%s", want, text)
	}
	p, err := vm.ReadJSON(bytes.NewReader(text), map[string]int{"log_fd": 7, "size": 100})
	if err != nil {
		t.Fatal(err)
	}
	if p.Arch() != arch.X86_64 {
		t.Errorf("the program is for %v", p.Arch())
	}
	for _, tc := range []struct {
		on   arch.Arch
		call string
		args []uint64
		want vm.Action
	}{
		{arch.X86_64, "write", []uint64{7}, vm.Allow},
		{arch.X86_64, "ftruncate", []uint64{7, 101}, vm.KillProcess},
		{arch.X86, "write", []uint64{7}, vm.Allow},
		{arch.X86, "mmap2", []uint64{0, 0, 4}, vm.KillProcess},
		{arch.X32, "ftruncate", []uint64{7, 100}, vm.Allow},
		{arch.X32, "socket", nil, vm.Errno | 13},
		{arch.ARM, "write", []uint64{7}, vm.KillProcess},
	} {
		c, err := vm.CallOf(tc.on, tc.call, tc.args...)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Run(c); got != tc.want || rule.Action(got) != target.Multi.Eval(rule.Data(c), []uint64{7, 100}) {
			t.Errorf("%v: %v, want %v", c, got, tc.want)
		}
	}
	open, err := ReadJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	program, err := open.Provable(target.Params)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := target.Equal(program); err != nil || open.Arch != "x86_64" || open.Archs.String() != "x86_64, i386, x32" {
		t.Errorf("read back for %s and %s: %v", open.Arch, open.Archs, err)
	}
}

// TestRawMulti reads the bytes back.
func TestRawMulti(t *testing.T) {
	target := reporter(t, compile.Plain, arch.X86_64, arch.X86)
	raw := Raw(target, []uint64{7, 100})
	for pc, want := range target.Program.Fill([]uint64{7, 100}) {
		b := raw[8*pc:]
		if got := (bpf.Insn{Code: binary.LittleEndian.Uint16(b), Jt: b[2], Jf: b[3], K: binary.LittleEndian.Uint32(b[4:])}); got != want {
			t.Errorf("instruction %d is %v, want %v", pc, got, want)
		}
	}
}

// TestCMulti compiles the header, which is for either machine.
func TestCMulti(t *testing.T) {
	gcc, err := exec.LookPath("gcc")
	if err != nil || arch.Native() != arch.X86_64 {
		t.Skip("no gcc for x86_64 here")
	}
	const main = `#include <stdio.h>
#include "policy.h"
int main(void) {
  struct sock_filter f[SECCOMP_REPORTER_LEN];
  if (populate_seccomp_reporter(SECCOMP_REPORTER_LEN, f, 7, 100) != 0) return 2;
  fwrite(f, sizeof f, 1, stdout);
  return 0;
}
`
	target := reporter(t, compile.Plain, arch.X86, arch.X86_64)
	dir := t.TempDir()
	for name, text := range map[string]string{"policy.h": string(C(target)), "main.c": main} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	bin := filepath.Join(dir, "main")
	if out, err := exec.Command(gcc, "-Wall", "-Wextra", "-Werror", "-o", bin, filepath.Join(dir, "main.c")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got, err := exec.Command(bin).Output()
	if want := Raw(target, []uint64{7, 100}); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v: the header writes\n%x\nwant\n%x", err, got, want)
	}
	if want := "#if !defined(__i386__) && !defined(__x86_64__)\n#error \"this program is for i386, x86_64\"\n"; !strings.Contains(string(C(target)), want) {
		t.Errorf("no %s", want)
	}
}

// TestGoMulti is about what only programs for several architectures have: the
// numbers and constants of the others, and words for all.
func TestGoMulti(t *testing.T) {
	target := reporter(t, compile.Plain, arch.X86, arch.X86_64)
	file, errs := gen.Parse("reporter"+gen.Ending, "noarg\n", gen.Tileseal)
	if err := errs.Err(); err != nil {
		t.Fatal(err)
	}
	files, err := Go("policy", file, []gen.Target{target}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 1 || files[0].Name != "reporter_seccomp_386.go" {
		t.Errorf("%d files, the first is %s", len(files), files[0].Name)
	}
	for _, want := range []string{
		"// It is for calls of i386 and x86_64.\n",
		"//   - mmap2 on i386, if argument 2 & PROT_EXEC is 0\n",
		"// Any other call kills the process, and so does any call of another architecture.\n",
		"// Calls above number 471, newer than the tables, get errno(38).\n",
		"K: unix.SYS_MMAP2}", "K: unix.O_ACCMODE | unix.O_LARGEFILE}, ",
		"K: unix.AUDIT_ARCH_I386}", "K: unix.AUDIT_ARCH_X86_64}",
		"Jf: 4, K: 1}, ", "// == write on x86_64 ?", "K: 3}, ", // O_LARGEFILE is 0 there
	} {
		if !strings.Contains(string(files[0].Text), want) {
			t.Errorf("no %q in\n%s", want, files[0].Text)
		}
	}
	x32 := reporter(t, compile.Plain, arch.X32, arch.X86)
	if _, err := Go("policy", file, []gen.Target{x32}, nil); err == nil || !strings.Contains(err.Error(), "Go does not build for x32; name another architecture first") {
		t.Errorf("x32 first: error %v", err)
	}
}

// TestAuditIdents: x/sys has every architecture's audit value under the name
// that generated Go uses.
func TestAuditIdents(t *testing.T) {
	for _, a := range arch.All() {
		target := gen.Target{Arch: a}
		if got := auditIdent(target, a.Audit()); !strings.HasPrefix(got, "unix.AUDIT_ARCH_") {
			t.Errorf("%v: %s", a, got)
		}
	}
}
