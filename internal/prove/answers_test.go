package prove

import (
	"errors"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// argTest is a program that gives one verdict where argument 0 is k, and
// kills elsewhere.
func argTest(k uint32, act rule.Action) *Program {
	return insns(
		bpf.Insn{Code: bpf.LdAbs, K: 16},
		bpf.Insn{Code: bpf.Jeq, K: k, Jf: 1},
		bpf.Insn{Code: bpf.RetK, K: uint32(act)},
		bpf.Insn{Code: bpf.RetK, K: uint32(rule.KillProcess)},
	)
}

// TestSame compares programs, and reads the counterexample as a user does.
func TestSame(t *testing.T) {
	longer := argTest(7, rule.Allow)
	longer.Insns = append([]Insn{{Insn: bpf.Insn{Code: bpf.And, K: 5}}}, longer.Insns...) // of A, which is 0
	if _, err := Same(argTest(7, rule.Allow), longer, false); err != nil {
		t.Errorf("a program and itself, behind an instruction that changes nothing: %v", err)
	}
	if stats, err := Same(argTest(7, rule.Allow), argTest(7, rule.Allow), false); err != nil || stats.Paths != 2 {
		t.Errorf("a program and itself: %d paths, want 2: equal to 7 and not; %v", stats.Paths, err)
	}
	kills, never := bpf.Insn{Code: bpf.RetK, K: uint32(rule.KillProcess)}, bpf.Insn{Code: bpf.RetK, K: uint32(rule.Allow)}
	if _, err := Same(insns(bpf.Insn{Code: bpf.And, K: 5}, bpf.Insn{Code: bpf.Jeq, K: 5, Jf: 1}, never, kills), insns(kills), false); err != nil {
		t.Errorf("a test of A, which is 0 with or without a mask: %v", err)
	}
	_, err := Same(argTest(7, rule.Allow), argTest(7, rule.Log), false)
	const want = "call 0 of architecture 0x0 with arguments [0x7 0x0 0x0 0x0 0x0 0x0], parameters []: allow, want log"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	_, err = Same(argTest(7, rule.Allow), argTest(1<<31, rule.Allow), true)
	var c *Counterexample
	if !errors.As(err, &c) || c.Data.Args[0] != 7<<32 && c.Data.Args[0] != 1<<63 {
		t.Errorf("offset 16 is the high word of a big-endian machine: %v", err)
	}
}

// TestNoWider has a new policy give less than the old one, and more.
func TestNoWider(t *testing.T) {
	narrow, wide := onePolicy(cmpConst(rule.Eq, 5), 0), onePolicy(cmpConst(rule.Le, 5), 0)
	if _, err := NoWider(wide, narrow); err != nil {
		t.Errorf("the narrower one: %v", err)
	}
	_, err := NoWider(narrow, wide)
	var c *Counterexample
	if !errors.As(err, &c) || c.Data.Nr != 1 || c.Data.Args[0] >= 5 || c.Got != rule.KillProcess || c.Want != rule.Allow {
		t.Errorf("the wider one: %v", err)
	}
}

// TestStackRefuted: a program that forgets the outer filter is found out, on a
// call that the outer one denies.
func TestStackRefuted(t *testing.T) {
	inner, outer := onePolicy(nil, 0), onePolicy(cmpConst(rule.Ge, 5), 0)
	forgets := insns(
		bpf.Insn{Code: bpf.LdAbs, K: bpf.OffArch},
		bpf.Insn{Code: bpf.Jeq, K: 9, Jf: 3},
		bpf.Insn{Code: bpf.LdAbs, K: bpf.OffNr},
		bpf.Insn{Code: bpf.Jeq, K: 1, Jf: 1},
		bpf.Insn{Code: bpf.RetK, K: uint32(rule.Allow)},
		bpf.Insn{Code: bpf.RetK, K: uint32(rule.KillProcess)},
	)
	forgets.Params = inner.Params
	if _, err := Equal(forgets, inner); err != nil {
		t.Fatalf("it is right about the inner one: %v", err)
	}
	_, err := EqualStack(forgets, outer, inner)
	var c *Counterexample
	if !errors.As(err, &c) || c.Data.Args[0] >= 5 || c.Got != rule.Allow || c.Want != rule.KillProcess {
		t.Errorf("%v", err)
	}
}

// TestUndecidedWhy is about programs that no compiler of ours makes. What is
// wrong with them is said.
func TestUndecidedWhy(t *testing.T) {
	jump := func(s Slot) *Program {
		return &Program{Params: []rule.Param{{Bits: 32}}, Insns: []Insn{
			{Insn: bpf.Insn{Code: bpf.LdAbs, K: 16}}, {Insn: bpf.Insn{Code: bpf.Jeq}, Slot: &s}, {Insn: bpf.Insn{Code: bpf.RetK}},
		}}
	}
	set := []rule.Operand{{Param: 0}, {Param: -1, Value: 3}}
	for _, tc := range []struct {
		name, why string
		prog      *Program
	}{
		{"no such parameter", "there is no parameter 7", jump(Slot{Param: 7})},
		{"a negative parameter", "there is no parameter -1", jump(Slot{Param: -1})},
		{"a set with such a parameter", "there is no parameter 1", jump(Slot{Sort: []rule.Operand{{Param: 1}, {Param: 0}}})},
		{"high words sorted", "instruction 1 sorts what cannot be sorted", jump(Slot{Sort: set, High: true})},
		{"past the set", "instruction 1 sorts what cannot be sorted", jump(Slot{Sort: set, Index: 2})},
		{"before the set", "instruction 1 sorts what cannot be sorted", jump(Slot{Sort: set, Index: -1})},
		{"an opcode", "instruction 0, tax, is none of those a compiled policy is made of", insns(bpf.Insn{Code: 7})},
		{"no return", "control runs past the last instruction, 1", insns(bpf.Insn{Code: bpf.LdAbs}, bpf.Insn{Code: bpf.And})},
		{"a load between words", "instruction 1 loads offset 18", insns(bpf.Insn{Code: bpf.And}, bpf.Insn{Code: bpf.LdAbs, K: 18})},
		{"a jump on bits of a parameter", "instruction 1 tests the bits of a parameter", &Program{Params: []rule.Param{{Bits: 32}}, Insns: []Insn{
			{Insn: bpf.Insn{Code: bpf.LdAbs, K: 16}}, {Insn: bpf.Insn{Code: bpf.Jset}, Slot: &Slot{}}, {Insn: bpf.Insn{Code: bpf.RetK}},
		}}},
	} {
		_, err := Same(tc.prog, tc.prog, false)
		var u *Undecided
		if !errors.As(err, &u) || err.Error() != "cannot decide: "+tc.why {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.why)
		}
		if dead, err := DeadInsns(tc.prog, false); dead != nil || !errors.As(err, &u) {
			t.Errorf("%s: dead instructions %v, %v", tc.name, dead, err)
		}
	}
}

