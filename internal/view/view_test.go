package view_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/cconst"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/internal/view"
	"github.com/tileseal/tileseal/vm"
)

const small = "# small: writes.\nuint log_fd, ulong size\nwrite: (in (arg 0) 2 log_fd)\nmunmap: (<= (arg 1) size)\nopenat: (eq (arg 2) O_CLOEXEC)\ngetpid\n"

func of(t *testing.T, text string, a arch.Arch, l compile.Layout) *view.Program {
	t.Helper()
	_, targets, errs := gen.Read("small.seccomppolicy", text, gen.Tileseal, []arch.Arch{a}, l)
	if errs.Err() != nil {
		t.Fatal(errs)
	}
	return view.Of(targets[0])[0]
}

// everything is the programs of policies that use every form of the language,
// on architectures of either byte order and word size.
func everything(t *testing.T) []*view.Program {
	t.Helper()
	var out []*view.Program
	for _, name := range []string{"everything", "sorted"} {
		text, err := os.ReadFile(filepath.Join("..", "emit", "everything", name+gen.Ending))
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range []arch.Arch{arch.X86_64, arch.X86, arch.S390X} {
			for _, l := range []compile.Layout{compile.Plain, compile.Optimized} {
				out = append(out, of(t, string(text), a, l))
			}
		}
	}
	return out
}

