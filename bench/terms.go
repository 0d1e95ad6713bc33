//go:build linux && amd64

package main

import (
	"slices"

	"github.com/tileseal/tileseal/internal/rule"
)

// A term is a comparison or its opposite.
type term struct {
	*rule.Cmp
	not bool
}

// alternatives is a condition as peers take it: an or of ands of terms. With
// not it is the opposite of the condition.
func alternatives(x rule.Expr, not bool) [][]term {
	switch x := x.(type) {
	case rule.Not:
		return alternatives(x.X, !not)
	case *rule.Cmp:
		return [][]term{{{x, not}}}
	case rule.And:
		return combine(x, !not, not)
	case rule.Or:
		return combine(x, not, not)
	}
	return nil
}

// combine joins conditions: all of them must hold, or one.
func combine(xs []rule.Expr, all, not bool) [][]term {
	var list [][]term
	for i, x := range xs {
		more := alternatives(x, not)
		if !all || i == 0 {
			list = append(list, more...)
			continue
		}
		var product [][]term
		for _, a := range list {
			for _, b := range more {
				product = append(product, append(a[:len(a):len(a)], b...))
			}
		}
		list = product
	}
	return list
}

// value is what a comparison compares with.
func (p *policy) value(c *rule.Cmp) uint64 {
	if c.X.Param >= 0 {
		return p.params[c.X.Param]
	}
	return c.X.Value
}

// maxGap is how many values between two excluded ones splitSets lists.
const maxGap = 16

// splitSets rewrites alternatives that exclude several values of one argument
// for a peer that takes one comparison of an argument only: below the least,
// one of those between, or above the greatest.
func splitSets(p *policy, list [][]term) [][]term {
	var out [][]term
	for _, terms := range list {
		arg, values := p.excluded(terms)
		if len(values) < 2 || values[len(values)-1]-values[0] > maxGap {
			out = append(out, terms)
			continue
		}
		one := *terms[slices.IndexFunc(terms, func(t term) bool { return t.not && t.Arg == arg })].Cmp
		rest := slices.DeleteFunc(slices.Clone(terms), func(t term) bool { return t.not && t.Arg == arg })
		with := func(op rule.Op, v uint64) {
			c := one
			c.Op, c.X = op, rule.Operand{Param: -1, Value: v}
			out = append(out, append(rest[:len(rest):len(rest)], term{&c, false}))
		}
		last := values[len(values)-1]
		if values[0] > 0 {
			with(rule.Lt, values[0])
		}
		for v := values[0] + 1; v < last; v++ {
			if !slices.Contains(values, v) {
				with(rule.Eq, v)
			}
		}
		with(rule.Gt, last)
	}
	return out
}

// excluded are the values that terms say an argument, the first such, is not.
func (p *policy) excluded(terms []term) (arg int, values []uint64) {
	arg = -1
	for _, t := range terms {
		if t.not && t.Op == rule.Eq && (arg < 0 || t.Arg == arg) {
			arg = t.Arg
			values = append(values, p.value(t.Cmp))
		}
	}
	slices.Sort(values)
	return arg, slices.Compact(values)
}
