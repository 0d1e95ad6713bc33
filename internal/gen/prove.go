package gen

import (
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/prove"
)

// Provable is a compiled program in the form the prover takes.
func Provable(p *compile.Program) *prove.Program {
	out := &prove.Program{Insns: make([]prove.Insn, len(p.Insns)), Params: p.Policy.Params}
	for pc, in := range p.Insns {
		out.Insns[pc].Insn = in.Insn
		if in.Ref.Sort != nil {
			out.Insns[pc].Slot = &prove.Slot{Sort: in.Ref.Sort, Index: in.Ref.Index}
		} else if n := in.Ref.Param(); n >= 0 {
			out.Insns[pc].Slot = &prove.Slot{Param: n, High: in.Ref.High}
		}
	}
	return out
}
