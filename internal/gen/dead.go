package gen

import (
	"github.com/tileseal/tileseal/internal/rule"
)

// checkDead reports parts of a condition that can never decide anything: a
// comparison that always or never holds, an alternative that repeats another,
// and a conjunction that nothing satisfies.
// It finds what can be seen term by term; deciding the rest is a proof.
func (r *resolver) checkDead(e *Entry, x rule.Expr) {
	if why := dead(x); why != "" {
		r.report(e.Pos, "%s: %s", e.Name, why)
	}
}

func dead(x rule.Expr) string {
	switch x := x.(type) {
	case rule.And:
		if impossible(x) {
			return "these conditions can never hold together"
		}
		return deadIn(x, "and")
	case rule.Or:
		return deadIn(x, "or")
	case rule.Not:
		return dead(x.X)
	case *rule.Cmp:
		all := interval{0, x.Mask}
		if x.X.Param >= 0 {
			return ""
		}
		switch left, ok := all.cut(x.Op, x.X.Value); {
		case !ok:
			return "this condition can never hold"
		case left == all:
			return "this condition always holds; drop it"
		}
	}
	return ""
}

func deadIn(xs []rule.Expr, op string) string {
	for i, x := range xs {
		if why := dead(x); why != "" {
			return why
		}
		for _, y := range xs[:i] {
			if same(x, y) {
				return "a condition stands twice in one (" + op + " ...)"
			}
		}
	}
	return ""
}

// same reports whether x and y are written alike, up to spelling of values.
func same(x, y rule.Expr) bool {
	switch x := x.(type) {
	case *rule.Cmp:
		y, ok := y.(*rule.Cmp)
		return ok && x.Op == y.Op && x.Arg == y.Arg && x.Width == y.Width && x.Mask == y.Mask &&
			x.X.Param == y.X.Param && x.X.Value == y.X.Value
	case rule.Not:
		y, ok := y.(rule.Not)
		return ok && same(x.X, y.X)
	case rule.And:
		y, ok := y.(rule.And)
		return ok && allSame(x, y)
	case rule.Or:
		y, ok := y.(rule.Or)
		return ok && allSame(x, y)
	}
	return false
}

func allSame(xs, ys []rule.Expr) bool {
	if len(xs) != len(ys) {
		return false
	}
	for i := range xs {
		if !same(xs[i], ys[i]) {
			return false
		}
	}
	return true
}

// An interval is what is left of an argument after comparing it with
// constants.
type interval struct{ low, high uint64 }

// impossible reports whether the plain comparisons among xs leave some
// argument no value. Parameters may have any value, and so decide nothing.
func impossible(xs rule.And) bool {
	left := map[[2]uint64]interval{}
	for _, x := range xs {
		c, ok := x.(*rule.Cmp)
		if !ok || c.X.Param >= 0 {
			continue
		}
		key := [2]uint64{uint64(c.Arg), c.Mask}
		in, ok := left[key]
		if !ok {
			in = interval{0, c.Mask}
		}
		if in, ok = in.cut(c.Op, c.X.Value); !ok {
			return true
		}
		left[key] = in
	}
	return false
}

// cut is the part of in for which the comparison holds.
func (in interval) cut(op rule.Op, v uint64) (interval, bool) {
	switch op {
	case rule.Eq:
		in.low, in.high = max(in.low, v), min(in.high, v)
	case rule.Lt:
		if v == 0 {
			return in, false
		}
		in.high = min(in.high, v-1)
	case rule.Le:
		in.high = min(in.high, v)
	case rule.Gt:
		if v == 1<<64-1 {
			return in, false
		}
		in.low = max(in.low, v+1)
	case rule.Ge:
		in.low = max(in.low, v)
	}
	return in, in.low <= in.high
}