// TestMaskedParameter compares a masked argument with a parameter, and excludes
// values one by one: some are gone through, with many there is no answer.
func TestMaskedParameter(t *testing.T) {
	masked := func(x rule.Operand) rule.Expr { return &rule.Cmp{Width: 32, Mask: 0xff, X: x} }
	for _, n := range []int{maxTries - 1, maxTries + 4} {
		all := rule.And{masked(rule.Operand{Param: 0})}
		for v := range n {
			all = append(all, rule.Not{X: masked(rule.Operand{Param: -1, Value: uint64(v)})})
		}
		_, err := SameMeaning(onePolicy(all, 0), onePolicy(rule.Or{}, 0))
		var c *Counterexample
		var u *Undecided
		switch {
		case n < maxTries && (!errors.As(err, &c) || c.Params[0] < uint64(n) || c.Data.Args[0]&0xff != c.Params[0]):
			t.Errorf("%d values excluded: %v, want a counterexample", n, err)
		case n > maxTries && !errors.As(err, &u):
			t.Errorf("%d values excluded: %v, want no answer", n, err)
		}
		if n > maxTries {
			if dead, err := DeadCases(onePolicy(all, 0)); dead != nil || !errors.As(err, &u) {
				t.Errorf("dead cases: %v, %v; want no answer", dead, err)
			}
		}
	}
}

// TestApart: a part of a word that is compared twice has one variable.
func TestApart(t *testing.T) {
	part, p0, p1 := word(4).and(0xff), word(paramWord(0, false)), word(paramWord(1, false))
	e := &engine{params: make([]rule.Param, 2), lits: []literal{
		{atom{word(6), ge, constant(3)}, true}, {atom{part, eq, p0}, true}, {atom{part, gt, p1}, false}, {atom{part.and(0xf), eq, p1}, false},
	}}
	lits, parts := e.apart()
	if len(parts) != 2 || parts[0].of != part || len(lits) != 6 {
		t.Fatalf("%+v, %+v", parts, lits)
	}
	for i, want := range []atom{e.lits[0].atom, {word(parts[0].v), eq, p0}, {word(parts[0].v), gt, p1}, {word(parts[1].v), eq, p1}} {
		if lits[i].atom != want || lits[i].holds != e.lits[i].holds {
			t.Errorf("%+v, want %+v", lits[i], want)
		}
	}
}

