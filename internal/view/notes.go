package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
)

// annotate fills in Notes and Terms. What a number means is taken from the
// policy, if all calls that come to the instruction agree on it.
func (p *Program) annotate() {
	p.Terms = p.terms()
	p.Callers = make([][]uint32, len(p.code))
	if p.Policy != nil {
		for _, c := range p.Policy.Calls {
			for pc, reached := range p.Reach(c.Nr) {
				if reached {
					p.Callers[pc] = append(p.Callers[pc], c.Nr)
				}
			}
		}
	}
	p.Notes = make([]string, len(p.code))
	for pc := range p.code {
		p.Notes[pc] = p.note(pc)
	}
}

func (p *Program) note(pc int) string {
	in := p.code[pc]
	switch {
	case in.Code == bpf.LdAbs:
		return p.loadNote(pc, in.K)
	case in.Code == bpf.RetK:
		return rule.Action(in.K).String()
	case in.Code == bpf.And:
		return p.policyText(pc, func(c *rule.Cmp) (uint64, string) { return c.Mask, c.MaskText })
	case !Branches(in.Code) || in.Code&bpf.SrcX != 0:
		return ""
	}
	return p.Value(pc)
}

func (p *Program) loadNote(pc int, off uint32) string {
	switch {
	case off == bpf.OffNr:
		return "number of the call"
	case off < bpf.OffArgs:
		return p.wordName(off)
	}
	note := p.wordName(off)
	if n := int(off-bpf.OffArgs) / 8; !p.high(off) && p.wide(pc, n) {
		note += ", low word"
	}
	if callers := p.Callers[pc]; len(callers) == 1 {
		name, _ := p.Arch.Name(callers[0])
		note = name + " " + note
	}
	return note
}

// wide reports whether some call that comes to pc has both words of argument n
// compared.
func (p *Program) wide(pc, n int) bool {
	found := false
	p.compared(pc, func(c *rule.Cmp) { found = found || c.Arg == n && c.Width == 64 })
	return found
}

// compared calls f for the comparisons of all calls that come to pc.
func (p *Program) compared(pc int, f func(*rule.Cmp)) {
	if p.Policy == nil {
		return
	}
	for _, c := range p.Policy.Calls {
		if !slices.Contains(p.Callers[pc], c.Nr) {
			continue
		}
		for _, k := range c.Cases {
			rule.Walk(k.When, f)
		}
	}
}

// Value is the operand of instruction pc for a reader: a parameter, the name of
// a call or an architecture, what the policy writes, or a number.
func (p *Program) Value(pc int) string {
	in, t := p.code[pc], p.Terms[pc]
	if s := p.Symbol(pc); s != "" {
		return strings.ReplaceAll(s, "$", "")
	}
	if in.Code&bpf.SrcX != 0 {
		return "X"
	}
	if t.IsArch() {
		return p.archName(in.K)
	}
	if name, ok := p.Arch.Name(in.K); ok && t.IsNr() {
		return name
	}
	if text := p.policyText(pc, func(c *rule.Cmp) (uint64, string) { return c.X.Value, c.X.Text }); text != "" {
		return text
	}
	if in.K <= 0xffff {
		return fmt.Sprint(in.K)
	}
	return fmt.Sprintf("%#x", in.K)
}

// policyText is what the policy calls the operand of pc, "" if the calls that
// come to pc do not agree. part is a value of a comparison and its text.
func (p *Program) policyText(pc int, part func(*rule.Cmp) (uint64, string)) string {
	arg, ok := p.Terms[pc].arg()
	if !ok {
		return ""
	}
	found, differ := "", false
	p.compared(pc, func(c *rule.Cmp) {
		value, text := part(c)
		if p.high(p.Terms[pc].Off) {
			value >>= 32
		}
		if c.Arg != arg || uint32(value) != p.code[pc].K || text == "" || c.X.Param >= 0 && text == c.X.Text {
			return
		}
		differ = differ || found != "" && found != text
		found = text
	})
	if differ || p.high(p.Terms[pc].Off) && p.code[pc].K == 0 { // of a value that fits the low word
		return ""
	}
	return found
}

// archName is the name of the architecture that an audit value stands for.
func (p *Program) archName(audit uint32) string {
	if audit == p.Arch.Audit() {
		return gen.ArchName(p.Arch)
	}
	return gen.ArchName(arch.Arch(audit))
}
