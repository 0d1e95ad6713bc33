package prove_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/policytest"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/vm"
)

var archs = []arch.Arch{arch.X86, arch.X86_64, arch.AArch64}

// targets compiles a policy file for every architecture, nil if it does not
// fit the layout.
func targets(t testing.TB, name string, layout compile.Layout) []gen.Target {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	_, ts, errs := gen.Read(name, string(text), gen.Tileseal, archs, layout)
	if errs.Err() != nil {
		return nil
	}
	return ts
}

// policies lists the policy files of the repository that are to compile; in short
// mode a tenth of the tiles for Go, which are much alike.
func policies(t testing.TB) []string {
	t.Helper()
	var all []string
	for _, dir := range []string{"policy", "policy/gotile", "internal/emit/everything", "testdata", "testdata/performance", "examples/daemon"} {
		files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(dir), "*"+gen.Ending))
		if err != nil {
			t.Fatal(err)
		}
		for i, file := range files {
			if !testing.Short() || dir != "policy/gotile" || i%10 == 0 {
				all = append(all, file)
			}
		}
	}
	return all
}

// TestPolicies proves every policy on every architecture in every layout that
// holds it.
func TestPolicies(t *testing.T) {
	for _, layout := range compile.Layouts() {
		var alike, total work
		for _, name := range policies(t) {
			ts := targets(t, name, layout)
			if ts == nil && layout != compile.Classic && layout != compile.Current {
				t.Errorf("%s does not compile in layout %v", name, layout)
			}
			for _, target := range ts {
				stats, err := prove.Equal(gen.Provable(target.Program), target.Policy)
				if err != nil {
					t.Errorf("%s on %s, layout %v: %v", name, target.Target.Name, layout, err)
				}
				if cold := prove.Uncached(gen.Provable(target.Program).Insns, target.Policy); cold != nil {
					t.Errorf("%s on %s, layout %v: the kernel's cache will not answer %v", name, target.Target.Name, layout, cold)
				}
				if isAlike(name) {
					alike.add(stats)
				} else {
					total.add(stats)
				}
			}
		}
		optimized := layout == compile.Optimized
		total.check(t, layout, map[bool]int{true: 400, false: 50}[optimized])
		alike.check(t, layout, map[bool]int{true: 1600, false: 150}[optimized])
	}
}

// isAlike reports whether a policy is one of the tiles for Go, which repeat the
// rules of the runtime, but for the one that stands for them all.
func isAlike(name string) bool {
	return strings.Contains(name, "gotile") && !strings.Contains(name, "archiver_writer")
}

// A work is what proofs of so many programs took.
type work struct {
	prove.Stats
	programs int
}

func (w *work) add(s prove.Stats) {
	w.Paths += s.Paths
	w.Steps += s.Steps
	w.programs++
}

// check allows so many paths a program.
func (w *work) check(t *testing.T, layout compile.Layout, limit int) {
	t.Helper()
	t.Logf("layout %v: %d programs proven, %d paths, %d steps", layout, w.programs, w.Paths, w.Steps)
	if w.Paths > limit*w.programs {
		t.Errorf("layout %v: %d paths for %d programs; a proof has become more work than the %d a program it may take", layout, w.Paths, w.programs, limit)
	}
}

// TestLarge proves programs near the kernel's limit of 4,096 instructions.
func TestLarge(t *testing.T) {
	for _, arg := range []int{0, 2} { // compared by 32 bits, and by 64
		var or rule.Or
		for i := range 1350 / (1 + arg/2) {
			width := 32 + 16*arg
			or = append(or, &rule.Cmp{Arg: arg, Width: width, Mask: 1<<width - 1, X: rule.Operand{Param: -1, Value: uint64(2*i + 10)}})
		}
		p := &rule.Policy{
			Target: rule.Target{Audit: arch.X86_64.Audit(), Bits: 64, X32Shares: true}, Default: rule.KillProcess,
			Calls: []rule.Call{{Nr: 0, Cases: []rule.Case{{When: or, Action: rule.Allow}}}},
		}
		program, err := compile.Compile(p, compile.Plain)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(program.Insns); n < 3000 {
			t.Errorf("only %d instructions", n)
		}
		if _, err := prove.Equal(gen.Provable(program), p); err != nil {
			t.Error(err)
		}
		last := or[len(or)-1].(*rule.Cmp)
		last.X.Value++
		if _, ok := counterexample(prove.Equal(gen.Provable(program), p)); !ok {
			t.Error("a change of the last value is not refuted")
		}
	}
}

