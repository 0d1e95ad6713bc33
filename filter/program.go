package filter

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
)

// A Program is a filter made into instructions. It does not change.
type Program struct {
	insns     []bpf.Insn
	bigEndian bool
}

// An Insn is one instruction. It has the shape of unix.SockFilter, and
// converts to it; vm.New takes a slice of them.
type Insn struct {
	Code uint16
	Jt   uint8
	Jf   uint8
	K    uint32
}

// Insns is the instructions.
func (p *Program) Insns() []Insn {
	out := make([]Insn, len(p.insns))
	for i, in := range p.insns {
		out[i] = Insn(in)
	}
	return out
}

// Bytes is the program as the kernel has it in memory, an array of struct
// sock_filter of 8 bytes each, in the byte order of the filter's
// architectures, whichever machine this is.
func (p *Program) Bytes() []byte {
	order := binary.AppendByteOrder(binary.LittleEndian)
	if p.bigEndian {
		order = binary.BigEndian
	}
	var out []byte
	for _, in := range p.insns {
		out = order.AppendUint16(out, in.Code)
		out = append(out, in.Jt, in.Jf)
		out = order.AppendUint32(out, in.K)
	}
	return out
}

// String is a listing, one line an instruction, in the syntax of bpf_asm
// (tools/bpf in the kernel tree).
func (p *Program) String() string { return bpf.List(p.insns, nil, nil) }

// Program compiles f and proves the program. The error is [ErrNoArch],
// [ErrAction] if f.Foreign is none, or [ErrTooLarge]; or it says that no
// proof was found, and then there is no program.
func (f *Filter) Program() (*Program, error) {
	m, err := f.meaning()
	if err != nil {
		return nil, fmt.Errorf("filter: compile: %w", err)
	}
	layout := compile.Plain
	if f.Tree {
		layout = compile.Optimized
	}
	c, err := compile.Multi(m, layout)
	if err != nil {
		return nil, fmt.Errorf("filter: compile: %w", ErrTooLarge)
	}
	insns := c.Fill(nil)
	proven := &prove.Program{Insns: prove.Concrete(insns)}
	if _, err := prove.EqualMulti(proven, m, f.set.BigEndian()); err != nil {
		return nil, fmt.Errorf("filter: the program is not proven, and not given out: %w", err)
	}
	return &Program{insns, f.set.BigEndian()}, nil
}

// meaning is f as the compiler and the prover take it. x86_64 and x32, which
// share an audit value, are one part, in the place of whichever was first.
func (f *Filter) meaning() (*rule.Multi, error) {
	if f.set.Len() == 0 {
		return nil, ErrNoArch
	}
	if err := f.Foreign.check(); err != nil {
		return nil, err
	}
	m := &rule.Multi{Foreign: rule.Action(f.Foreign)}
	both := f.set.Has(arch.X86_64) && f.set.Has(arch.X32)
	paired := false
	for _, a := range f.set.All() {
		p := rule.Part{}
		switch {
		case both && (a == arch.X86_64 || a == arch.X32):
			if paired {
				continue
			}
			paired = true
			p.Policy = f.policy(arch.X86_64, arch.X32)
		case a == arch.X86_64:
			p.Numbers, p.Policy = rule.WithoutX32, f.policy(a)
		case a == arch.X32:
			p.Numbers, p.Policy = rule.OnlyX32, f.policy(a)
		default:
			p.Policy = f.policy(a)
		}
		m.Parts = append(m.Parts, p)
	}
	return m, nil
}

// policy is the rules about the calls of architectures that share an audit
// value.
func (f *Filter) policy(archs ...arch.Arch) *rule.Policy {
	a := archs[0]
	p := &rule.Policy{
		Name:    a.String(),
		Target:  rule.Target{Name: a.String(), Audit: a.Audit(), BigEndian: a.BigEndian(), Bits: a.Bits()},
		Default: rule.Action(f.otherwise),
	}
	for _, a := range archs {
		for _, c := range f.ranked(a) {
			if k := c.cases(a.Bits()); len(k) > 0 {
				p.Calls = append(p.Calls, rule.Call{Name: c.name, Nr: c.nr, Cases: k})
			}
		}
	}
	return joined(p)
}

// joined is p with the rules about Skipped, a number both of two architectures
// have, in one place.
func joined(p *rule.Policy) *rule.Policy {
	first := -1
	for i, c := range p.Calls {
		switch {
		case c.Nr != Skipped:
		case first < 0:
			first = i
		default:
			p.Calls[first].Cases = append(p.Calls[first].Cases, c.Cases...)
			p.Calls = slices.Delete(p.Calls, i, i+1)
			return p
		}
	}
	return p
}

// compare says which call is tried first.
func (c *call) compare(d *call) int {
	return cmp.Or(
		cmp.Compare(d.priority, c.priority),
		cmp.Compare(c.rules.steps(), d.rules.steps()),
		cmp.Compare(c.nr, d.nr))
}

// cases are the rules about c for the compiler, but those that never apply.
func (c *call) cases(bits int) []rule.Case {
	var out []rule.Case
	for d := range c.rules.all {
		if k, never := d.ruleCase(bits); !never {
			out = append(out, k)
		}
	}
	return out
}

// ruleCase is the deed for the compiler, unless it is never done.
func (d *deed) ruleCase(bits int) (k rule.Case, never bool) {
	var all rule.And
	for _, c := range d.when {
		x, never := c.expr(bits)
		switch {
		case never:
			return rule.Case{}, true
		case x != nil:
			all = append(all, x)
		}
	}
	k.Action = rule.Action(d.action)
	switch len(all) {
	case 0:
	case 1:
		k.When = all[0]
	default:
		k.When = all
	}
	return k, false
}
