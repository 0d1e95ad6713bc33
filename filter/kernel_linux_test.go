package filter_test

import (
	"math/rand/v2"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/filter"
	"github.com/tileseal/tileseal/install"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/kerneltest"
	"github.com/tileseal/tileseal/vm"
)

// program compiles a filter, for the kernel.
func program(t *testing.T, f *filter.Filter) []bpf.Insn {
	t.Helper()
	p, err := f.Program()
	if err != nil {
		t.Fatal(err)
	}
	var out []bpf.Insn
	for i, in := range p.SockFilter() {
		if filter.Insn(in) != p.Insns()[i] {
			t.Fatalf("instruction %d: %v, and %v", i, in, p.Insns()[i])
		}
		out = append(out, bpf.Insn(in))
	}
	return out
}

// TestKernel has the kernel decide calls by random filters for the
// architectures of this machine.
func TestKernel(t *testing.T) {
	if arch.Native() != arch.X86_64 {
		t.Skipf("on %v the kernel makes calls of one architecture only", arch.Native())
	}
	judged := 0
	for seed := uint64(0); judged < 20000; seed++ {
		s := rand.New(rand.NewPCG(seed, 7))
		f, m, archs := build(t, s, seed%2 == 0)
		set := f.Archs()
		if !set.Has(arch.X86_64) && !set.Has(arch.X86) {
			continue
		}
		prog := program(t, f)
		of := map[arch.Arch][]kerneltest.Call{}
		for _, c := range calls(s, archs, 600) {
			a := arch.Arch(c.Arch)
			if a == arch.X86_64 || a == arch.X86 {
				of[a] = append(of[a], kerneltest.Call{Nr: c.Nr, Args: c.Args})
			}
		}
		for a, cs := range of {
			if a == arch.X86 {
				cs = cs[:len(cs)/8] // slower
			}
			for i, ret := range kerneltest.Judge(t, a, prog, cs) {
				c := vm.Call{Arch: uint32(a), Nr: cs[i].Nr, Args: cs[i].Args}
				agree(t, m, c, filter.Action(prog[ret].K))
				judged++
			}
		}
	}
	t.Logf("%d calls judged by the kernel", judged)
}

// agree compares a verdict with those of the model.
func agree(t *testing.T, m *model, c vm.Call, got filter.Action) {
	t.Helper()
	for _, want := range m.verdicts(c) {
		if got == want {
			return
		}
	}
	t.Errorf("%v: %v, want %v", c, got, m.verdicts(c))
}

// TestInstall: what kills a thread only is for libseccomp's model, not for Go.
func TestInstall(t *testing.T) {
	f := newFilter(t, filter.Allow, arch.Native())
	add(t, f, "acct", filter.KillThread)
	p, err := f.Program()
	if err != nil {
		t.Fatal(err)
	}
	if err := install.Process(p.SockFilter()); err == nil {
		t.Error("a program that kills threads was installed")
	}
}