// TestTooManyPaths: a proof that takes too long ends without an answer.
func TestTooManyPaths(t *testing.T) {
	p := argTest(7, rule.Allow)
	run := func(e *engine) error {
		return e.run(func() { (&programSide{p}).explore(e, func(rule.Action) {}) })
	}
	free := &engine{}
	if err := run(free); err != nil || free.Steps == 0 {
		t.Fatalf("%d steps, %v", free.Steps, err)
	}
	if err := run(&engine{Stats: Stats{Steps: maxSteps - free.Steps}}); err != nil {
		t.Errorf("the last step: %v", err)
	}
	err := run(&engine{Stats: Stats{Steps: maxSteps - free.Steps + 1}})
	if err == nil || err.Error() != "cannot decide: there are too many paths" {
		t.Errorf("a step too many: %v", err)
	}
}

// A liar follows other paths than it judges.
type liar struct{ says, does rule.Action }

func (l liar) explore(_ *engine, leaf func(rule.Action))   { leaf(l.says) }
func (l liar) judge(rule.Data, []uint64, bool) rule.Action { return l.does }

// panics is what f panics with.
func panics(f func()) (with any) {
	defer func() { with = recover() }()
	f()
	return nil
}

// TestNotBelieved: what the engine predicts and the two sides do not do is a
// mistake of the engine's, and no answer at all.
func TestNotBelieved(t *testing.T) {
	honest, lies := liar{rule.Log, rule.Log}, liar{rule.Allow, rule.KillProcess}
	for _, tc := range []struct {
		a, b liar
		want string
	}{
		{lies, honest, "prove: predicted allow and log, but: "},
		{honest, lies, "prove: predicted log and allow, but: "},
	} {
		with := panics(func() { compare(tc.a, tc.b, nil, false, differ) })
		if text, _ := with.(string); !strings.HasPrefix(text, tc.want) {
			t.Errorf("%+v beside %+v: panics with %v, want %q", tc.a, tc.b, with, tc.want)
		}
	}
	if _, err := compare(honest, honest, nil, false, differ); err != nil {
		t.Errorf("%v", err)
	}
	e := &engine{params: []rule.Param{{Name: "fd", Bits: 32, Min: 0, Max: 1<<31 - 1}}}
	with := panics(func() { e.counterexample(model{params0: 1 << 31}) })
	if text, _ := with.(string); !strings.HasPrefix(text, "prove: the solution has a parameter fd is ") {
		t.Errorf("a value that a parameter cannot have: panics with %v", with)
	}
	if with := panics(func() { e.run(func() { panic("a mistake") }) }); with != "a mistake" {
		t.Errorf("another panic comes through as %v", with)
	}
}

// TestLearn narrows what is known of a word, to nothing if need be.
func TestLearn(t *testing.T) {
	for _, tc := range []struct {
		name      string
		k         knowledge
		rel       relation
		c         uint32
		holds     bool
		left      bool
		low, high uint32
	}{
		{"equal", knowledge{high: all}, eq, 5, true, true, 5, 5},
		{"at least", knowledge{high: all}, ge, 5, true, true, 5, all},
		{"less", knowledge{high: all}, ge, 5, false, true, 0, 4},
		{"not the least", knowledge{low: 5, high: 9}, eq, 5, false, true, 6, 9},
		{"not the greatest", knowledge{low: 5, high: 9}, eq, 9, false, true, 5, 8},
		{"up to one that is excluded", knowledge{low: 5, high: 9, exclude: []uint32{6}}, eq, 5, false, true, 7, 9},
		{"nothing between", knowledge{low: 5, high: 9}, ge, 5, false, false, 5, 4},
		{"not the only one", knowledge{low: 5, high: 5}, eq, 5, false, false, 6, 5},
		{"not the last there is", knowledge{low: all, high: all}, eq, all, false, false, all, all},
	} {
		k := tc.k
		if left := k.learn(tc.rel, tc.c, tc.holds); left != tc.left || k.low != tc.low || k.high != tc.high {
			t.Errorf("%s: %v, %#x to %#x; want %v, %#x to %#x", tc.name, left, k.low, k.high, tc.left, tc.low, tc.high)
		}
	}
}

