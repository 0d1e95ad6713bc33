package program

import (
	"fmt"
	"strings"

	"github.com/tileseal/tileseal/internal/bpf"
)

// Text is a listing that [Parse] reads back to the same instructions. note is a
// comment on instruction pc, "" for none.
func (p *Program) Text(note func(pc int) string) string {
	insns := make([]bpf.Insn, len(p.Insns))
	for pc, in := range p.Insns {
		insns[pc] = in.Insn
	}
	lines := strings.SplitAfter(bpf.List(insns, p.Symbol, note), "\n")
	for pc, in := range insns {
		symbol := p.Symbol(pc)
		if !hides(insns, pc) && (symbol == "" || strings.Contains(lines[pc], "#"+symbol)) {
			continue
		}
		if symbol == "" {
			symbol = fmt.Sprintf("%#x", in.K)
		}
		label, _, _ := strings.Cut(lines[pc], ":")
		lines[pc] = fmt.Sprintf("%s: insn %#02x, %d, %d, #%s\n", label, in.Code, in.Jt, in.Jf, symbol)
	}
	return strings.Join(lines, "")
}

// hides reports whether a listing would not show all of an instruction: fields
// its opcode does not use, an opcode that seccomp does not take, a jump past the
// end.
func hides(insns []bpf.Insn, pc int) bool {
	in := insns[pc]
	back, err := readAsm("", in.String(), 0)
	if err != nil || back.Insns[0].Insn != in {
		return true
	}
	conditional := in.Code&7 == bpf.Ja&7 && in.Code != bpf.Ja
	last := uint64(len(insns) - pc - 1)
	switch {
	case conditional:
		return uint64(max(in.Jt, in.Jf))+1 > last
	case in.Code == bpf.Ja:
		return uint64(in.K)+1 > last
	}
	return false
}
