package oci

import (
	"math/rand/v2"
	"testing"

	"github.com/tileseal/tileseal/internal/rule"
)

// holds is a condition about argument 0 and 1 alone, evaluated by package rule.
func holds(x rule.Expr, args [6]uint64) bool {
	p := &rule.Policy{Default: rule.KillProcess, Calls: []rule.Call{{Cases: []rule.Case{{When: x, Action: rule.Allow}}}}}
	return p.Eval(rule.Data{Args: args}, nil) == rule.Allow
}

func compared(rng *rand.Rand, arg int) rule.Expr {
	width := []int{32, 64}[rng.IntN(2)]
	c := &rule.Cmp{Op: rule.Op(rng.IntN(5)), Arg: arg, Width: width, Mask: 1<<width - 1, X: rule.Operand{Param: -1, Value: rng.Uint64N(14) + 1}}
	if rng.IntN(3) == 0 {
		c.Op, c.Mask = rule.Eq, []uint64{c.Mask &^ 3, c.Mask &^ 1, 0xf, 0xc, 5}[rng.IntN(5)]
		c.X.Value &= c.Mask
	}
	if rng.IntN(2) == 0 {
		return rule.Not{X: c}
	}
	return c
}

// ends are numbers near all constants of these tests and at both ends of both
// words.
func ends() []uint64 {
	var all []uint64
	for _, base := range []uint64{0, 1 << 31, 1<<32 - 32, 1 << 32, 1 << 63, 1<<64 - 32} {
		for v := range uint64(32) {
			all = append(all, base+v)
		}
	}
	return all
}

// TestMerged: alternatives mean the same after they have been merged.
func TestMerged(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	fewer := 0
	for range 3000 {
		requests := make([]request, 1+rng.IntN(5))
		for i := range requests {
			requests[i].ask(0, compared(rng, 0))
			if rng.IntN(2) == 0 {
				requests[i].ask(1, &rule.Cmp{Arg: 1, Width: 32, Mask: 1<<32 - 1, X: rule.Operand{Param: -1, Value: rng.Uint64N(2)}})
			}
		}
		before, after := anyOf(requests), merged(requests)
		if len(after) < len(requests) {
			fewer++
		}
		for _, v := range ends() {
			args := [6]uint64{v, rng.Uint64N(2)}
			if holds(before, args) != holds(anyOf(after), args) {
				t.Fatalf("%#x: %v before, %v after\n%+v", args, holds(before, args), !holds(before, args), requests)
			}
		}
	}
	if fewer < 1000 {
		t.Errorf("only %d lists became shorter", fewer)
	}
}

// TestCubes: the cubes of a comparison are the numbers for which it holds, for
// every mask and constant of five bits, with and without a low word.
func TestCubes(t *testing.T) {
	for _, shift := range []int{0, 29} {
		for mask := range uint64(32) {
			for value := range uint64(32) {
				for op := rule.Eq; op <= rule.Ge; op++ {
					c := &rule.Cmp{Op: op, Width: 64, Mask: mask << shift, X: rule.Operand{Param: -1, Value: value << shift}}
					for _, not := range []bool{false, true} {
						list := cubes(c, not)
						for v := range uint64(32) {
							in := false
							for _, q := range list {
								in = in || v<<shift&q.mask == q.value
							}
							if want := holds(c, [6]uint64{v << shift}) != not; in != want {
								t.Fatalf("op %d, mask %#x, constant %#x, not %v: %#x is in: %v", op, c.Mask, c.X.Value, not, v<<shift, in)
							}
						}
					}
				}
			}
		}
	}
}
