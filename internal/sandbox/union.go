package sandbox

import (
	"slices"

	"github.com/tileseal/tileseal/internal/rule"
)

// clone is a copy of p whose conditions and parameters can be changed.
func clone(p *rule.Policy) *rule.Policy {
	q := *p
	q.Params = slices.Clone(p.Params)
	q.Calls = make([]rule.Call, len(p.Calls))
	for i, c := range p.Calls {
		c.Cases = slices.Clone(c.Cases)
		for j := range c.Cases {
			c.Cases[j].When = cloneExpr(c.Cases[j].When)
		}
		q.Calls[i] = c
	}
	return &q
}

func cloneExpr(x rule.Expr) rule.Expr {
	switch x := x.(type) {
	case rule.And:
		ys := make(rule.And, len(x))
		for i, y := range x {
			ys[i] = cloneExpr(y)
		}
		return ys
	case rule.Or:
		ys := make(rule.Or, len(x))
		for i, y := range x {
			ys[i] = cloneExpr(y)
		}
		return ys
	case rule.Not:
		return rule.Not{X: cloneExpr(x.X)}
	case *rule.Cmp:
		c := *x
		return &c
	}
	return nil
}

// add has p allow what q allows. Parameters of one name are one parameter. The
// cases of q come before those of p, whose verdicts are otherwise as they were. q
// is used up.
func add(p, q *rule.Policy) {
	to := make([]int, len(q.Params))
	for i, param := range q.Params {
		to[i] = slices.IndexFunc(p.Params, func(have rule.Param) bool { return have.Name == param.Name })
		if to[i] < 0 {
			to[i] = len(p.Params)
			p.Params = append(p.Params, param)
			continue
		}
		have := &p.Params[to[i]]
		have.Min, have.Max = max(have.Min, param.Min), min(have.Max, param.Max)
	}
	q.Renumber(func(n int) int { return to[n] })
	for _, c := range q.Calls {
		at := slices.IndexFunc(p.Calls, func(have rule.Call) bool { return have.Nr == c.Nr })
		if at < 0 {
			// With nothing about it in p, the newer calls' verdict and the default are p's still.
			p.Calls = append(p.Calls, c)
			continue
		}
		have := &p.Calls[at]
		have.Cases = slices.Concat(c.Cases, have.Cases)
	}
}
