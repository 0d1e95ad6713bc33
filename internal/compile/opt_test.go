package compile

import (
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// A passTest is a small policy before, in layout plain, and after.
type passTest struct {
	name          string
	calls         []rule.Call
	weights       Weights
	before, after string
}

func call(nr uint32, when rule.Expr) rule.Call {
	return rule.Call{Name: "call", Nr: nr, Cases: []rule.Case{{When: when, Action: rule.Allow}}}
}

func param(n, i int) *rule.Cmp {
	return &rule.Cmp{Op: rule.Eq, Arg: n, Width: 32, Mask: allOnes, X: rule.Operand{Param: i}}
}

func seen(nr uint32, count int64, args ...uint64) Seen {
	return Seen{Nr: nr, Args: append(args, make([]uint64, 6-len(args))...), Count: count}
}

// short is a program in a few words: where it goes by index, "ok" and "no"
// for the actions.
func short(p *Program) string {
	var b strings.Builder
	list := bpf.List(instructions(p), func(pc int) string {
		in := p.Insns[pc]
		if n := in.Ref.Param(); n >= 0 {
			return "$" + p.Policy.Params[n].Name
		}
		if in.Ref.Sort == nil {
			return ""
		}
		var names []string
		for _, x := range in.Ref.Sort {
			if x.Text == "" {
				x.Text = "2"
			}
			names = append(names, x.Text)
		}
		return "max(" + strings.Join(names, ",") + ")"
	}, nil)
	for line := range strings.Lines(list) {
		b.WriteString("\t" + line)
	}
	return "\n" + strings.NewReplacer("#0x7fff0000", "ok", "#0x80000000", "no").Replace(b.String())
}

func instructions(p *Program) []bpf.Insn {
	out := make([]bpf.Insn, len(p.Insns))
	for i, in := range p.Insns {
		out[i] = in.Insn
	}
	return out
}

func TestPasses(t *testing.T) {
	for _, tc := range passTests {
		p := &rule.Policy{
			Target: rule.Target{Name: "x86_64", Audit: 0xc000003e, Bits: 64}, Default: rule.KillProcess, Calls: tc.calls,
			Params: []rule.Param{{Name: "a", Bits: 32}, {Name: "b", Bits: 32}},
		}
		before, err := Compile(p, Plain)
		if err != nil {
			t.Fatal(err)
		}
		after, err := Optimize(p, tc.weights)
		if err != nil {
			t.Fatal(err)
		}
		if got := short(before); got != tc.before {
			t.Errorf("%s, before:%s", tc.name, got)
		}
		if got := short(after); got != tc.after {
			t.Errorf("%s, after:%s", tc.name, got)
		}
	}
}

// TestCopies shows that a jump too far from a ret gets a copy of it, and the
// next such jump the same copy.
func TestCopies(t *testing.T) {
	a := &assembler{policy: &rule.Policy{}, copies: true}
	next, end := a.label(), a.label()
	a.jump(bpf.Jeq, 1, Ref{}, end, next)
	a.place(next)
	near := a.label()
	a.jump(bpf.Jeq, 2, Ref{}, end, near)
	a.place(near)
	for range 256 {
		a.load(bpf.OffNr, Ref{Kind: Field})
	}
	a.place(end)
	a.ret(rule.Allow)
	a.lower()
	insns, err := a.link()
	if err != nil {
		t.Fatal(err)
	}
	want := []bpf.Insn{
		{Code: bpf.Jeq, Jt: 1, Jf: 0, K: 1},
		{Code: bpf.Jeq, Jt: 0, Jf: 1, K: 2},
		{Code: bpf.RetK, K: uint32(rule.Allow)},
		{Code: bpf.LdAbs},
	}
	for pc, in := range want {
		if insns[pc].Insn != in {
			t.Errorf("instruction %d: %v, want %v", pc, insns[pc].Insn, in)
		}
	}
	if len(insns) != 2+1+256+1 {
		t.Errorf("%d instructions", len(insns))
	}
}

// TestDeterministic compiles one policy many times.
func TestDeterministic(t *testing.T) {
	p := &rule.Policy{Target: x86_64, Default: rule.Errno | 1}
	for nr := range uint32(60) {
		c := call(3*nr, nil)
		if nr%3 == 0 {
			c.Cases[0].When = rule.Or{arg(int(nr%2), 32, rule.Eq, uint64(nr)), arg(2, 64, rule.Gt, 7)}
		}
		p.Calls = append(p.Calls, c)
	}
	w := Weights{Calls: []Seen{{Nr: 6, Count: 5}, {Nr: 500, Count: 5}, {Nr: 501, Count: 4}, seen(9, 3, 1)}}
	first, err := Optimize(p, w)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		again, err := Optimize(p, w)
		if err != nil || !slices.Equal(instructions(first), instructions(again)) {
			t.Fatalf("not the same program twice: %v", err)
		}
	}
}
