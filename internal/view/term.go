package view

import (
	"fmt"

	"github.com/tileseal/tileseal/internal/bpf"
)

// A Term is what A holds: a 32-bit word of struct seccomp_data under a mask.
// Where it is not Known, A is zero or was computed.
type Term struct {
	Off, Mask uint32
	Known     bool
}

const allOnes = 1<<32 - 1

// IsNr reports whether t is the number of the call.
func (t Term) IsNr() bool { return t == Term{bpf.OffNr, allOnes, true} }

// IsArch reports whether t is the audit value of the call's architecture.
func (t Term) IsArch() bool { return t == Term{bpf.OffArch, allOnes, true} }

// arg is the argument that t is a word of.
func (t Term) arg() (n int, ok bool) {
	return int(t.Off-bpf.OffArgs) / 8, t.Known && t.Off >= bpf.OffArgs
}

// terms is what A holds before each instruction, whatever way led there.
func (p *Program) terms() []Term {
	before := make([]Term, len(p.code))
	seen := make([]bool, len(p.code))
	reach := func(pc int, t Term) {
		if seen[pc] && before[pc] != t {
			t = Term{}
		}
		before[pc], seen[pc] = t, true
	}
	reach(0, Term{})
	for pc, in := range p.code {
		if !seen[pc] || in.Code == bpf.RetK || in.Code == bpf.RetA {
			continue
		}
		after := before[pc]
		switch {
		case in.Code == bpf.LdAbs:
			after = Term{in.K, allOnes, true}
		case in.Code == bpf.And && p.Insns[pc].Slot == nil:
			after.Mask &= in.K
		case in.Code != bpf.Ja && !Branches(in.Code):
			after = Term{}
		}
		yes, no := p.Next(pc)
		reach(yes, after)
		reach(no, after)
	}
	return before
}

// high reports whether the word at an offset is the high one of 64 bits.
func (p *Program) high(off uint32) bool {
	return off >= bpf.OffIP && (off%8 != 0) != p.Arch.BigEndian()
}

// TermName is what a term is to a reader, such as "argument 1 & 0x3".
func (p *Program) TermName(t Term) string {
	if !t.Known {
		return "A"
	}
	name := p.wordName(t.Off)
	if t.Mask != allOnes {
		name += fmt.Sprintf(" & %#x", t.Mask)
	}
	return name
}

func (p *Program) wordName(off uint32) string {
	name := ""
	switch {
	case off == bpf.OffNr:
		return "call"
	case off == bpf.OffArch:
		return "architecture"
	case off < bpf.OffArgs:
		name = "instruction pointer"
	default:
		name = fmt.Sprintf("argument %d", (off-bpf.OffArgs)/8)
	}
	if p.high(off) {
		name += ", high word"
	}
	return name
}
