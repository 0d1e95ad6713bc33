package page

import (
	"fmt"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/proto"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/internal/view"
)

// data is what the page's simulator knows. Numbers of 64 bits are texts, as
// JavaScript's numbers have 53.
type data struct {
	Arch      string              `json:"arch"`
	Audit     uint32              `json:"audit"`
	Bits      int                 `json:"bits"`
	BigEndian bool                `json:"bigEndian"`
	Insns     [][4]any            `json:"insns"` // code, jt, jf, k; k a number or a slot
	Texts     []string            `json:"texts"`
	Params    []param             `json:"params"`
	Numbers   map[string]uint32   `json:"numbers"` // of the architecture's calls, by name
	Names     map[string][]string `json:"names"`   // of the arguments of calls
	Constants map[string]string   `json:"constants"`
	Audits    map[string]uint32   `json:"audits"` // of all architectures
	Cached    []uint32            `json:"cached"` // numbers of calls
	Policy    meaning             `json:"policy"`
}

type param struct {
	Name string `json:"name"`
	Bits int    `json:"bits"`
	Min  string `json:"min"`
	Max  string `json:"max"`
}

// A slot is an operand that depends on parameters.
type slot struct {
	Param int   `json:"param"`
	High  bool  `json:"high,omitempty"`
	Sort  []any `json:"sort,omitempty"` // parameters as {"param": n}, or numbers
	Index int   `json:"index,omitempty"`
}

// meaning is the policy, for the page to hold the program against.
type meaning struct {
	Calls     []callMeaning `json:"calls"`
	Default   uint32        `json:"default"`
	Newer     *uint32       `json:"newer,omitempty"`
	Last      uint32        `json:"last"` // number before the first newer one
	X32Shares bool          `json:"x32Shares"`
}

type callMeaning struct {
	Nr    uint32        `json:"nr"`
	Reach []int         `json:"reach"` // instructions its calls may come to
	Cases []caseMeaning `json:"cases"`
}

type caseMeaning struct {
	When   any    `json:"when"` // null: always
	Action uint32 `json:"action"`
	Rule   string `json:"rule"` // "" for what an outer policy says of all else
	At     string `json:"at"`
}

func dataOf(p *view.Program) *data {
	d := &data{
		Arch: gen.ArchName(p.Arch), Audit: p.Arch.Audit(), Bits: p.Arch.Bits(), BigEndian: p.Arch.BigEndian(), Texts: p.Text,
		Numbers: map[string]uint32{}, Names: map[string][]string{}, Constants: map[string]string{}, Audits: map[string]uint32{},
		Params: []param{}, Cached: []uint32{},
	}
	for _, in := range p.Insns {
		d.Insns = append(d.Insns, [4]any{in.Code, in.Jt, in.Jf, operand(in)})
	}
	for _, q := range p.Params {
		d.Params = append(d.Params, param{q.Name, q.Bits, fmt.Sprint(q.Min), fmt.Sprint(q.Max)})
	}
	for name, nr := range p.Arch.Syscalls() {
		d.Numbers[name] = nr
		if p.Cached(nr) {
			d.Cached = append(d.Cached, nr)
		}
		args, _ := proto.Of(p.Arch, name)
		for _, a := range args {
			d.Names[name] = append(d.Names[name], a.Name)
		}
	}
	for _, a := range arch.All() {
		d.Audits[gen.ArchName(a)] = a.Audit()
	}
	d.Policy = d.meaning(p)
	return d
}

func operand(in prove.Insn) any {
	if in.Slot == nil {
		return in.K
	}
	s := slot{Param: in.Slot.Param, High: in.Slot.High, Index: in.Slot.Index}
	for _, x := range in.Slot.Sort {
		if x.Param >= 0 {
			s.Sort = append(s.Sort, slot{Param: x.Param})
		} else {
			s.Sort = append(s.Sort, uint32(x.Value))
		}
	}
	return s
}

func (d *data) meaning(p *view.Program) meaning {
	q := p.Policy
	m := meaning{Default: uint32(q.Default), X32Shares: q.Target.X32Shares}
	if q.Newer != nil {
		action := uint32(q.Newer.Action)
		m.Newer, m.Last = &action, q.Newer.Last
	}
	rules := ruleIDs(q)
	for _, c := range q.Calls {
		cm := callMeaning{Nr: c.Nr}
		for pc, reached := range p.Reach(c.Nr) {
			if reached {
				cm.Reach = append(cm.Reach, pc)
			}
		}
		for _, k := range c.Cases {
			at := ""
			if k.Src.Line > 0 {
				at = fmt.Sprintf("%s:%d", k.Src.File, k.Src.Line)
			}
			cm.Cases = append(cm.Cases, caseMeaning{d.expr(k.When), uint32(k.Action), rules[place{k.Src.File, k.Src.Line}], at})
		}
		m.Calls = append(m.Calls, cm)
	}
	return m
}

// A comparison is a rule.Cmp.
type comparison struct {
	Op    rule.Op `json:"op"`
	Arg   int     `json:"arg"`
	Width int     `json:"width"`
	Mask  string  `json:"mask"`
	Param int     `json:"param"` // -1: Value
	Value string  `json:"value"`
}

// expr is a condition: {"and": [...]}, {"or": [...]}, {"not": x} or a comparison.
// It collects the constants that the policy names.
func (d *data) expr(x rule.Expr) any {
	switch x := x.(type) {
	case nil:
		return nil
	case rule.And:
		return map[string]any{"and": d.exprs(x)}
	case rule.Or:
		return map[string]any{"or": d.exprs(x)}
	case rule.Not:
		return map[string]any{"not": d.expr(x.X)}
	}
	c := x.(*rule.Cmp)
	value := fmt.Sprintf("%#x", c.X.Value)
	if isName(c.X.Text) && c.X.Param < 0 {
		d.Constants[c.X.Text] = value
	}
	return comparison{c.Op, c.Arg, c.Width, fmt.Sprintf("%#x", c.Mask), c.X.Param, value}
}

func (d *data) exprs(xs []rule.Expr) []any {
	out := make([]any, len(xs))
	for i, x := range xs {
		out[i] = d.expr(x)
	}
	return out
}

// isName reports whether a text is constants joined by |.
func isName(s string) bool {
	return s != "" && !strings.ContainsAny(s[:1], "0123456789-+(~") && !strings.ContainsAny(s, " ()<>")
}
