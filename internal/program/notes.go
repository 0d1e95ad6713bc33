package program

import (
	"fmt"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// A holding is what is known before an instruction, whatever way led there:
// which word of struct seccomp_data A is part of, and the audit value of the
// call's architecture.
type holding struct {
	off   uint32 // of the word; noWord: A is something else
	mask  uint32
	audit uint32 // 0: any
}

const noWord = 1 << 31

// Notes says of each instruction what it is about, as far as the program itself
// tells: the word it loads, the architecture or call it asks for, the verdict.
// Numbers of calls are those of the architecture the program has tested by
// then; where it has not, of the only one it names, or else of assumed, which
// may be 0. The byte order is that of these.
func (p *Program) Notes(assumed arch.Arch) []string {
	before := p.holdings()
	if only, n := named(p, before); n == 1 {
		assumed = only
	}
	notes := make([]string, len(p.Insns))
	for pc, in := range p.Insns {
		h := before[pc]
		switch in.Code {
		case bpf.LdAbs:
			notes[pc] = wordName(in.K, p.BigEndian || assumed.BigEndian())
		case bpf.RetK:
			notes[pc] = rule.Action(in.K).String()
		case bpf.Jeq, bpf.Jgt, bpf.Jge:
			if in.Slot == nil && h.mask == 1<<32-1 {
				notes[pc] = h.value(in.K, in.Code == bpf.Jeq, assumed)
			}
		}
	}
	return notes
}

// value is the operand of a comparison with what A holds.
func (h holding) value(k uint32, equal bool, assumed arch.Arch) string {
	switch {
	case h.off == bpf.OffArch:
		if a, ok := byAudit(k); ok {
			return a.String()
		}
	case h.off == bpf.OffNr && k == arch.X32Bit && !equal:
		return "numbers of x32"
	case h.off == bpf.OffNr:
		a, ok := byAudit(h.audit)
		if !ok {
			a = assumed
		}
		if a == arch.X86_64 && k >= arch.X32Bit {
			a = arch.X32
		}
		name, _ := a.Name(k)
		return name
	}
	return ""
}

// wordName is what a program loads from an offset.
func wordName(off uint32, big bool) string {
	half := func(name string) string {
		if (off%8 == 0) != big {
			return name + ", low word"
		}
		return name + ", high word"
	}
	switch {
	case off == bpf.OffNr:
		return "number of the call"
	case off == bpf.OffArch:
		return "architecture"
	case off < bpf.OffArgs:
		return half("instruction pointer")
	}
	return half(fmt.Sprintf("argument %d", (off-bpf.OffArgs)/8))
}

// byAudit is the architecture with an audit value, of x86_64 and x32 the former.
func byAudit(audit uint32) (arch.Arch, bool) {
	if a := arch.Arch(audit); a.Valid() && a != arch.X32 {
		return a, true
	}
	return 0, false
}

// named is an architecture the program asks for, and how many there are.
func named(p *Program, before []holding) (a arch.Arch, n int) {
	seen := map[arch.Arch]bool{}
	for pc, in := range p.Insns {
		if b, ok := byAudit(in.K); ok && in.Code == bpf.Jeq && before[pc].off == bpf.OffArch {
			seen[b] = true
			a = b
		}
	}
	return a, len(seen)
}

// holdings goes through the program once. Jumps past the end lead nowhere.
func (p *Program) holdings() []holding {
	before := make([]holding, len(p.Insns))
	reached := make([]bool, len(p.Insns))
	reach := func(pc uint64, h holding) {
		if pc >= uint64(len(before)) {
			return
		}
		if old := before[pc]; reached[pc] {
			if old.off != h.off || old.mask != h.mask {
				h.off = noWord
			}
			if old.audit != h.audit {
				h.audit = 0
			}
		}
		before[pc], reached[pc] = h, true
	}
	reach(0, holding{off: noWord})
	for i, in := range p.Insns {
		if !reached[i] {
			before[i].off = noWord
		}
		next, h := uint64(i)+1, before[i]
		switch {
		case in.Code == bpf.RetK, in.Code == bpf.RetA:
		case in.Code == bpf.Ja:
			reach(next+uint64(in.K), h)
		case in.Code&7 == bpf.Ja&7: // conditional
			yes := h
			if in.Code == bpf.Jeq && h.off == bpf.OffArch && h.mask == 1<<32-1 && in.Slot == nil {
				yes.audit = in.K
			}
			reach(next+uint64(in.Jt), yes)
			reach(next+uint64(in.Jf), h)
		default:
			reach(next, h.after(in.Insn))
		}
	}
	return before
}

// after is what holds behind an instruction that does not jump.
func (h holding) after(in bpf.Insn) holding {
	switch in.Code {
	case bpf.LdAbs:
		return holding{in.K, 1<<32 - 1, h.audit}
	case bpf.And:
		h.mask &= in.K
	case bpf.St, bpf.Stx, bpf.Tax, bpf.LdxImm, bpf.LdxLen, bpf.LdxMem: // A is as it was
	default:
		h.off = noWord
	}
	return h
}
