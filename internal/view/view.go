// Package view is a program as people look at it: a listing that says what each
// instruction is about, the way one call takes through it, the calls that can
// reach an instruction, and how often each way is taken. It judges nothing: the
// verdicts are those of package vm.
package view

import (
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
)

// A Program is a program as calls of one architecture meet it. Operands may be
// parameters.
type Program struct {
	Name    string
	Layout  string // "" for a program from elsewhere
	Arch    arch.Arch
	Insns   []prove.Insn
	Params  []rule.Param
	Policy  *rule.Policy // what it was compiled from, or nil
	Numbers rule.Numbers // of the calls that Policy judges, in a program for several architectures

	// Of each instruction:
	Text    []string   // as in "jeq #$log_fd, l4, l7"
	Notes   []string   // what it is about, "" where it speaks for itself
	Terms   []Term     // what A holds before it
	Callers [][]uint32 // the numbers of the policy's calls that may come to it

	code []bpf.Insn // Insns without their slots
}

// Of is the program of a policy. One for several architectures is as many views
// of it, one for each.
func Of(t gen.Target) []*Program {
	if t.Multi == nil {
		return []*Program{compiled(t, t.Arch, t.Policy, rule.AnyNumber)}
	}
	var out []*Program
	for i, part := range t.Multi.Parts {
		out = append(out, compiled(t, t.Multi.Archs[i], part.Policy, part.Numbers))
	}
	return out
}

func compiled(t gen.Target, a arch.Arch, policy *rule.Policy, numbers rule.Numbers) *Program {
	p := from(t.Name, a, gen.Provable(t.Program))
	p.Layout, p.Policy, p.Numbers = t.Program.Layout.String(), policy, numbers
	p.annotate()
	return p
}

// Foreign is a program from elsewhere. The error is the kernel's reason to
// refuse it.
func Foreign(name string, a arch.Arch, program *prove.Program) (*Program, error) {
	p := from(name, a, program)
	if err := bpf.Check(p.code); err != nil {
		return nil, err
	}
	p.annotate()
	return p, nil
}

func from(name string, a arch.Arch, program *prove.Program) *Program {
	p := &Program{Name: name, Arch: a, Insns: program.Insns, Params: program.Params}
	for _, in := range p.Insns {
		p.code = append(p.code, in.Insn)
	}
	for line := range strings.Lines(bpf.List(p.code, p.Symbol, nil)) {
		_, text, _ := strings.Cut(line, ":")
		p.Text = append(p.Text, strings.TrimSpace(text))
	}
	return p
}

// Symbol is how listings write the operand of an instruction that is filled in
// when the program is installed, "" for a number.
func (p *Program) Symbol(pc int) string {
	return (&prove.Program{Insns: p.Insns, Params: p.Params}).Symbol(pc)
}

// needs lists the parameters that the operand of an instruction depends on.
func (p *Program) needs(pc int) []int {
	s := p.Insns[pc].Slot
	if s == nil || p.Symbol(pc) == "" {
		return nil
	}
	if s.Sort == nil {
		return []int{s.Param}
	}
	var params []int
	for _, x := range s.Sort {
		if x.Param >= 0 && !slices.Contains(params, x.Param) {
			params = append(params, x.Param)
		}
	}
	return params
}

// Next is where instruction pc may go on: yes if what it tests holds, no if not.
// They are the same for what does not branch. Nothing comes after a return.
func (p *Program) Next(pc int) (yes, no int) {
	in := p.code[pc]
	switch {
	case in.Code == bpf.Ja:
		pc += int(in.K)
	case Branches(in.Code):
		return pc + 1 + int(in.Jt), pc + 1 + int(in.Jf)
	}
	return pc + 1, pc + 1
}

// Branches reports whether an opcode is that of a conditional jump.
func Branches(code uint16) bool {
	switch code &^ bpf.SrcX {
	case bpf.Jeq, bpf.Jgt, bpf.Jge, bpf.Jset:
		return true
	}
	return false
}
