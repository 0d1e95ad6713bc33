package compile

import (
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// TestNames: layouts and objectives are found by the names they print.
func TestNames(t *testing.T) {
	if n := len(Layouts()); n != 4 {
		t.Errorf("%d layouts", n)
	}
	for _, l := range Layouts() {
		if got, err := LayoutByName(l.String()); got != l || err != nil {
			t.Errorf("layout %v: %v, %v", l, got, err)
		}
	}
	for _, o := range []Objective{Unc, All, Inst} {
		if got, err := ObjectiveByName(o.String()); got != o || err != nil {
			t.Errorf("objective %v: %v, %v", o, got, err)
		}
	}
	if _, err := LayoutByName("Plain"); err == nil || err.Error() != `unknown layout "Plain"; there are plain, classic, current and optimized` {
		t.Errorf("%v", err)
	}
	if _, err := ObjectiveByName(""); err == nil || err.Error() != `unknown objective ""; there are unc, all and inst` {
		t.Errorf("%v", err)
	}
}

// anyOf is a condition that argument 0 is one of n values.
func anyOf(n int) rule.Expr {
	var or rule.Or
	for i := range n {
		or = append(or, arg(0, 32, rule.Eq, uint64(3*i)))
	}
	return or
}

// TestLimits: what does not fit is an error at the largest rule.
func TestLimits(t *testing.T) {
	p := &rule.Policy{Target: x86_64, Default: rule.KillProcess, Calls: []rule.Call{call(1, anyOf(3)), call(2, anyOf(300)), call(3, nil)}}
	for i := range p.Calls {
		p.Calls[i].Cases[0].Src = rule.Src{File: "tile.seccomppolicy", Line: i + 4, Col: 1}
	}
	for _, l := range []Layout{Classic, Current} {
		_, err := Compile(p, l)
		if err == nil || !strings.HasPrefix(err.Error(), "tile.seccomppolicy:5:1: instruction ") || !strings.Contains(err.Error(), "255 is the limit of this layout") {
			t.Errorf("layout %v, a jump over 300 instructions: %v", l, err)
		}
	}
	if _, err := Compile(p, Plain); err != nil {
		t.Errorf("layout plain takes jumps of any length: %v", err)
	}
	p.Calls[1].Cases[0].When = anyOf(4100)
	_, err := Compile(p, Plain)
	if err == nil || !strings.HasPrefix(err.Error(), "tile.seccomppolicy:5:1: the program has ") || !strings.Contains(err.Error(), "the kernel takes 4096") {
		t.Errorf("4100 values: %v", err)
	}
	m := &rule.Multi{Foreign: rule.KillProcess, Parts: []rule.Part{{Policy: p}}}
	if _, err := Multi(m, Plain); err == nil || !strings.HasPrefix(err.Error(), "tile.seccomppolicy:5:1: the program has ") {
		t.Errorf("4100 values beside other architectures: %v", err)
	}
}

// TestLargest: the first of those that are largest is named, and it may be the
// first of all.
func TestLargest(t *testing.T) {
	for name, sizes := range map[string][]int{"the first": {300, 3}, "both": {300, 300}} {
		p := &rule.Policy{Target: x86_64, Default: rule.KillProcess}
		for i, n := range sizes {
			c := call(uint32(i), anyOf(n))
			c.Cases[0].Src = rule.Src{File: "tile.seccomppolicy", Line: i + 4, Col: 1}
			p.Calls = append(p.Calls, c)
		}
		if _, err := Compile(p, Classic); err == nil || !strings.HasPrefix(err.Error(), "tile.seccomppolicy:4:1: instruction ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLongest: a program of as many instructions as the kernel takes, and of one
// more.
func TestLongest(t *testing.T) {
	for _, n := range []int{bpf.MaxInsns, bpf.MaxInsns + 1} {
		a := newAssembler(&rule.Policy{Calls: []rule.Call{call(0, nil)}})
		for range n - 1 {
			a.load(bpf.OffNr, Ref{Kind: Field})
		}
		a.ret(rule.Allow)
		if _, err := a.finish(Plain); (err == nil) != (n == bpf.MaxInsns) {
			t.Errorf("%d instructions: %v", n, err)
		}
	}
}

// TestCallOf: an instruction says which call it is about, or that it is about none.
func TestCallOf(t *testing.T) {
	p := &rule.Policy{Target: x86_64, Default: rule.KillProcess, Params: []rule.Param{{Name: "a", Bits: 32}, {Name: "b", Bits: 32}}, Calls: []rule.Call{
		call(1, arg(0, 32, rule.Eq, 7)), call(4, arg(1, 32, rule.Eq, 7)), call(5, arg(2, 32, rule.Eq, 7)), call(8, rule.Or{param(3, 0), param(3, 1)}),
	}}
	for _, l := range Layouts() {
		prog, err := Compile(p, l)
		if err != nil {
			t.Fatal(err)
		}
		shared := map[Layout]int{Plain: len(prog.Insns) - 1, Classic: len(prog.Insns), Current: len(prog.Insns), Optimized: 0}
		about(t, l.String(), prog, shared[l])
	}
	for _, l := range []Layout{Plain, Optimized} {
		prog, err := Multi(&rule.Multi{Foreign: rule.KillProcess, Parts: []rule.Part{{Policy: p}}}, l)
		if err != nil {
			t.Fatal(err)
		}
		about(t, "several architectures, "+l.String(), prog, 0)
	}
	prog, err := Optimize(p, Weights{Params: []uint64{5, 6}, Calls: []Seen{seen(8, 1000, 0, 0, 0, 9), seen(8, 1, 0, 0, 0, 5)}})
	if err != nil {
		t.Fatal(err)
	}
	about(t, "weighted", prog, 0)
	if !slices.ContainsFunc(prog.Insns, func(in Insn) bool { return in.Ref.Sort != nil }) {
		t.Error("weighted: no jump past two parameters, where most calls go")
	}
}

// about checks that of a program for calls that are each about the argument of
// their index, the last about two parameters. Verdicts from instruction shared on
// are about no call.
func about(t *testing.T, name string, prog *Program, shared int) {
	t.Helper()
	for pc, in := range prog.Insns {
		want := -1
		switch {
		case in.Ref.Sort != nil:
			want = len(prog.Policy.Calls) - 1
		case in.Code == bpf.LdAbs && in.K >= bpf.OffArgs:
			want = int(in.K-bpf.OffArgs) / 8
		case in.Code == bpf.LdAbs, in.Code == bpf.Jeq && in.K == x86_64.Audit:
		case in.Code == bpf.RetK && pc >= shared:
		default:
			continue
		}
		if in.Call != want {
			t.Errorf("%s: instruction %d, %v, is about call %d, want %d", name, pc, in.Insn, in.Call, want)
		}
	}
}

// TestNever: no masked word is a value with a bit that the mask does not let
// through, nor reaches one past the mask; nothing of that is tested at run time.
func TestNever(t *testing.T) {
	for name, when := range map[string]rule.Expr{
		"equal":    &rule.Cmp{Op: rule.Eq, Width: 32, Mask: 0x55, X: rule.Operand{Param: -1, Value: 0x100}},
		"at least": &rule.Cmp{Op: rule.Ge, Width: 32, Mask: 0x55, X: rule.Operand{Param: -1, Value: 0x56}},
	} {
		p := &rule.Policy{Target: x86_64, Default: rule.KillProcess, Calls: []rule.Call{call(1, when), call(7, nil)}}
		without := &rule.Policy{Target: x86_64, Default: rule.KillProcess, Calls: []rule.Call{call(7, nil)}}
		if got, want := listing(t, p, Optimized), listing(t, without, Optimized); got != want {
			t.Errorf("%s: got %s\nwant the program without that call: %s", name, got, want)
		}
	}
}

// TestLoads counts what goes ahead of a jump.
func TestLoads(t *testing.T) {
	for want, p := range []plan{{}, {load: true}, {load: true, and: true}} {
		if got := p.loads(); got != want {
			t.Errorf("%+v: %d, want %d", p, got, want)
		}
	}
}