func TestTrace(t *testing.T) {
	p := of(t, small, arch.X86_64, compile.Plain)
	call := func(name string, args ...uint64) vm.Call {
		c, err := vm.CallOf(arch.X86_64, name, args...)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, tc := range []struct {
		name   string
		call   vm.Call
		params map[int]uint64
		want   string // verdict, cached, steps
	}{
		{"cached", call("getpid"), nil,
			"allow cached: A = 0xc000003e; yes, to l3; A = 0x27; no, to l11; no, to l19; no, to l24; yes, to l25; returns allow"},
		{"before any parameter", call("write", 2), nil,
			"allow: A = 0xc000003e; yes, to l3; A = 0x1; yes, to l5; A = 0x2; yes, to l10; returns allow"},
		{"a parameter", call("write", 9), map[int]uint64{0: 9},
			"allow: A = 0xc000003e; yes, to l3; A = 0x1; yes, to l5; A = 0x9; no, to l7; A = 0x9; yes, to l10; returns allow"},
		{"foreign", vm.Call{Arch: arch.X86.Audit(), Nr: 20}, nil,
			"kill_process: A = 0x40000003; no, to l2; returns kill_process"},
	} {
		got, err := p.Trace(tc.call, tc.params)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		text := got.Verdict.String()
		if got.Cached {
			text += " cached"
		}
		var does []string
		for _, s := range got.Steps {
			does = append(does, s.Does)
		}
		if text += ": " + strings.Join(does, "; "); text != tc.want {
			t.Errorf("%s:\n%s\nwant\n%s\n%q", tc.name, text, tc.want, p.Text)
		}
	}
	var open *view.OpenError
	if _, err := p.Trace(call("write", 9), map[int]uint64{1: 4}); !errors.As(err, &open) || open.Param != "log_fd" {
		t.Errorf("write without log_fd: %v", err)
	}
	if _, err := p.Trace(call("munmap", 0, 4), map[int]uint64{0: 4}); !errors.As(err, &open) || open.Param != "size" {
		t.Errorf("munmap without size: %v", err)
	}
}

// TestNotes wants the policy's words for numbers, and never a wrong one.
func TestNotes(t *testing.T) {
	p := of(t, small, arch.X86_64, compile.Plain)
	for _, want := range []string{"openat argument 2", "O_CLOEXEC", "munmap argument 1, high word", "munmap argument 1, low word", "write", "log_fd", "size>>32", "allow"} {
		if !slices.Contains(p.Notes, want) {
			t.Errorf("no note says %q: %q", want, p.Notes)
		}
	}
	named := 0
	for _, p := range everything(t) {
		for pc, in := range p.Insns {
			c, ok := cconst.Lookup(p.Arch, p.Notes[pc])
			if !ok || !view.Branches(in.Code) {
				continue
			}
			named++
			if value := c.Value; uint32(value) != in.K && uint32(value>>32) != in.K {
				t.Errorf("%v: %s is noted %s, which is %#x", p.Arch, p.Text[pc], p.Notes[pc], value)
			}
		}
	}
	if named < 40 {
		t.Errorf("only %d operands have a constant's name", named)
	}
}

// TestReach runs random calls: whatever they execute is what Reach and Executed
// say, and Cached calls are allowed whatever the arguments.
func TestReach(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, p := range everything(t) {
		for _, c := range p.Policy.Calls {
			reach, cached := p.Reach(c.Nr), p.Cached(c.Nr)
			least, most := p.Executed(c.Nr)
			for range 50 {
				params := map[int]uint64{}
				for i := range p.Params {
					params[i] = uint64(r.IntN(5))
				}
				call := vm.Call{Nr: c.Nr, Arch: p.Arch.Audit()}
				for i := range call.Args {
					call.Args[i] = r.Uint64() >> r.IntN(64)
					if n := r.IntN(3); n > 0 {
						call.Args[i] = uint64(r.IntN(20))
					}
				}
				got, err := p.Trace(call, params)
				if err != nil {
					t.Fatal(err)
				}
				if n := len(got.Steps); n < least || n > most {
					t.Fatalf("%v %v executes %d instructions, want %d to %d", p.Name, call, n, least, most)
				}
				for _, s := range got.Steps {
					if !reach[s.PC] {
						t.Fatalf("%v %v executes l%d, out of its reach", p.Name, call, s.PC)
					}
				}
				if cached && got.Verdict != vm.Allow {
					t.Fatalf("%v %v is cached, and %v", p.Name, call, got.Verdict)
				}
			}
		}
	}
}

// TestReachIsNarrow is that a call comes to no instruction of another one where
// each has a paragraph of its own.
func TestReachIsNarrow(t *testing.T) {
	p := of(t, small, arch.X86_64, compile.Plain)
	for pc, in := range p.Insns {
		if in.Code == bpf.LdAbs && in.K >= bpf.OffArgs && len(p.Callers[pc]) != 1 {
			t.Errorf("l%d, %s, is come to by %v", pc, p.Text[pc], p.Callers[pc])
		}
	}
}

func TestCachedWhereKernelsHaveOne(t *testing.T) {
	for a, want := range map[arch.Arch]bool{arch.X86_64: true, arch.X86: true, arch.S390X: true, arch.MIPS64: false, arch.X32: false} {
		p := of(t, "noarg\ngetpid\n", a, compile.Plain)
		nr, _ := a.Number("getpid")
		if got := p.Cached(nr); got != want {
			t.Errorf("getpid on %v is cached: %v", a, got)
		}
	}
}

// TestForeign is a program from elsewhere, with opcodes no compiled one has.
func TestForeign(t *testing.T) {
	insns := []bpf.Insn{
		{Code: bpf.LdAbs, K: bpf.OffNr},
		{Code: bpf.Tax},
		{Code: bpf.LdImm, K: 39},
		{Code: bpf.Jeq | bpf.SrcX, Jf: 1},
		{Code: bpf.RetK, K: uint32(rule.Allow)},
		{Code: bpf.RetK, K: uint32(rule.Errno) | 1},
	}
	p, err := view.Foreign("x", arch.X86_64, &prove.Program{Insns: prove.Concrete(insns)})
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Trace(vm.Call{Arch: arch.X86_64.Audit(), Nr: 39}, nil)
	if err != nil || got.Verdict != vm.Allow || got.Cached {
		t.Errorf("getpid: %+v, %v", got, err)
	}
	w, err := p.Weigh(nil, false)
	if err != nil || w.At[4] < 0.999 {
		t.Errorf("weights %+v, %v", w, err)
	}
	if _, err := view.Foreign("x", arch.X86_64, &prove.Program{Insns: prove.Concrete(insns[:4])}); err == nil {
		t.Error("a program without an end was taken")
	}
}

func TestSeveralArchitectures(t *testing.T) {
	set, err := arch.NewSet(arch.X86_64, arch.X86)
	if err != nil {
		t.Fatal(err)
	}
	_, target, errs := gen.ReadMulti("small.seccomppolicy", small, gen.Tileseal, set, compile.Plain)
	if errs.Err() != nil {
		t.Fatal(errs)
	}
	for _, p := range view.Of(target) {
		c, err := vm.CallOf(p.Arch, "write", 2)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Trace(c, nil)
		if err != nil || got.Verdict != vm.Allow {
			t.Errorf("write on %v: %+v, %v", p.Arch, got, err)
			continue
		}
		if at := got.Steps[len(got.Steps)-2].PC; p.Notes[at] != "2" || !strings.Contains(p.Notes[at-1], "write argument 0") {
			t.Errorf("on %v the way ends by %q, %q", p.Arch, p.Notes[at-1], p.Notes[at])
		}
	}
}
