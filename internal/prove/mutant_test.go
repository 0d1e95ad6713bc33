package prove_test

import (
	"errors"
	"fmt"
	"iter"
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
	mutantsFrom(p, 0, 1, f)
}

// mutantsFrom is mutants for every step-th instruction from the first-th on.
func mutantsFrom(p *prove.Program, first, step int, f func(what string, m *prove.Program)) {
	for pc := first; pc < len(p.Insns); pc += step {
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

// TestMutants: every mutant of every prebuilt program, but of the tiles for Go that
// are alike a sample, is refuted, by an input
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
			if testing.Short() && (3*i+j)%25 != 0 {
				continue
			}
			first, step := 0, 1
			if isAlike(name) { // each is changed in other places
				first, step = i%64, 64
			}
			mutantsFrom(gen.Provable(target.Program), first, step, func(what string, m *prove.Program) {
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
	machine, err := vm.New(p.Fill(params), target.Arch)
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

// enumerate runs a mutant that is said to be equal on every input that can
// make a difference. A program and a policy tell two values of a word apart
// only by the constants and parameters they compare it with, so each word is
// reduced to those, their neighbours and the ends of its range; for every
// number all combinations of the words that play a part are run, or, where
// they are very many, a sample. Parameters are distinct, equal, and -1.
func enumerate(t *testing.T, what string, target gen.Target, m *prove.Program) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, uint64(len(m.Insns))))
	for round := range 3 {
		params := make([]uint64, len(m.Params))
		for i, p := range m.Params {
			switch params[i] = 7; {
			case round == 0:
				params[i] = uint64(1000 + 10*i)
			case round == 2 && p.Min < 0:
				params[i] = 1<<64 - 1
			}
		}
		machine := fill(t, target, m, params)
		values := reduced(target, m, params)
		for _, nr := range values[bpf.OffNr] {
			for d := range inputs(r, target, uint32(nr), values) {
				if got, want := rule.Action(machine.Run(vm.Call(d))), target.Policy.Eval(d, params); got != want {
					t.Errorf("%s is said to be equal, but %+v with %v: %v, want %v", what, d, params, got, want)
					return
				}
			}
		}
	}
}

// reduced lists, for the number and for the arguments by their offset, the
// values that can be told apart.
func reduced(target gen.Target, m *prove.Program, params []uint64) map[uint32][]uint64 {
	values := map[uint32][]uint64{}
	near := func(off uint32, v, limit uint64) {
		values[off] = append(values[off], v&limit, (v+1)&limit, (v-1)&limit)
	}
	near(bpf.OffNr, 0, 1<<32-1)
	for _, c := range target.Calls {
		near(bpf.OffNr, uint64(c.Nr), 1<<32-1)
		for _, k := range c.Cases {
			rule.Walk(k.When, func(x *rule.Cmp) {
				v := x.X.Value
				if x.X.Param >= 0 {
					v = params[x.X.Param]
				}
				off := uint32(bpf.OffArgs + 8*x.Arg)
				near(off, v, 1<<64-1)
				near(off, v|1<<32, 1<<64-1)
				near(off, 0, 1<<64-1)
			})
		}
	}
	off := uint32(0)
	for _, in := range m.Insns {
		switch {
		case in.Code == bpf.LdAbs:
			off = in.K
		case in.Code == bpf.RetK || in.Code == bpf.Ja || in.Code == bpf.And:
		case off == bpf.OffNr:
			near(off, uint64(in.K), 1<<32-1)
		}
	}
	for off, vs := range values {
		slices.Sort(vs)
		values[off] = slices.Compact(vs)
	}
	return values
}

// inputs are the calls of one number with all combinations of the values of
// the arguments its rule looks at, or a thousand of them.
func inputs(r *rand.Rand, target gen.Target, nr uint32, values map[uint32][]uint64) iter.Seq[rule.Data] {
	const enough = 1000
	var args []int
	total := 1
	for _, c := range target.Calls {
		if c.Nr != nr {
			continue
		}
		for _, k := range c.Cases {
			rule.Walk(k.When, func(x *rule.Cmp) {
				if !slices.Contains(args, x.Arg) {
					args = append(args, x.Arg)
					total = min(total*len(values[uint32(bpf.OffArgs+8*x.Arg)]), enough+1)
				}
			})
		}
	}
	return func(yield func(rule.Data) bool) {
		for i := range min(total, enough) {
			d := rule.Data{Nr: nr, Arch: target.Target.Audit}
			n := i
			for _, a := range args {
				vs := values[uint32(bpf.OffArgs+8*a)]
				if total > enough {
					n = r.IntN(len(vs))
				}
				d.Args[a] = vs[n%len(vs)]
				n /= len(vs)
			}
			if !yield(d) {
				return
			}
		}
	}
}
