// Package compile turns a resolved policy into a program, in one of several
// layouts. What the program means does not depend on the layout.
package compile

import (
	"fmt"
	"slices"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// A Program is a compiled policy. Operands that are parameters are still
// open; Fill closes them.
type Program struct {
	Policy *rule.Policy
	Layout Layout
	Insns  []Insn

	// Starts, of a program for several architectures, are the instructions
	// that the code of each part starts with; -1 for a part without any.
	Starts []int
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

	// Sort, of Value, are operands that Populate sorts by their low words,
	// unsigned; K is the one at Index, 0 the least. Cmp is one of the
	// comparisons they come from.
	Sort  []rule.Operand
	Index int
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

// Param is the index of the parameter that K is to be, or -1. It is -1 for
// what Sort stands for.
func (r Ref) Param() int {
	if r.Kind != Value || r.Sort != nil || r.Cmp.X.Param < 0 {
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

// Compile compiles a policy. An error is an *Error. Layout Optimized takes the
// rules of the policy for equally likely.
func Compile(p *rule.Policy, l Layout) (*Program, error) {
	a := newAssembler(p)
	switch l {
	case Plain:
		plain(a)
	case Classic:
		classic(a)
	case Current:
		current(a)
	case Optimized:
		optimized(a, Weights{})
	}
	return a.finish(l)
}

// Optimize compiles a policy in layout Optimized, for the calls that w says
// matter. An error is an *Error.
func Optimize(p *rule.Policy, w Weights) (*Program, error) {
	a := newAssembler(p)
	optimized(a, w)
	return a.finish(Optimized)
}

// finish makes the program of the instructions collected.
func (a *assembler) finish(l Layout) (*Program, error) {
	p := a.policy
	if l == Plain || l == Optimized {
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
	return &Program{Policy: p, Layout: l, Insns: insns}, nil
}

// Fill is the program with its parameters filled in, in the order of
// Policy.Params, -1 as all ones.
func (p *Program) Fill(params []uint64) []bpf.Insn {
	out := make([]bpf.Insn, len(p.Insns))
	for i, in := range p.Insns {
		out[i] = in.Insn
		if in.Ref.Sort != nil {
			out[i].K = p.sorted(in.Ref, params)
		}
		if n := in.Ref.Param(); n >= 0 {
			out[i].K = p.ParamWord(n, in.Ref.High, params[n])
		}
	}
	return out
}

// sorted is the operand that r stands for.
func (p *Program) sorted(r Ref, params []uint64) uint32 {
	vs := make([]uint32, len(r.Sort))
	for i, x := range r.Sort {
		if vs[i] = uint32(x.Value); x.Param >= 0 {
			vs[i] = uint32(params[x.Param])
		}
	}
	slices.Sort(vs)
	return vs[r.Index]
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
