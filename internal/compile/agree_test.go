package compile_test

import (
	"errors"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/policytest"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/vm"
)

// agree holds the programs of a random policy against its meaning.
func agree(t *testing.T, m *policytest.Maker, a arch.Arch) {
	p := m.Policy(a)
	params := m.Params(p)
	for l, compiled := range programs(m, p) {
		prog, err := compiled()
		if err != nil {
			t.Fatalf("%s: %s: %v", m.Name, l, err)
		}
		var undecided *prove.Undecided
		if _, err := prove.Equal(gen.Provable(prog), p); err != nil && !errors.As(err, &undecided) {
			t.Fatalf("%s: %s: %v", m.Name, l, err)
		}
		if late := prove.Uncached(gen.Provable(prog).Insns, p); len(late) > 0 {
			t.Fatalf("%s: %s: the kernel cannot cache %v", m.Name, l, late)
		}
		machine, err := vm.New(prog.Fill(params), a)
		if err != nil {
			t.Fatalf("%s: %s: %v", m.Name, l, err)
		}
		for range 280 {
			d := m.Call(p)
			want := p.Eval(d, params)
			if got := machine.Run(vm.Call(d)); rule.Action(got) != want {
				t.Fatalf("%s: layout %v: %+v: %v, want %v\n%v", m.Name, l, d, got, want, machine)
			}
		}
	}
}

// programs are the ways to compile p: every layout that can hold it, and
// layout optimized for each objective and random weights.
func programs(m *policytest.Maker, p *rule.Policy) map[string]func() (*compile.Program, error) {
	ways := map[string]func() (*compile.Program, error){}
	layouts := []compile.Layout{compile.Plain}
	if m.Simple {
		layouts = append(layouts, compile.Classic, compile.Current)
	}
	if m.IntN(4) == 0 {
		layouts = append(layouts, compile.Optimized)
	} else {
		o := compile.Objective(m.IntN(3))
		w := randomWeights(m, p, o, 6, func() compile.Seen { return randomSeen(m, 6) })
		ways["optimized for "+w.Objective.String()] = func() (*compile.Program, error) { return compile.Optimize(p, w) }
	}
	for _, l := range layouts {
		ways[l.String()] = func() (*compile.Program, error) { return compile.Compile(p, l) }
	}
	return ways
}

// randomWeights are of fewer than n calls that seen gives, at times with arguments.
func randomWeights(m *policytest.Maker, p *rule.Policy, o compile.Objective, n int, seen func() compile.Seen) compile.Weights {
	w := compile.Weights{Objective: o}
	for range m.IntN(n) {
		s := seen()
		if m.IntN(3) > 0 {
			s.Args = []uint64{m.Edge(), m.Edge(), 0, 0, 0, 0}
		}
		w.Calls = append(w.Calls, s)
	}
	if m.IntN(2) == 0 {
		w.Params = m.Params(p)
	}
	return w
}

// randomSeen is a call below n.
func randomSeen(m *policytest.Maker, n int) compile.Seen {
	return compile.Seen{Nr: uint32(m.IntN(n)), Count: int64(m.IntN(1000))}
}

func TestAgree(t *testing.T) {
	seeds := uint64(3000)
	if testing.Short() { // as under the race detector
		seeds = 300
	}
	for seed := range seeds {
		k := policytest.Kind(seed % 10)
		agree(t, policytest.NewMaker(seed, k.Simple()), k.Machine())
	}
}

// FuzzAgree: whatever the policy, its program in every layout is proven, and does in
// package vm what the policy means.
func FuzzAgree(f *testing.F) {
	for k := range uint8(10) {
		f.Add([]byte(nil), k)
		f.Add([]byte{3, 7 * k, 90, 2, 200, 11, 5, 160, 1, k, 77, 255, 31, 64, 128, 9, 42, 250, 0, 33}, k)
	}
	f.Fuzz(func(t *testing.T, choices []byte, kind uint8) {
		k := policytest.Kind(kind)
		agree(t, policytest.FuzzMaker(choices, k.Simple()), k.Machine())
	})
}

// TestFarJumps is about conditions so long that their jumps need help.
func TestFarJumps(t *testing.T) {
	for _, n := range []int{100, 128, 129, 300, 600, 900} {
		var or rule.Or
		for i := range n {
			or = append(or, &rule.Cmp{Arg: 0, Width: 32, Mask: 1<<32 - 1, X: rule.Operand{Param: -1, Value: uint64(2 * i)}})
		}
		p := &rule.Policy{
			Target: rule.Target{Audit: arch.X86_64.Audit(), Bits: 64}, Default: rule.KillProcess,
			Calls: []rule.Call{
				{Nr: 0, Cases: []rule.Case{{When: rule.And{or, rule.Not{X: or[: n/2 : n/2]}}, Action: rule.Allow}}},
				{Nr: 1, Cases: []rule.Case{{When: or[:1], Action: rule.Allow}}},
			},
		}
		for _, l := range []compile.Layout{compile.Plain, compile.Optimized} {
			prog, err := compile.Compile(p, l)
			if err != nil {
				t.Fatalf("%d alternatives, layout %v: %v", n, l, err)
			}
			machine, err := vm.New(prog.Fill(nil), arch.X86_64)
			if err != nil {
				t.Fatalf("%d alternatives, layout %v: %v", n, l, err)
			}
			far(t, p, machine, 2*n+2)
		}
	}
}

func far(t *testing.T, p *rule.Policy, machine *vm.Program, values int) {
	t.Helper()
	for nr := range uint32(3) {
		for v := range uint64(values) {
			d := rule.Data{Nr: nr, Arch: arch.X86_64.Audit(), Args: [6]uint64{v}}
			if got, want := machine.Run(vm.Call(d)), p.Eval(d, nil); rule.Action(got) != want {
				t.Fatalf("%d values: %+v: %v, want %v", values, d, got, want)
			}
		}
	}
}
