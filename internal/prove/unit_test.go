package prove

import (
	"errors"
	"testing"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// TestNextMatch searches values for one word by hand-worked conditions.
func TestNextMatch(t *testing.T) {
	lit := func(mask uint32, rel relation, c uint32, holds bool) literal {
		return literal{atom{term{v: 4, mask: mask}, rel, constant(c)}, holds}
	}
	for _, tc := range []struct {
		name string
		lits []literal
		from int64
		want int64 // -1: none
	}{
		{"anything", nil, 7, 7},
		{"past the end", nil, 1 << 32, -1},
		{"bits set", []literal{lit(0xf0, eq, 0x30, true)}, 0, 0x30},
		{"bits set, from above", []literal{lit(0xf0, eq, 0x30, true)}, 0x40, 0x130},
		{"not these", []literal{lit(all, eq, 5, false), lit(all, eq, 6, false)}, 5, 7},
		{"odd and not 1 or 3", []literal{lit(1, eq, 1, true), lit(all, eq, 1, false), lit(7, eq, 3, false)}, 0, 5},
		{"masked order", []literal{lit(0xff00, ge, 0x200, true)}, 1, 0x200},
		{"masked order, below", []literal{lit(0xff00, ge, 0x200, false)}, 0x250, 0x10000},
		{"contradiction", []literal{lit(1, eq, 1, true), lit(1, eq, 0, true)}, 0, -1},
		{"contradiction in the lowest bits", []literal{lit(3, ge, 2, true), lit(2, eq, 0, true)}, 0, -1},
		{"all excluded of two", []literal{lit(^uint32(1), eq, 0, true), lit(all, eq, 0, false), lit(all, eq, 1, false)}, 0, -1},
		{"the last value", []literal{lit(all, eq, all, true)}, 3, all},
	} {
		got, ok := nextMatch(tc.lits, tc.from)
		if !ok {
			got = -1
		}
		if got != tc.want {
			t.Errorf("%s: %#x, want %#x", tc.name, got, tc.want)
		}
	}
}

// TestAdvance: a comparison that can no longer hold is given up at the first bit
// that says so.
func TestAdvance(t *testing.T) {
	lit := func(rel relation, holds bool) []literal {
		return []literal{{atom{word(4), rel, constant(4)}, holds}}
	}
	for _, tc := range []struct {
		name string
		lits []literal
		x    uint32 // bit 2 of the variable
		want byte
		ok   bool
	}{
		{"= with the bit", lit(eq, true), 4, equal, true},
		{"= without it", lit(eq, true), 0, 0, false},
		{"not = with the bit", lit(eq, false), 4, equal, true},
		{"not = without it", lit(eq, false), 0, less, true},
		{">= with the bit", lit(ge, true), 4, equal, true},
		{">= without it", lit(ge, true), 0, 0, false},
		{"< with the bit", lit(ge, false), 4, equal, true},
		{"< without it", lit(ge, false), 0, less, true},
	} {
		next, ok := advance(tc.lits, []byte{equal}, 4, tc.x)
		if ok != tc.ok || ok && next[0] != tc.want {
			t.Errorf("%s: %v, %v", tc.name, next, ok)
		}
	}
	if next, ok := advance(lit(ge, false), []byte{equal}, 2, 2); ok {
		t.Errorf("< 4, and 6 is more: %v", next)
	}
}

// onePolicy is a policy of one call, number 1, with two parameters.
func onePolicy(when rule.Expr, min int64) *rule.Policy {
	return &rule.Policy{
		Target: rule.Target{Audit: 9}, Default: rule.KillProcess,
		Params: []rule.Param{{Name: "a", Bits: 32, Min: min, Max: 1<<31 - 1}, {Name: "b", Bits: 32, Min: min, Max: 1<<31 - 1}},
		Calls:  []rule.Call{{Nr: 1, Cases: []rule.Case{{When: when, Action: rule.Allow}}}},
	}
}

func cmpParam(op rule.Op, param int) rule.Expr {
	return &rule.Cmp{Op: op, Width: 32, Mask: all, X: rule.Operand{Param: param}}
}

func cmpConst(op rule.Op, v uint64) rule.Expr {
	return &rule.Cmp{Op: op, Width: 32, Mask: all, X: rule.Operand{Param: -1, Value: v}}
}

// TestParameters is about what follows from the values parameters can have
// and the orders they can be in.
func TestParameters(t *testing.T) {
	a, b := cmpParam(rule.Eq, 0), cmpParam(rule.Eq, 1)
	for _, tc := range []struct {
		name string
		x, y rule.Expr
		min  int64
		same bool
	}{
		{"one of both", rule.Or{a, b}, rule.Or{b, a}, -1, true},
		{"one of one", rule.Or{a, b}, a, -1, false},
		{"between equal bounds", rule.And{cmpParam(rule.Ge, 0), cmpParam(rule.Le, 0)}, a, -1, true},
		{"between bounds", rule.And{cmpParam(rule.Ge, 0), cmpParam(rule.Le, 1)}, rule.Or{a, b}, -1, false},
		{"below both", rule.And{cmpParam(rule.Lt, 0), cmpParam(rule.Lt, 1)}, rule.Not{X: rule.Or{cmpParam(rule.Ge, 0), cmpParam(rule.Ge, 1)}}, -1, true},
		{"a descriptor has 31 bits", rule.And{a, cmpConst(rule.Ge, 1<<31)}, rule.And{a, cmpConst(rule.Eq, all)}, -1, true},
		{"and is never -1 where that would widen", rule.And{a, cmpConst(rule.Ge, 1<<31)}, rule.And{a, rule.Not{X: a}}, 0, true},
		{"but can be elsewhere", rule.And{a, cmpConst(rule.Ge, 1<<31)}, rule.And{a, rule.Not{X: a}}, -1, false},
		{"two that differ leave room", rule.And{cmpConst(rule.Ge, 4), cmpConst(rule.Le, 5), rule.Not{X: a}, rule.Not{X: b}}, rule.And{a, rule.Not{X: a}}, -1, false},
	} {
		_, err := SameMeaning(onePolicy(tc.x, tc.min), onePolicy(tc.y, tc.min))
		var c *Counterexample
		if same := err == nil; same != tc.same || !same && !errors.As(err, &c) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	for _, both := range []rule.And{
		{a, b, cmpConst(rule.Ge, 1<<31)}, {b, a, cmpConst(rule.Ge, 1<<31)}, {a, b, cmpConst(rule.Eq, all)}, {b, a, cmpConst(rule.Eq, all)},
	} {
		p, never := onePolicy(both, -1), onePolicy(rule.Or{}, -1)
		p.Params[1].Min, never.Params[1].Min = 0, 0
		if _, err := SameMeaning(p, never); err != nil {
			t.Errorf("-1, and equal to one that is not: %v", err)
		}
	}
}

func insns(list ...bpf.Insn) *Program {
	p := &Program{}
	for _, in := range list {
		p.Insns = append(p.Insns, Insn{Insn: in})
	}
	return p
}

// TestEmulated is the kernel's own look at a program, step by step.
func TestEmulated(t *testing.T) {
	ret := func(k rule.Action) bpf.Insn { return bpf.Insn{Code: bpf.RetK, K: uint32(k)} }
	ld := func(off uint32) bpf.Insn { return bpf.Insn{Code: bpf.LdAbs, K: off} }
	for _, tc := range []struct {
		name    string
		prog    *Program
		allowed bool
		steps   int
	}{
		{"allow", insns(ret(rule.Allow)), true, 1},
		{"allow with data is not it", insns(ret(rule.Allow | 1)), false, 1},
		{"log", insns(ret(rule.Log)), false, 1},
		{"number", insns(ld(0), bpf.Insn{Code: bpf.Jeq, K: 5, Jf: 1}, ret(rule.Allow), ret(0)), true, 3},
		{"architecture", insns(ld(4), bpf.Insn{Code: bpf.Jgt, K: 9, Jf: 1}, ret(rule.Allow), ret(0)), false, 3},
		{"argument", insns(ld(16), ret(rule.Allow)), false, 1},
		{"masked number", insns(ld(0), bpf.Insn{Code: bpf.And, K: 4}, bpf.Insn{Code: bpf.Jset, K: 4, Jf: 1}, ret(rule.Allow), ret(0)), true, 4},
		{"some bits of the number", insns(ld(0), bpf.Insn{Code: bpf.And, K: 6}, bpf.Insn{Code: bpf.Jeq, K: 4, Jf: 1}, ret(rule.Allow), ret(0)), true, 4},
		{"bits it has not", insns(ld(0), bpf.Insn{Code: bpf.Jset, K: 2, Jt: 1}, ret(rule.Allow), ret(0)), true, 3},
		{"jump", insns(bpf.Insn{Code: bpf.Ja, K: 1}, ret(0), ret(rule.Allow)), true, 2},
		{"jump further on", insns(ld(0), bpf.Insn{Code: bpf.Ja, K: 1}, ret(0), ret(rule.Allow)), true, 3},
		{"tax", insns(bpf.Insn{Code: 7}, ret(rule.Allow)), false, 1},
		{"or", insns(ld(0), bpf.Insn{Code: 0x44, K: 1}, ret(rule.Allow)), false, 2},
	} {
		allowed, steps := Emulated(tc.prog.Insns, 9, 5)
		if allowed != tc.allowed || steps != tc.steps {
			t.Errorf("%s: %v after %d steps, want %v after %d", tc.name, allowed, steps, tc.allowed, tc.steps)
		}
	}
	steps, cached := Install(insns(ld(0), bpf.Insn{Code: bpf.Jge, K: 2, Jt: 1}, ret(rule.Allow), ret(0)).Insns, []Table{{9, 3}, {8, 1}})
	if steps != 12 || len(cached) != 2 {
		t.Errorf("%d steps, cached %v", steps, cached)
	}
}

func TestDeadInsns(t *testing.T) {
	p := insns(
		bpf.Insn{Code: bpf.LdAbs, K: 16},
		bpf.Insn{Code: bpf.Jge, K: 5, Jt: 0, Jf: 1}, // 2 or 3
		bpf.Insn{Code: bpf.Jgt, K: 3, Jt: 1, Jf: 2}, // always: 4
		bpf.Insn{Code: bpf.Jeq, K: 7, Jt: 1, Jf: 0}, // never: 4
		bpf.Insn{Code: bpf.RetK},
		bpf.Insn{Code: bpf.RetK, K: 1},
	)
	dead, err := DeadInsns(p, false)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"instruction 2 always jumps", "instruction 3 never jumps", "instruction 5 never runs"}
	for i, d := range dead {
		if i >= len(want) || d.String() != want[i] {
			t.Errorf("%v, want %v", dead, want)
			break
		}
	}
	if len(dead) != len(want) {
		t.Errorf("%v, want %v", dead, want)
	}
	p = insns(bpf.Insn{Code: bpf.LdAbs, K: 16}, bpf.Insn{Code: bpf.Ja, K: 1}, bpf.Insn{Code: bpf.RetK}, bpf.Insn{Code: bpf.RetK})
	if dead, err := DeadInsns(p, false); err != nil || len(dead) != 1 || dead[0].String() != "instruction 2 never runs" {
		t.Errorf("behind a jump: %v, %v", dead, err)
	}
}

// TestUndecided: what is outside the opcodes of compiled policies is never
// called equal.
func TestUndecided(t *testing.T) {
	for name, p := range map[string]*Program{
		"tax":         insns(bpf.Insn{Code: 7}, bpf.Insn{Code: bpf.RetK, K: uint32(rule.KillProcess)}),
		"runs out":    insns(bpf.Insn{Code: bpf.LdAbs}),
		"bad load":    insns(bpf.Insn{Code: bpf.LdAbs, K: 64}, bpf.Insn{Code: bpf.RetK}),
		"jset of one": {Insns: []Insn{{Insn: bpf.Insn{Code: bpf.LdAbs, K: 16}}, {Insn: bpf.Insn{Code: bpf.Jset}, Slot: &Slot{}}, {Insn: bpf.Insn{Code: bpf.RetK}}}, Params: []rule.Param{{Bits: 32}}},
	} {
		_, err := Equal(p, &rule.Policy{Target: rule.Target{Audit: 9}, Default: rule.KillProcess, Params: p.Params})
		var u *Undecided
		if !errors.As(err, &u) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNormal holds the form that conditions are brought into against the
// conditions, for all small values.
func TestNormal(t *testing.T) {
	compare := func(l uint32, rel relation, r uint32) bool {
		return rel == eq && l == r || rel == ge && l >= r || rel == gt && l > r
	}
	x, y := word(4), word(5)
	for _, rel := range []relation{eq, ge, gt} {
		for _, c := range []uint32{0, 1, 2, all - 1, all} {
			for _, v := range []uint32{0, 1, 2, 3, all - 1, all} {
				for _, pair := range [][2]term{{x, constant(c)}, {constant(c), x}, {constant(c), constant(v)}, {x, y}, {y, x}, {x, x}} {
					value := func(s term) uint32 {
						switch s {
						case x:
							return v
						case y:
							return c
						}
						return s.k
					}
					want := compare(value(pair[0]), rel, value(pair[1]))
					a, negated, decided, got := normal(pair[0], rel, pair[1])
					if !decided {
						got = compare(value(a.left), a.rel, value(a.right)) != negated
					}
					if got != want {
						t.Errorf("%v %d %v with %#x: %v", pair[0], rel, pair[1], v, got)
					}
				}
			}
		}
	}
}