func counterexample(_ prove.Stats, err error) (*prove.Counterexample, bool) {
	var c *prove.Counterexample
	return c, errors.As(err, &c)
}

// BenchmarkPolicies proves all prebuilt programs once, in every layout.
func BenchmarkPolicies(b *testing.B) {
	for _, layout := range compile.Layouts() {
		b.Run(layout.String(), func(b *testing.B) {
			var all []gen.Target
			for _, name := range policies(b) {
				all = append(all, targets(b, name, layout)...)
			}
			for b.Loop() {
				for _, target := range all {
					if _, err := target.Prove(); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(len(all)), "programs")
		})
	}
}

// TestRandom proves programs of random policies, on all kinds of machine, and
// refutes what was broken in them; what it calls equal has to run alike.
func TestRandom(t *testing.T) {
	asked, undecided := 0, 0
	seeds := uint64(2000)
	if testing.Short() { // as under the race detector
		seeds = 200
	}
	for seed := range seeds {
		k := policytest.Kind(seed % 10)
		a, u := randomProof(t, policytest.NewMaker(seed, k.Simple()), k.Machine())
		asked, undecided = asked+a, undecided+u
	}
	// Masks and parameters can be more entangled than the prover follows.
	if undecided > asked/50 {
		t.Errorf("%d of %d questions were left undecided", undecided, asked)
	}
	t.Logf("%d questions, %d undecided", asked, undecided)
}

// FuzzRandom: whatever the policy, its program is proven, and of the same with a
// mistake in it the prover says nothing that package vm does not confirm.
func FuzzRandom(f *testing.F) {
	for k := range uint8(10) {
		f.Add([]byte(nil), k)
		f.Add([]byte{3, 7 * k, 90, 2, 200, 11, 5, 160, 1, k, 77, 255, 31, 64, 128, 9, 42, 250, 0, 33}, k)
	}
	f.Fuzz(func(t *testing.T, choices []byte, kind uint8) {
		k := policytest.Kind(kind)
		randomProof(t, policytest.FuzzMaker(choices, k.Simple()), k.Machine())
	})
}

// randomProof counts the questions it asked, and those left undecided.
func randomProof(t *testing.T, m *policytest.Maker, a arch.Arch) (asked, undecided int) {
	p := m.Policy(a)
	layouts := compile.Layouts()
	layout := []compile.Layout{compile.Plain, compile.Optimized}[m.IntN(2)]
	if m.Simple {
		layout = layouts[m.IntN(len(layouts))]
	}
	program, err := compile.Compile(p, layout)
	if err != nil {
		t.Fatalf("%s: %v", m.Name, err)
	}
	target := gen.Target{Resolved: &gen.Resolved{Policy: p}, Arch: a, Program: program}
	var u *prove.Undecided
	if _, err := prove.Equal(gen.Provable(program), p); errors.As(err, &u) {
		return 1, 1
	} else if err != nil {
		t.Fatalf("%s: layout %v: %v", m.Name, layout, err)
	}
	n := 0
	mutants(gen.Provable(program), func(what string, mutant *prove.Program) {
		if n++; m.IntN(4) > 0 {
			return
		}
		what = fmt.Sprintf("%s, layout %v: %s", m.Name, layout, what)
		_, err := prove.Equal(mutant, p)
		var c *prove.Counterexample
		var u *prove.Undecided
		switch asked++; {
		case errors.As(err, &c):
			confirm(t, what, target, mutant, c)
		case errors.As(err, &u):
			undecided++
		case err != nil:
			t.Errorf("%s: %v", what, err)
		default:
			for range 10 {
				params := m.Params(p)
				machine := fill(t, target, mutant, params)
				for range 40 {
					d := m.Call(p)
					if got, want := rule.Action(machine.Run(vm.Call(d))), p.Eval(d, params); got != want {
						t.Fatalf("%s is said to be equal, but %+v with %x: %v, want %v\n%v", what, d, params, got, want, machine)
					}
				}
			}
		}
	})
	return asked, undecided
}
