package prove

import (
	"fmt"
	"slices"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// A programSide follows the paths of a program.
type programSide struct{ *Program }

func (p *programSide) explore(e *engine, leaf func(rule.Action)) {
	p.from(e, 0, constant(0), leaf)
}

// from follows the program from pc on, with A as it is there.
func (p *programSide) from(e *engine, pc int, a term, leaf func(rule.Action)) {
	for {
		if pc >= len(p.Insns) {
			panic(&Undecided{fmt.Sprintf("control runs past the last instruction, %d", len(p.Insns)-1)})
		}
		e.step()
		in := p.Insns[pc]
		pc++
		switch in.Code {
		case bpf.LdAbs:
			if in.K >= bpf.DataLen || in.K%4 != 0 {
				panic(&Undecided{fmt.Sprintf("instruction %d loads offset %d", pc-1, in.K)})
			}
			a = word(variable(in.K / 4))
		case bpf.And:
			a = a.and(in.K)
		case bpf.Ja:
			pc += int(in.K)
		case bpf.RetK:
			leaf(rule.Action(in.K))
			return
		case bpf.Jeq, bpf.Jgt, bpf.Jge, bpf.Jset:
			p.branch(e, pc-1, a, leaf)
			return
		default:
			panic(&Undecided{fmt.Sprintf("instruction %d, %v, is none of those a compiled policy is made of", pc-1, in.Insn)})
		}
	}
}

// branch follows both ways of the conditional jump at pc.
func (p *programSide) branch(e *engine, pc int, a term, leaf func(rule.Action)) {
	in := p.Insns[pc]
	follow := func(taken bool, skip uint8) func() {
		return func() {
			e.ways = append(e.ways, way{pc, taken})
			p.from(e, pc+1+int(skip), a, leaf)
			e.ways = e.ways[:len(e.ways)-1]
		}
	}
	yes, no := follow(true, in.Jt), follow(false, in.Jf)
	p.operand(e, pc, in, func(k term) {
		switch in.Code {
		case bpf.Jset:
			if !k.isConst() {
				panic(&Undecided{fmt.Sprintf("instruction %d tests the bits of a parameter", pc)})
			}
			e.split(a.and(k.k), eq, constant(0), no, yes)
		case bpf.Jeq:
			e.split(a, eq, k, yes, no)
		case bpf.Jgt:
			e.split(a, gt, k, yes, no)
		case bpf.Jge:
			e.split(a, ge, k, yes, no)
		}
	})
}

// operand goes on with what a conditional jump compares with. Where that is
// one of a sorted set it does so for each order the set can have.
func (p *programSide) operand(e *engine, pc int, in Insn, then func(term)) {
	s := in.Slot
	switch {
	case s == nil:
		then(constant(in.K))
	case s.Sort == nil:
		then(p.paramTerm(s.Param, s.High))
	case s.High || s.Index < 0 || s.Index >= len(s.Sort):
		panic(&Undecided{fmt.Sprintf("instruction %d sorts what cannot be sorted", pc)})
	default:
		var terms []term
		for _, o := range s.Sort {
			t := constant(uint32(o.Value))
			if o.Param >= 0 {
				t = p.paramTerm(o.Param, false)
			}
			terms = append(terms, t)
		}
		sorted(e, terms, func(order []term) { then(order[s.Index]) })
	}
}

// paramTerm is one word of a parameter; a 32-bit one has no high word.
func (p *programSide) paramTerm(n int, high bool) term {
	if n < 0 || n >= len(p.Params) {
		panic(&Undecided{fmt.Sprintf("there is no parameter %d", n)})
	}
	if high && p.Params[n].Bits == 32 {
		return constant(0)
	}
	return word(paramWord(n, high))
}

// sorted goes on with the terms in ascending order, for every order they can
// have. It sorts by insertion, splitting on every comparison, so that an
// order settled once is settled for all operands of the same set.
func sorted(e *engine, terms []term, then func([]term)) {
	var insert func(order, rest []term)
	insert = func(order, rest []term) {
		if len(rest) == 0 {
			then(order)
			return
		}
		var place func(i int)
		place = func(i int) {
			put := func() {
				next := append(append(append([]term{}, order[:i]...), rest[0]), order[i:]...)
				insert(next, rest[1:])
			}
			if i == 0 {
				put()
				return
			}
			e.split(rest[0], ge, order[i-1], put, func() { place(i - 1) })
		}
		place(len(order))
	}
	insert(nil, terms)
}

// judge runs the program on one input.
func (p *programSide) judge(d rule.Data, params []uint64, bigEndian bool) rule.Action {
	var a uint32
	for pc := 0; ; pc++ {
		in := p.Insns[pc]
		k := in.K
		if in.Slot != nil {
			k = in.Slot.value(p.Params, params)
		}
		jump := func(taken bool) {
			if taken {
				pc += int(in.Jt)
			} else {
				pc += int(in.Jf)
			}
		}
		switch in.Code {
		case bpf.LdAbs:
			a = wordOf(d, variable(k/4), bigEndian)
		case bpf.And:
			a &= k
		case bpf.Ja:
			pc += int(k)
		case bpf.Jeq:
			jump(a == k)
		case bpf.Jgt:
			jump(a > k)
		case bpf.Jge:
			jump(a >= k)
		case bpf.Jset:
			jump(a&k != 0)
		default: // RetK: explore let no other through
			return rule.Action(k)
		}
	}
}

// Fill is the program with its parameters filled in, in the order of Params,
// -1 as all ones.
func (p *Program) Fill(params []uint64) []bpf.Insn {
	out := make([]bpf.Insn, len(p.Insns))
	for pc, in := range p.Insns {
		if out[pc] = in.Insn; in.Slot != nil {
			out[pc].K = in.Slot.value(p.Params, params)
		}
	}
	return out
}

// value is the operand for given parameters.
func (s *Slot) value(ps []rule.Param, params []uint64) uint32 {
	if s.Sort == nil {
		if s.High {
			if ps[s.Param].Bits == 32 {
				return 0
			}
			return uint32(params[s.Param] >> 32)
		}
		return uint32(params[s.Param])
	}
	var vs []uint32
	for _, o := range s.Sort {
		v := uint32(o.Value)
		if o.Param >= 0 {
			v = uint32(params[o.Param])
		}
		vs = append(vs, v)
	}
	slices.Sort(vs)
	return vs[s.Index]
}

// wordOf is one word of seccomp_data.
func wordOf(d rule.Data, v variable, bigEndian bool) uint32 {
	switch v {
	case wordNr:
		return d.Nr
	case wordArch:
		return d.Arch
	}
	x := d.IP
	if v >= 4 {
		x = d.Args[(v-4)/2]
	}
	if (v%2 == 1) != bigEndian {
		return uint32(x >> 32)
	}
	return uint32(x)
}
