package policytest

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
)

// narrow are the arguments that a measured policy compares with all 64 bits,
// and ours with the 32 that the kernel looks at (package proto): a socket
// family of 1<<32 + AF_ALG is AF_ALG.
var narrow = map[string]map[string]int{
	"C": {"socket": 0, "personality": 0},
	"D": {"clone": 0},
}

// TestPerformanceTexts holds the policies of testdata/performance against the
// measured ones: the same calls, and the same verdict on every number and, for
// those with a rule, on the boundaries of every argument that either compares.
// Then it proves them equal.
func TestPerformanceTexts(t *testing.T) {
	params := map[string][]uint64{"A": {5, 7}, "B": {5, 6, 8}} // those the measured ones have as constants
	for _, name := range Performance {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(Root(t), "testdata", "performance", name+gen.Ending)
			ours := ReadFile(t, file, compile.Plain, Archs...).On(arch.X86_64).Policy
			theirs := PerformancePolicy(t, name)
			theirs.Target.X32Shares = true
			if got, want := names(ours), names(theirs); !slices.Equal(got, want) {
				t.Fatalf("rules for %v, want %v", got, want)
			}
			wide := map[uint32]bool{} // numbers where only the high word made a difference
			calls := 0
			for d := range both(ours, theirs, params[name]) {
				calls++
				got, want := ours.Eval(d, params[name]), theirs.Eval(d, nil)
				if call, _ := arch.X86_64.Name(d.Nr); got != want {
					arg, ok := narrow[name][call]
					if !ok {
						t.Fatalf("%s%#x: %v, want %v", call, d.Args, got, want)
					}
					low := d
					low.Args[arg] &= 1<<32 - 1
					if want = theirs.Eval(low, nil); d == low || got != want {
						t.Fatalf("%s%#x: %v, want %v", call, d.Args, got, want)
					}
					wide[d.Nr] = true
				}
			}
			if len(wide) != len(narrow[name]) {
				t.Errorf("the width made a difference for %d calls, want %d: %v", len(wide), len(narrow[name]), narrow[name])
			}
			t.Logf("%d rules, %d calls", len(ours.Calls), calls)
			for _, p := range []*rule.Policy{ours, theirs} {
				settle(p, params[name], narrow[name])
			}
			if _, err := prove.SameMeaning(ours, theirs); err != nil {
				t.Errorf("settled and narrowed: %v", err)
			}
		})
	}
}

// both makes the calls by which two policies for x86_64 are tried: those of
// the rules of each, and of some that are allowed, every change of one bit.
func both(ours, theirs *rule.Policy, params []uint64) func(yield func(rule.Data) bool) {
	return func(yield func(rule.Data) bool) {
		for _, p := range []*rule.Policy{ours, theirs} {
			in := &Instance{gen.Target{Resolved: &gen.Resolved{Policy: p}, Arch: arch.X86_64}, params}
			m := &maker{in, rand.New(rand.NewPCG(7, 8))}
			for d := range m.unruled() {
				if !yield(d) {
					return
				}
			}
			for _, c := range p.Calls {
				flips := 10
				for d := range m.about(c, 1000) {
					if !yield(d) {
						return
					}
					if flips > 0 && m.Eval(d) == rule.Allow {
						flips--
						for bit := range 64 * len(d.Args) {
							other := d
							if other.Args[bit/64] ^= 1 << (bit % 64); !yield(other) {
								return
							}
						}
					}
				}
			}
		}
	}
}

// settle puts values in the place of parameters, and compares 32 bits of the
// arguments given.
func settle(p *rule.Policy, params []uint64, narrow map[string]int) {
	p.Params = nil
	for _, c := range p.Calls {
		arg, narrowed := narrow[c.Name]
		for _, k := range c.Cases {
			rule.Walk(k.When, func(x *rule.Cmp) {
				if x.X.Param >= 0 {
					x.X = rule.Operand{Param: -1, Value: params[x.X.Param]}
				}
				if narrowed && x.Arg == arg {
					x.Width, x.Mask = 32, x.Mask&(1<<32-1)
				}
			})
		}
	}
}

func names(p *rule.Policy) []string {
	var list []string
	for _, c := range p.Calls {
		list = append(list, c.Name)
	}
	slices.Sort(list)
	return list
}
