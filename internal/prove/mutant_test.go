package prove_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/vm"
)

// mutants calls f with every mutant of a program: branches swapped, constants
// one off, loads of another word, other verdicts, parameters mixed up.
func mutants(p *prove.Program, f func(what string, m *prove.Program)) {
	for pc := range p.Insns {
		mutant := func(what string, change func(*prove.Insn)) {
			m := &prove.Program{Insns: slices.Clone(p.Insns), Params: p.Params}
			change(&m.Insns[pc])
			f(fmt.Sprintf("instruction %d: %s", pc, what), m)
		}
		in := p.Insns[pc]
		switch in.Code {
		case bpf.RetK:
			mutant("verdict", func(m *prove.Insn) {
				if m.K = uint32(rule.Allow); in.K == m.K {
					m.K = uint32(rule.KillProcess)
				}
			})
		case bpf.LdAbs:
			mutant("next word", func(m *prove.Insn) { m.K = (in.K + 4) % bpf.DataLen })
			mutant("next argument", func(m *prove.Insn) { m.K = (in.K + 8) % bpf.DataLen })
		case bpf.Ja:
			if in.K > 0 {
				mutant("shorter", func(m *prove.Insn) { m.K-- })
			}
		case bpf.And:
			mutant("mask", func(m *prove.Insn) { m.K ^= m.K & -m.K })
		default:
			mutant("swapped", func(m *prove.Insn) { m.Jt, m.Jf = m.Jf, m.Jt })
			if in.Slot == nil {
				mutant("constant + 1", func(m *prove.Insn) { m.K++ })
				mutant("constant - 1", func(m *prove.Insn) { m.K-- })
			} else {
				mutant("no parameter", func(m *prove.Insn) { m.Slot = nil })
				if in.Slot.Sort == nil && len(p.Params) > 1 {
					other := *in.Slot
					other.Param = (other.Param + 1) % len(p.Params)
					mutant("another parameter", func(m *prove.Insn) { m.Slot = &other })
				}
			}
			for _, op := range []uint16{bpf.Jeq, bpf.Jgt, bpf.Jge} {
				if op != in.Code && in.Code != bpf.Jset {
					mutant(fmt.Sprintf("opcode %#x", op), func(m *prove.Insn) { m.Code = op })
				}
			}
		}
	}
}

// TestMutants: every mutant of every prebuilt program is refuted, by an input
// that package vm agrees about, or means the same, which inputs made of the
// constants around show.
func TestMutants(t *testing.T) {
	for _, layout := range compile.Layouts() {
		t.Run(layout.String(), func(t *testing.T) {
			t.Parallel()
			mutantsOf(t, layout)
		})
	}
}

func mutantsOf(t *testing.T, layout compile.Layout) {
	refuted, equal := 0, 0
	for i, name := range policies(t) {
		for j, target := range targets(t, name, layout) {
			if testing.Short() && (i+j)%9 != 0 {
				continue
			}
			mutants(gen.Provable(target.Program), func(what string, m *prove.Program) {
				what = fmt.Sprintf("%s on %s: %s", name, target.Target.Name, what)
				_, err := prove.Equal(m, target.Policy)
				var c *prove.Counterexample
				switch {
				case errors.As(err, &c):
					refuted++
					confirm(t, what, target, m, c)
				case err != nil:
					t.Errorf("%s: %v", what, err)
				default:
					equal++
					enumerate(t, what, target, m)
				}
			})
		}
	}
	t.Logf("%d mutants refuted, %d equal", refuted, equal)
	if refuted == 0 || equal > refuted/10 {
		t.Errorf("%d mutants of %d survive: too many to be right", equal, refuted+equal)
	}
}

// fill is a program with its operands filled in, as package vm runs it.
func fill(t *testing.T, target gen.Target, p *prove.Program, params []uint64) *vm.Program {
	t.Helper()
	insns := make([]bpf.Insn, len(p.Insns))
	for pc, in := range p.Insns {
		insns[pc] = in.Insn
		if in.Slot != nil {
			insns[pc].K = in.Slot.Value(p.Params, params)
		}
	}
	machine, err := vm.New(insns, target.Arch)
	if err != nil {
		t.Fatal(err)
	}
	return machine
}

// confirm runs a counterexample in package vm.
func confirm(t *testing.T, what string, target gen.Target, m *prove.Program, c *prove.Counterexample) {
	t.Helper()
	for i, p := range m.Params {
		if err := p.Check(int64(c.Params[i])); p.Bits == 32 && err != nil {
			t.Errorf("%s: %v: %v", what, c, err)
		}
	}
	got := rule.Action(fill(t, target, m, c.Params).Run(vm.Call(c.Data)))
	want := target.Policy.Eval(c.Data, c.Params)
	if got != c.Got || want != c.Want || got == want {
		t.Errorf("%s: %v, but the machine says %v and the policy %v", what, c, got, want)
	}
}

// enumerate runs a mutant that is said to be equal on inputs made of the
// constants and parameters near its own, all of them if they are few.
func enumerate(t *testing.T, what string, target gen.Target, m *prove.Program) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, uint64(len(m.Insns))))
	params := make([]uint64, len(m.Params))
	for i := range params {
		params[i] = uint64(5 + 2*i)
	}
	near := []uint64{0, 1, 1<<32 - 1, 1 << 32, 1<<64 - 1}
	for _, in := range m.Insns {
		if in.Code&7 == 5 && in.Slot == nil && in.K < 1<<30 && len(near) < 40 {
			near = append(near, uint64(in.K), uint64(in.K)+1)
		}
	}
	near = append(near, params...)
	nrs := []uint32{0, 1, 1 << 30, 1<<32 - 1}
	for _, c := range target.Calls {
		nrs = append(nrs, c.Nr, c.Nr+1)
	}
	for round := range 3 {
		machine := fill(t, target, m, params)
		for range 400 {
			d := rule.Data{Nr: nrs[r.IntN(len(nrs))], Arch: target.Target.Audit}
			for i := range d.Args {
				d.Args[i] = near[r.IntN(len(near))]
			}
			if got, want := rule.Action(machine.Run(vm.Call(d))), target.Policy.Eval(d, params); got != want {
				t.Errorf("%s is said to be equal, but %+v with %v: %v, want %v", what, d, params, got, want)
				return
			}
		}
		for i, p := range m.Params { // equal values, then -1
			params[i] = 7
			if round == 1 && p.Min < 0 {
				params[i] = 1<<64 - 1
			}
		}
	}
}
