package compile_test

import (
	"math/rand/v2"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/vm"
)

// edges are values around which comparisons go wrong.
var edges = []uint64{0, 1, 2, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<32 + 1, 7<<32 | 5, 1 << 63, 1<<64 - 1}

// A maker makes random policies, over few calls, values and parameters so
// that they interact.
type maker struct {
	*rand.Rand
	policy *rule.Policy
	simple bool // as upstream's layouts can hold it
	mixed  bool // several actions in the cases of one call
}

func (m *maker) pick(vs []uint64) uint64 { return vs[m.IntN(len(vs))] }

func (m *maker) make(a arch.Arch) *rule.Policy {
	actions := []rule.Action{rule.Allow, rule.Errno | 38, rule.Log, rule.Trap | 7, rule.KillProcess}
	p := &rule.Policy{
		Target:  rule.Target{Name: a.String(), Audit: a.Audit(), BigEndian: a.BigEndian(), Bits: a.Bits(), X32Shares: a == arch.X86_64},
		Default: rule.KillProcess,
		Params:  []rule.Param{{Name: "a", Bits: 32}, {Name: "b", Bits: 32}, {Name: "c", Bits: 64}},
	}
	m.policy = p
	if m.simple {
		actions = actions[:1]
	} else {
		p.Default = actions[m.IntN(len(actions))]
		if m.IntN(3) == 0 {
			p.Newer = &rule.Newer{Last: 4, Action: rule.Errno | 38}
		}
	}
	for nr := range uint32(m.IntN(5)) {
		c := rule.Call{Nr: nr}
		act := actions[m.IntN(len(actions))]
		for range 1 + m.IntN(3) {
			if m.mixed {
				act = actions[m.IntN(len(actions))]
			}
			k := rule.Case{Action: act}
			if m.IntN(4) > 0 {
				k.When = m.expr(3)
			}
			c.Cases = append(c.Cases, k)
		}
		p.Calls = append(p.Calls, c)
	}
	return p
}

func (m *maker) expr(depth int) rule.Expr {
	if depth == 0 || m.IntN(3) == 0 {
		return m.cmp()
	}
	var xs []rule.Expr
	for range 1 + m.IntN(3) {
		xs = append(xs, m.expr(depth-1))
	}
	switch m.IntN(3) {
	case 0:
		return rule.And(xs)
	case 1:
		return rule.Or(xs)
	}
	return rule.Not{X: xs[0]}
}

func (m *maker) cmp() rule.Expr {
	c := &rule.Cmp{Op: rule.Op(m.IntN(5)), Arg: m.IntN(2), Width: 32 + 32*m.IntN(2), X: rule.Operand{Param: -1, Value: m.pick(edges)}}
	c.Mask = 1<<c.Width - 1
	if !m.simple && m.IntN(3) == 0 {
		c.Mask &= m.pick(edges)
	}
	if c.X.Value &= c.Mask; m.IntN(3) == 0 {
		c.X = rule.Operand{Param: m.IntN(len(m.policy.Params))}
	}
	return c
}

// agree holds the programs of a random policy against its meaning.
func agree(t *testing.T, seed uint64) {
	m := &maker{Rand: rand.New(rand.NewPCG(seed, 1)), simple: seed%2 == 0, mixed: seed%3 == 0}
	a := []arch.Arch{arch.X86_64, arch.X86, arch.AArch64, arch.S390X, arch.MIPS}[seed/2%5]
	p := m.make(a)
	params := []uint64{m.pick(edges), m.pick(edges), m.pick(edges)}
	for l, compiled := range m.programs(p) {
		prog, err := compiled()
		if err != nil {
			t.Fatalf("seed %d: %s: %v", seed, l, err)
		}
		if _, err := prove.Equal(gen.Provable(prog), p); err != nil {
			t.Fatalf("seed %d: %s: %v", seed, l, err)
		}
		if late := prove.Uncached(gen.Provable(prog).Insns, p); len(late) > 0 {
			t.Fatalf("seed %d: %s: the kernel cannot cache %v", seed, l, late)
		}
		machine, err := vm.New(prog.Fill(params), a)
		if err != nil {
			t.Fatalf("seed %d: %s: %v", seed, l, err)
		}
		for nr := range uint32(7) {
			for range 40 {
				d := rule.Data{Nr: nr, Arch: a.Audit(), Args: [6]uint64{m.pick(edges), m.pick(edges)}}
				m.disturb(&d)
				want := p.Eval(d, params)
				if got := machine.Run(vm.Call(d)); rule.Action(got) != want {
					t.Fatalf("seed %d: layout %v: %+v: %v, want %v\n%v", seed, l, d, got, want, machine)
				}
			}
		}
	}
}

// programs are the ways to compile p: every layout that can hold it, and
// layout optimized for each objective and random weights.
func (m *maker) programs(p *rule.Policy) map[string]func() (*compile.Program, error) {
	ways := map[string]func() (*compile.Program, error){}
	var layouts []compile.Layout
	if !m.mixed {
		layouts = append(layouts, compile.Plain)
	}
	if m.simple {
		layouts = append(layouts, compile.Classic, compile.Current)
	}
	if m.IntN(4) == 0 {
		layouts = append(layouts, compile.Optimized)
	} else {
		w := compile.Weights{Objective: compile.Objective(m.IntN(3))}
		for range m.IntN(6) {
			s := compile.Seen{Nr: uint32(m.IntN(6)), Count: int64(m.IntN(1000))}
			if m.IntN(3) > 0 {
				s.Args = []uint64{m.pick(edges), m.pick(edges), 0, 0, 0, 0}
			}
			w.Calls = append(w.Calls, s)
		}
		if m.IntN(2) == 0 {
			w.Params = []uint64{m.pick(edges), m.pick(edges), m.pick(edges)}
		}
		ways["optimized for "+w.Objective.String()] = func() (*compile.Program, error) { return compile.Optimize(p, w) }
	}
	for _, l := range layouts {
		ways[l.String()] = func() (*compile.Program, error) { return compile.Compile(p, l) }
	}
	return ways
}

// disturb makes some calls foreign, or of numbers no table has.
func (m *maker) disturb(d *rule.Data) {
	switch m.IntN(12) {
	case 0:
		d.Arch ^= 1 << m.IntN(32)
	case 1:
		d.Nr |= 1 << 30
	case 2:
		d.Nr = 1<<32 - 1 - d.Nr
	}
}

func TestAgree(t *testing.T) {
	for seed := range uint64(3000) {
		agree(t, seed)
	}
}

func FuzzAgree(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(agree)
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
