package policytest

import (
	"fmt"
	"math/rand/v2"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/rule"
)

// Edges are values around which comparisons go wrong.
var Edges = []uint64{0, 1, 2, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<32 + 1, 7<<32 | 5, 1 << 63, 1<<64 - 1}

// A Maker makes random policies, over few calls, values and parameters so
// that they interact. Simple ones fit every layout.
type Maker struct {
	*rand.Rand
	Name   string // of its choices, for what a test says
	Simple bool
	policy *rule.Policy
}

// NewMaker is a Maker that always makes the same policies of a seed.
func NewMaker(seed uint64, simple bool) *Maker {
	return &Maker{Rand: rand.New(rand.NewPCG(seed, 1)), Name: fmt.Sprintf("seed %d", seed), Simple: simple}
}

// FuzzMaker is a Maker that a fuzzer leads: each byte is a choice, and where
// they end the rest is the same random numbers each time.
func FuzzMaker(choices []byte, simple bool) *Maker {
	rest := rand.NewPCG(uint64(len(choices)), 2)
	return &Maker{Rand: rand.New(&chosen{choices, rest}), Name: fmt.Sprintf("choices %v", choices), Simple: simple}
}

type chosen struct {
	choices []byte
	rest    rand.Source
}

// Uint64 repeats a byte: package rand takes some choices from the high bits and
// some from the low ones.
func (c *chosen) Uint64() uint64 {
	if len(c.choices) == 0 {
		return c.rest.Uint64()
	}
	b := c.choices[0]
	c.choices = c.choices[1:]
	return uint64(b) * 0x0101010101010101
}

// A Kind is one of the machines that random policies are for, and whether they are
// simple.
type Kind uint8

// Machine is the kind's architecture.
func (k Kind) Machine() arch.Arch {
	return []arch.Arch{arch.X86_64, arch.X86, arch.AArch64, arch.S390X, arch.MIPS}[k/2%5]
}

// Simple reports whether the kind's policies fit every layout.
func (k Kind) Simple() bool { return k%2 == 0 }

// Edge is one of Edges.
func (m *Maker) Edge() uint64 { return Edges[m.IntN(len(Edges))] }

// Params is a value for each parameter of p, -1 as all ones.
func (m *Maker) Params(p *rule.Policy) []uint64 {
	values := make([]uint64, len(p.Params))
	for i, q := range p.Params {
		for values[i] = m.Edge(); q.Check(int64(values[i])) != nil; {
			values[i] = m.Edge()
		}
	}
	return values
}

// Policy is a random policy for a.
func (m *Maker) Policy(a arch.Arch) *rule.Policy {
	actions := []rule.Action{rule.Allow, rule.Errno | 38, rule.Log, rule.Trap | 7, rule.KillProcess}
	p := &rule.Policy{
		Target:  rule.Target{Name: a.String(), Audit: a.Audit(), BigEndian: a.BigEndian(), Bits: a.Bits(), X32Shares: a == arch.X86_64},
		Default: rule.KillProcess,
		Params: []rule.Param{
			{Name: "a", Bits: 32, Min: -1, Max: 1<<31 - 1},
			{Name: "b", Bits: 32, Max: 1<<31 - 1},
			{Name: "c", Bits: 64, Max: 1<<64 - 1},
		},
	}
	m.policy = p
	if m.Simple {
		actions = actions[:1]
	} else {
		p.Default = actions[m.IntN(len(actions))]
		if m.IntN(3) == 0 {
			p.Newer = &rule.Newer{Last: 4, Action: rule.Errno | 38}
		}
	}
	for nr := range uint32(m.IntN(5)) {
		c := rule.Call{Nr: nr}
		act := actions[m.IntN(len(actions))]
		for range 1 + m.IntN(3) {
			if !m.Simple && m.IntN(3) == 0 {
				act = actions[m.IntN(len(actions))]
			}
			k := rule.Case{Action: act}
			if m.IntN(4) > 0 {
				k.When = m.expr(3)
			}
			c.Cases = append(c.Cases, k)
		}
		p.Calls = append(p.Calls, c)
	}
	return p
}

func (m *Maker) expr(depth int) rule.Expr {
	if depth == 0 || m.IntN(3) == 0 {
		return m.cmp()
	}
	var xs []rule.Expr
	for range 1 + m.IntN(3) {
		xs = append(xs, m.expr(depth-1))
	}
	switch m.IntN(3) {
	case 0:
		return rule.And(xs)
	case 1:
		return rule.Or(xs)
	}
	return rule.Not{X: xs[0]}
}

// cmp is a comparison with a constant or a parameter, masked at times.
func (m *Maker) cmp() rule.Expr {
	c := &rule.Cmp{Op: rule.Op(m.IntN(5)), Arg: m.IntN(2), Width: 32 + 32*m.IntN(2), X: rule.Operand{Param: -1, Value: m.Edge()}}
	c.Mask = 1<<c.Width - 1
	if m.IntN(3) == 0 {
		c.X = rule.Operand{Param: m.IntN(len(m.policy.Params))}
	}
	if !m.Simple && m.IntN(4) == 0 {
		c.Mask &= m.Edge()
	}
	c.X.Value &= c.Mask
	return c
}

// Call is a call of p's target, now and then a foreign one or one of a number
// no table has.
func (m *Maker) Call(p *rule.Policy) rule.Data {
	d := rule.Data{Nr: uint32(m.IntN(7)), Arch: p.Target.Audit, Args: [6]uint64{m.Edge(), m.Edge()}}
	switch m.IntN(12) {
	case 0:
		d.Arch ^= 1 << m.IntN(32)
	case 1:
		d.Nr |= 1 << 30
	case 2:
		d.Nr = 1<<32 - 1 - d.Nr
	}
	return d
}
