package emit

import (
	"slices"

	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
)

// sortedSets lists one instruction for every set of operands that Populate
// has to sort.
func sortedSets(t gen.Target) []compile.Insn {
	var sets []compile.Insn
	for _, in := range t.Program.Insns {
		if in.Ref.Sort != nil && setIndex(sets, in) < 0 {
			sets = append(sets, in)
		}
	}
	return sets
}

// setIndex is the index of the set that in's operand belongs to, or -1.
func setIndex(sets []compile.Insn, in compile.Insn) int {
	return slices.IndexFunc(sets, func(s compile.Insn) bool {
		return slices.EqualFunc(s.Ref.Sort, in.Ref.Sort, func(a, b rule.Operand) bool {
			return a.Param == b.Param && (a.Param >= 0 || a.Value == b.Value)
		})
	})
}
