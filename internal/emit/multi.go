package emit

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
)

// archsOf are the architectures a program is for.
func archsOf(t gen.Target) []arch.Arch {
	if t.Multi == nil {
		return []arch.Arch{t.Arch}
	}
	return t.Multi.Archs
}

// archJSON is how the data form names them: a name, or a list of names.
func archJSON(t gen.Target) (string, error) {
	text, err := json.Marshal(gen.NamesOf(archsOf(t)))
	return strings.ReplaceAll(string(text), ",", ", "), err
}

// auditNames names those that an audit value is of.
func auditNames(t gen.Target, audit uint32) []string {
	var names []string
	for _, a := range archsOf(t) {
		if a.Audit() == audit {
			names = append(names, gen.ArchName(a))
		}
	}
	return names
}

// partOf is the index of the architecture that a call of t is of. A program
// for several has their calls one after the other.
func partOf(t gen.Target, call int) int {
	if t.Multi == nil {
		return 0
	}
	for i, p := range t.Multi.Parts {
		if call < len(p.Policy.Calls) {
			return i
		}
		call -= len(p.Policy.Calls)
	}
	panic(fmt.Sprintf("emit: %s has no call %d", t.Name, call))
}

// onArch says which architecture the call of an instruction is of, where there
// are several.
func onArch(t gen.Target, in compile.Insn) string {
	if t.Multi == nil {
		return ""
	}
	return " on " + gen.ArchName(t.Multi.Archs[partOf(t, in.Call)])
}

// isX32Guard reports whether an instruction tells x86_64's numbers from x32's.
func isX32Guard(t gen.Target, in compile.Insn) bool {
	return t.Multi != nil && in.Code == bpf.Jge && in.K == arch.X32Bit && in.Ref.Kind == compile.None
}
