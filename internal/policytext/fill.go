package policytext

import "github.com/tileseal/tileseal/internal/rule"

// Fill is a policy with values in place of its parameters, in their order, -1
// as all ones.
func Fill(p *rule.Policy, values []uint64) *rule.Policy {
	q := *p
	q.Params, q.Calls = nil, nil
	for _, c := range p.Calls {
		cases := make([]rule.Case, len(c.Cases))
		for i, k := range c.Cases {
			k.When = filled(p, k.When, values)
			cases[i] = k
		}
		c.Cases = cases
		q.Calls = append(q.Calls, c)
	}
	return &q
}

func filled(p *rule.Policy, x rule.Expr, values []uint64) rule.Expr {
	switch x := x.(type) {
	case rule.And:
		return rule.And(allFilled(p, x, values))
	case rule.Or:
		return rule.Or(allFilled(p, x, values))
	case rule.Not:
		return rule.Not{X: filled(p, x.X, values)}
	case *rule.Cmp:
		c := *x
		if n := c.X.Param; n >= 0 {
			c.X = rule.Operand{Param: -1, Value: values[n]}
			if p.Params[n].Bits == 32 || c.Width == 32 {
				c.X.Value &= 1<<32 - 1
			}
		}
		return &c
	}
	return nil
}

func allFilled(p *rule.Policy, xs []rule.Expr, values []uint64) []rule.Expr {
	out := make([]rule.Expr, len(xs))
	for i, x := range xs {
		out[i] = filled(p, x, values)
	}
	return out
}