// TestDecideChains: x <= y and y <= z decide what can be asked of x and z.
func TestDecideChains(t *testing.T) {
	x, y, z := word(4), word(6), word(8)
	atMost := func(a, b term) literal { return literal{atom{a, gt, b}, false} }
	below := func(a, b term) literal { return literal{atom{a, ge, b}, false} }
	for _, tc := range []struct {
		name           string
		lits           []literal
		asked          atom
		value, decided bool
	}{
		{"x > z", []literal{atMost(x, y), atMost(y, z)}, atom{x, gt, z}, false, true},
		{"z >= x", []literal{atMost(x, y), atMost(y, z)}, atom{z, ge, x}, true, true},
		{"z > x", []literal{atMost(x, y), atMost(y, z)}, atom{z, gt, x}, false, false},
		{"x = z", []literal{atMost(x, y), atMost(y, z)}, atom{x, eq, z}, false, false},
		{"z > x, x < y", []literal{below(x, y), atMost(y, z)}, atom{z, gt, x}, true, true},
		{"x >= z, y < z", []literal{atMost(x, y), below(y, z)}, atom{x, ge, z}, false, true},
		{"x = z, x < y", []literal{below(x, y), atMost(y, z)}, atom{x, eq, z}, false, true},
		{"y > x, x = y", []literal{{atom{x, eq, y}, true}}, atom{y, gt, x}, false, true},
		{"x & 15 >= y, y < x", []literal{below(y, x)}, atom{x.and(15), ge, y}, false, false},
		{"x >= 6, y < x, y >= 5", []literal{below(y, x), {atom{y, ge, constant(5)}, true}}, atom{x, ge, constant(6)}, true, true},
		{"x >= 6, y <= x, y >= 5", []literal{atMost(y, x), {atom{y, ge, constant(5)}, true}}, atom{x, ge, constant(6)}, false, false},
		{"x >= 5, x < y, y < 6", []literal{below(x, y), {atom{y, ge, constant(6)}, false}}, atom{x, ge, constant(5)}, false, true},
		{"x >= 5, x <= y, y < 6", []literal{atMost(x, y), {atom{y, ge, constant(6)}, false}}, atom{x, ge, constant(5)}, false, false},
	} {
		e, asked := &engine{}, false
		pairs := 0
		ask := func() {
			asked = true
			if value, decided := e.decide(tc.asked); value != tc.value || decided != tc.decided || e.pairs != pairs {
				t.Errorf("%s: %v, %v; want %v, %v; %d of %d pairs", tc.name, value, decided, tc.value, tc.decided, e.pairs, pairs)
			}
		}
		for _, l := range tc.lits {
			if !l.right.isConst() {
				pairs++
			}
			next := ask
			ask = func() { e.assume(l.atom, l.holds, next) }
		}
		if ask(); !asked || e.pairs != 0 || len(e.lits) != 0 || len(e.known) != 0 {
			t.Errorf("%s: left behind: %+v", tc.name, e)
		}
	}
}

// TestDecide: what bounds, excluded values and a mask decide, with no path more.
func TestDecide(t *testing.T) {
	x := word(4)
	for _, tc := range []struct {
		name           string
		k              knowledge
		rel            relation
		c              uint32
		value, decided bool
	}{
		{"the least", knowledge{t: x, low: 5, high: 9}, ge, 5, true, true},
		{"more than the least", knowledge{t: x, low: 5, high: 9}, ge, 6, false, false},
		{"the greatest", knowledge{t: x, low: 5, high: 9}, ge, 9, false, false},
		{"more than the greatest", knowledge{t: x, low: 5, high: 9}, ge, 10, false, true},
		{"below", knowledge{t: x, low: 5, high: 9}, eq, 4, false, true},
		{"within, below", knowledge{t: x, low: 5, high: 9}, eq, 5, false, false},
		{"within, above", knowledge{t: x, low: 5, high: 9}, eq, 9, false, false},
		{"above", knowledge{t: x, low: 5, high: 9}, eq, 10, false, true},
		{"excluded", knowledge{t: x, low: 5, high: 9, exclude: []uint32{7}}, eq, 7, false, true},
		{"the only one", knowledge{t: x, low: 5, high: 5}, eq, 5, true, true},
		{"bits of the mask", knowledge{t: x.and(0xf0), high: 0xf0}, eq, 0x30, false, false},
		{"bits outside", knowledge{t: x.and(0xf0), high: 0xf0}, eq, 0x31, false, true},
	} {
		e := &engine{known: []knowledge{tc.k}}
		if value, decided := e.decide(atom{tc.k.t, tc.rel, constant(tc.c)}); value != tc.value || decided != tc.decided {
			t.Errorf("%s: %v, %v; want %v, %v", tc.name, value, decided, tc.value, tc.decided)
		}
	}
}
