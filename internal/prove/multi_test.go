package prove_test

import (
	"errors"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
)

// multi is a policy for three audit values, with and without x32.
func multi(n rule.Numbers) *rule.Multi {
	part := func(a arch.Arch, n rule.Numbers, nr uint32) rule.Part {
		c := &rule.Cmp{Op: rule.Gt, Arg: 1, Width: a.Bits(), Mask: 1<<a.Bits() - 1, X: rule.Operand{Param: -1, Value: 7}}
		return rule.Part{Numbers: n, Policy: &rule.Policy{
			Target:  rule.Target{Audit: a.Audit(), Bits: a.Bits()},
			Default: rule.Errno | 1,
			Calls: []rule.Call{
				{Nr: nr, Cases: []rule.Case{{Action: rule.Allow}}},
				{Nr: nr + 1, Cases: []rule.Case{{When: c, Action: rule.Log}}},
			},
		}}
	}
	nr := uint32(3)
	if n == rule.OnlyX32 {
		nr |= arch.X32Bit
	}
	return &rule.Multi{Foreign: rule.Trap, Parts: []rule.Part{
		part(arch.X86, rule.AnyNumber, 4), part(arch.X86_64, n, nr), part(arch.AArch64, rule.AnyNumber, 64),
	}}
}

// pair is a policy for x86_64 and x32, in two parts with a third between them.
// They agree about the number of a skipped call if alike is set.
func pair(alike bool) *rule.Multi {
	m, x32 := multi(rule.WithoutX32), multi(rule.OnlyX32)
	m.Parts = []rule.Part{m.Parts[1], m.Parts[0], x32.Parts[1]}
	if !alike {
		m.Parts[2].Policy.Default = rule.Errno | 2
	}
	return m
}

// TestMulti refutes every mutant of programs for several architectures: each
// of their instructions matters.
func TestMulti(t *testing.T) {
	for _, layout := range []compile.Layout{compile.Plain, compile.Optimized} {
		refuted, equal := 0, 0
		for i, m := range []*rule.Multi{multi(rule.AnyNumber), multi(rule.WithoutX32), multi(rule.OnlyX32), pair(true), pair(false)} {
			program, err := compile.Multi(m, layout)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := prove.EqualMulti(gen.Provable(program), m, false); err != nil {
				t.Fatalf("layout %v, policy %d: %v", layout, i, err)
			}
			mutants(gen.Provable(program), func(what string, p *prove.Program) {
				_, err := prove.EqualMulti(p, m, false)
				var c *prove.Counterexample
				var undecided *prove.Undecided
				switch {
				case errors.As(err, &c):
					refuted++
					if want := m.Eval(c.Data, nil); want != c.Want || c.Got == want {
						t.Errorf("layout %v, %s: %v, but it means %v", layout, what, c, want)
					}
				case errors.As(err, &undecided):
					refuted++ // jumps past the end
				default:
					equal++ // such as jge in place of the jeq that comes after jgt
				}
			})
		}
		t.Logf("layout %v: %d mutants refuted, %d equal", layout, refuted, equal)
		if refuted < 100 || equal > refuted/20 {
			t.Errorf("layout %v: %d mutants refuted, %d equal", layout, refuted, equal)
		}
	}
}

// TestMultiParts refutes a program for policies that differ in one thing.
func TestMultiParts(t *testing.T) {
	m := multi(rule.WithoutX32)
	program, err := compile.Multi(m, compile.Plain)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*rule.Multi){
		"foreign":       func(m *rule.Multi) { m.Foreign = rule.Allow },
		"a part less":   func(m *rule.Multi) { m.Parts = m.Parts[1:] },
		"other numbers": func(m *rule.Multi) { m.Parts[1].Numbers = rule.AnyNumber },
		"a default":     func(m *rule.Multi) { m.Parts[2].Policy.Default = rule.Allow },
		"a call":        func(m *rule.Multi) { m.Parts[0].Policy.Calls[1].Nr++ },
		"x32 let in":    func(m *rule.Multi) { m.Parts = append(m.Parts, pair(true).Parts[2]) },
		"a part swapped for another": func(m *rule.Multi) {
			m.Parts[0].Policy.Calls, m.Parts[2].Policy.Calls = m.Parts[2].Policy.Calls, m.Parts[0].Policy.Calls
		},
	} {
		other := multi(rule.WithoutX32)
		change(other)
		if _, ok := counterexample(prove.EqualMulti(gen.Provable(program), other, false)); !ok {
			t.Errorf("%s: not refuted", name)
		}
	}
}
