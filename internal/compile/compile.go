// Package compile turns a resolved policy into a program, in one of several
// layouts. What the program means does not depend on the layout.
package compile

import (
	"fmt"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// A Program is a compiled policy. Operands that are parameters are still
// open; Fill closes them.
type Program struct {
	Policy *rule.Policy
	Layout Layout
	Insns  []Insn
}

// An Insn is an instruction and where it comes from.
type Insn struct {
	bpf.Insn
	Ref  Ref
	Call int // index into Policy.Calls, or -1
}

// A Ref says what K stands for.
type Ref struct {
	Kind Kind
	Cmp  *rule.Cmp   // of Value, Mask and Load
	High bool        // of Value, Mask and Load: the high word
	Act  rule.Action // of Verdict
}

// A Kind is a kind of operand.
type Kind int

const (
	None    Kind = iota // K is only a number, or nothing
	Field               // the offset of nr or arch
	Arch                // the audit architecture
	Number              // a system call number
	Load                // the offset of one word of an argument
	Mask                // one word of a mask
	Value               // one word of what an argument is compared with
	Verdict             // an action
)

// Param is the index of the parameter that K is to be, or -1.
func (r Ref) Param() int {
	if r.Kind != Value || r.Cmp.X.Param < 0 {
		return -1
	}
	return r.Cmp.X.Param
}

// An Error is a policy that does not fit its layout.
type Error struct {
	Src rule.Src // the rule that grew too large
	Msg string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.Src.File, e.Src.Line, e.Src.Col, e.Msg)
}

// Compile compiles a policy. An error is an *Error.
func Compile(p *rule.Policy, l Layout) (*Program, error) {
	a := &assembler{policy: p, call: -1}
	arrange := map[Layout]func(*assembler){Plain: plain, Classic: classic, Current: current}[l]
	arrange(a)
	if l == Plain {
		a.lower()
	}
	insns, err := a.link()
	if err != nil {
		return nil, err
	}
	if len(insns) > bpf.MaxInsns {
		return nil, &Error{a.largest(), fmt.Sprintf(
			"the program has %d instructions and the kernel takes %d; this rule is the largest, split the tile or list fewer values", len(insns), bpf.MaxInsns)}
	}
	return &Program{p, l, insns}, nil
}

// Fill is the program with its parameters filled in, in the order of
// Policy.Params, -1 as all ones.
func (p *Program) Fill(params []uint64) []bpf.Insn {
	out := make([]bpf.Insn, len(p.Insns))
	for i, in := range p.Insns {
		out[i] = in.Insn
		if n := in.Ref.Param(); n >= 0 {
			out[i].K = p.ParamWord(n, in.Ref.High, params[n])
		}
	}
	return out
}

// ParamWord is one word of parameter n when its value is v. A 32-bit
// parameter is zero-extended.
func (p *Program) ParamWord(n int, high bool, v uint64) uint32 {
	if !high {
		return uint32(v)
	}
	if p.Policy.Params[n].Bits == 32 {
		return 0
	}
	return uint32(v >> 32)
}
