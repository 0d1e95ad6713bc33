package oci

import (
	"cmp"
	"math/bits"
	"reflect"
	"slices"

	"github.com/tileseal/tileseal/internal/rule"
)

// A request is what one rule asks: a condition on each argument.
type request [6]part

// A part is a condition on one argument, nil for none, and the numbers it is
// about, if they are intervals.
type part struct {
	x  rule.Expr
	in *union
}

// ask adds a condition on an argument.
func (r *request) ask(arg int, x rule.Expr) { r[arg] = part{x, unionOf(x)} }

// expr is the conjunction. It is nil if nothing is asked.
func (r *request) expr() rule.Expr {
	var all rule.And
	for _, p := range r {
		if p.x != nil {
			all = append(all, p.x)
		}
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return all
}

// cases is the rule that always applies, or else a case for each action of those
// with conditions.
func (c *call) cases() []rule.Case {
	if c.always != nil {
		return []rule.Case{*c.always}
	}
	var cases []rule.Case
	for i, s := range c.some {
		if slices.ContainsFunc(c.some[:i], func(b some) bool { return b.action == s.action }) {
			continue
		}
		var requests []request
		for _, t := range c.some[i:] {
			if t.action == s.action {
				requests = append(requests, t.request)
			}
		}
		cases = append(cases, rule.Case{When: anyOf(merged(requests)), Action: s.action, Src: rule.Src(s.pos)})
	}
	return cases
}

// anyOf is the disjunction of requests. It is nil if one asks nothing.
func anyOf(requests []request) rule.Expr {
	var or rule.Or
	for _, r := range requests {
		x := r.expr()
		if x == nil {
			return nil
		}
		or = append(or, x)
	}
	if len(or) == 1 {
		return or[0]
	}
	return or
}

// merged is fewer requests with the same meaning as alternatives. Those that
// differ in one argument only, of which they ask for intervals, become one that
// asks for their union. A profile has to spell out many a comparison that a
// policy has, such as that an argument of 32 bits differs from a number.
func merged(requests []request) []request {
	for arg := range 6 {
		var out []request
		for _, r := range requests {
			i := slices.IndexFunc(out, func(o request) bool { return o.joins(r, arg) })
			if i < 0 {
				out = append(out, r)
				continue
			}
			if out[i][arg].x != nil {
				u := out[i][arg].in.with(r[arg].in)
				out[i][arg] = part{u.expr(), u}
			}
		}
		requests = out
	}
	return requests
}

// joins reports whether two requests differ in one argument at most, and ask for
// intervals of the same word there.
func (r request) joins(s request, arg int) bool {
	for i := range r {
		if i != arg && !reflect.DeepEqual(r[i].x, s[i].x) {
			return false
		}
	}
	a, b := r[arg], s[arg]
	if a.x == nil || b.x == nil {
		return a.x == nil && b.x == nil
	}
	return a.in != nil && b.in != nil && a.in.word == b.in.word
}

// A union is a set of numbers that a word of an argument may be.
type union struct {
	word word
	in   []interval // sorted, apart from each other
}

// A word is what is compared of an argument: its bits under the mask, which are
// the lowest.
type word struct {
	arg, width int
	mask       uint64
}

// An interval has both ends.
type interval struct{ low, high uint64 }

// unionOf is a condition as a set. It is nil unless that is about an interval,
// or all but one.
func unionOf(x rule.Expr) *union {
	n, not := x.(rule.Not)
	if not {
		x = n.X
	}
	c, ok := x.(*rule.Cmp)
	if !ok {
		return nil
	}
	u := &union{word: word{c.Arg, c.Width, uint64(1)<<bits.Len64(c.Mask) - 1}}
	v, max := c.X.Value, u.word.mask
	switch free := max &^ c.Mask; {
	case c.Op == rule.Eq && free&(free+1) == 0: // the lowest bits are free
		u.in = []interval{{v, v | free}}
	case free != 0:
		return nil
	case c.Op == rule.Lt:
		u.in = []interval{{0, v - 1}}
	case c.Op == rule.Le:
		u.in = []interval{{0, v}}
	case c.Op == rule.Gt:
		u.in = []interval{{v + 1, max}}
	case c.Op == rule.Ge:
		u.in = []interval{{v, max}}
	}
	if not {
		u.in = u.complement()
	}
	return u
}

// with is the union of two.
func (u *union) with(o *union) *union {
	all := slices.Concat(u.in, o.in)
	slices.SortFunc(all, func(a, b interval) int { return cmp.Compare(a.low, b.low) })
	out := &union{word: u.word}
	for _, i := range all {
		if n := len(out.in); n > 0 && (out.in[n-1].high == 1<<64-1 || i.low <= out.in[n-1].high+1) {
			out.in[n-1].high = max(out.in[n-1].high, i.high)
			continue
		}
		out.in = append(out.in, i)
	}
	return out
}

// complement is what is between the intervals.
func (u *union) complement() []interval {
	var out []interval
	low := uint64(0)
	for _, i := range u.in {
		if i.low > low {
			out = append(out, interval{low, i.low - 1})
		}
		if i.high == u.word.mask {
			return out
		}
		low = i.high + 1
	}
	return append(out, interval{low, u.word.mask})
}

// few is how many numbers of an interval are better listed.
const few = 4

// expr is the set as a condition: what it leaves out, if that is less to say.
func (u *union) expr() rule.Expr {
	out := u.complement()
	switch {
	case len(out) == 0:
		return nil
	case len(u.in) == 1 && out[0].high > out[0].low && len(out) == 1: // a bound
	case short(out) && !short(u.in):
		return rule.Not{X: u.alternatives(out)}
	}
	return u.alternatives(u.in)
}

// short reports whether all of the intervals are listed.
func short(in []interval) bool {
	return !slices.ContainsFunc(in, func(i interval) bool { return i.high-i.low >= few })
}

func (u *union) alternatives(in []interval) rule.Expr {
	var or rule.Or
	for _, i := range in {
		if i.high-i.low >= few {
			or = append(or, u.between(i))
			continue
		}
		for v := i.low; ; v++ {
			or = append(or, u.cmp(rule.Eq, v))
			if v == i.high {
				break
			}
		}
	}
	if len(or) == 1 {
		return or[0]
	}
	return or
}

func (u *union) between(i interval) rule.Expr {
	switch {
	case i.low == 0:
		return u.cmp(rule.Le, i.high)
	case i.high == u.word.mask:
		return u.cmp(rule.Ge, i.low)
	}
	return rule.And{u.cmp(rule.Ge, i.low), u.cmp(rule.Le, i.high)}
}

func (u *union) cmp(op rule.Op, v uint64) rule.Expr {
	return &rule.Cmp{Op: op, Arg: u.word.arg, Width: u.word.width, Mask: u.word.mask, X: rule.Operand{Param: -1, Value: v}}
}
