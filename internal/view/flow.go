package view

import (
	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/prove"
)

// A way is how a call goes on from an instruction: to yes or to no, where it
// does not matter to the same. Both are -1 after a return.
type way struct {
	yes, no int
	reached bool // the call may come here at all
}

// flow is the ways of a call of that number, of the program's own architecture
// and with whatever arguments and parameters: jumps that the number and the
// architecture decide go one way only.
func (p *Program) flow(nr uint32) []way {
	ways := make([]way, len(p.code))
	before := make([]fact, len(p.code))
	reach := func(pc int, f fact) {
		if ways[pc].reached {
			f = before[pc].join(f)
		}
		before[pc], ways[pc].reached = f, true
	}
	reach(0, fact{known: true}) // A is 0 at the start
	for pc, in := range p.code {
		w := &ways[pc]
		if w.yes, w.no = -1, -1; !w.reached || in.Code == bpf.RetK || in.Code == bpf.RetA {
			continue
		}
		w.yes, w.no = p.Next(pc)
		if taken, ok := p.decided(pc, before[pc]); ok && taken {
			w.no = w.yes
		} else if ok {
			w.yes = w.no
		}
		after := p.after(pc, before[pc], nr)
		reach(w.yes, after)
		if w.no != w.yes {
			reach(w.no, after)
		}
	}
	return ways
}

// Reach tells which instructions a call of that number may come to, made by a
// program of the program's own architecture with whatever arguments.
func (p *Program) Reach(nr uint32) []bool {
	reached := make([]bool, len(p.code))
	for pc, w := range p.flow(nr) {
		reached[pc] = w.reached
	}
	return reached
}

// A fact is what is known of A: its value, or nothing.
type fact struct {
	a     uint32
	known bool
}

func (f fact) join(g fact) fact {
	if !f.known || f != g {
		return fact{}
	}
	return f
}

// after is what is known of A after an instruction.
func (p *Program) after(pc int, f fact, nr uint32) fact {
	in := p.code[pc]
	switch in.Code {
	case bpf.LdAbs:
		switch in.K {
		case bpf.OffNr:
			return fact{nr, true}
		case bpf.OffArch:
			return fact{p.Arch.Audit(), true}
		}
		return fact{}
	case bpf.LdImm:
		return fact{in.K, true}
	case bpf.And:
		f.a &= in.K
		f.known = f.known && p.Insns[pc].Slot == nil
		return f
	case bpf.Ja, bpf.St, bpf.Stx, bpf.LdxImm, bpf.LdxMem, bpf.LdxLen, bpf.Tax:
		return f
	}
	if Branches(in.Code) {
		return f
	}
	return fact{}
}

// decided reports whether the jump at pc is taken, if what is known of A says
// so.
func (p *Program) decided(pc int, f fact) (taken, ok bool) {
	in := p.code[pc]
	if !f.known || !Branches(in.Code) || in.Code&bpf.SrcX != 0 || p.Insns[pc].Slot != nil {
		return false, false
	}
	return bpf.Cond{Mask: 1<<32 - 1, Code: in.Code, K: in.K, Holds: true}.Met(f.a), true
}

// Executed is the least and the most instructions that a call of that number
// may execute.
func (p *Program) Executed(nr uint32) (least, most int) {
	ways := p.flow(nr)
	short, long := make([]int, len(ways)), make([]int, len(ways))
	for pc := len(ways) - 1; pc >= 0; pc-- {
		if w := ways[pc]; w.yes >= 0 {
			short[pc] = min(short[w.yes], short[w.no])
			long[pc] = max(long[w.yes], long[w.no])
		}
		short[pc]++
		long[pc]++
	}
	return short[0], long[0]
}

// Cached reports whether kernels from Linux 5.11 on answer calls of that number
// without running the program, were there no other filter: at install they find
// out which are allowed whatever the arguments (seccomp_cache_prepare,
// kernel/seccomp.c). They keep this for architectures that define
// SECCOMP_ARCH_NATIVE or SECCOMP_ARCH_COMPAT (arch/*/include/asm/seccomp.h),
// and for numbers that count from 0.
func (p *Program) Cached(nr uint32) bool {
	last, _ := p.Arch.LastNumber()
	if nr > last || !caches(p.Arch) {
		return false
	}
	allowed, _ := prove.Emulated(p.Insns, p.Arch.Audit(), nr)
	return allowed
}

func caches(a arch.Arch) bool {
	switch a {
	case arch.X32, arch.M68K, arch.MIPS, arch.MIPSel, arch.MIPS64, arch.MIPSel64, arch.MIPS64N32, arch.MIPSel64N32:
		return false
	}
	return a.Valid()
}
