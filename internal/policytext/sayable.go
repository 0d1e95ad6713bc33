package policytext

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
)

// sayable is the cases of a call in a form the policy language has: one action
// under a condition and the default for the rest; or allowed under a condition
// and another action for the rest. It has no cases if all is the default.
func sayable(p *rule.Policy, c *rule.Call) ([]rule.Case, *gen.Error) {
	total, err := covers(p, c)
	if err != nil {
		return nil, unsaid(p, c, "%v", err)
	}
	var actions []rule.Action
	for _, k := range c.Cases {
		if k.Action != p.Default && !slices.Contains(actions, k.Action) {
			actions = append(actions, k.Action)
		}
	}
	src := c.Cases[0].Src
	switch {
	case len(actions) == 0:
		return nil, nil
	case len(actions) == 1:
		return []rule.Case{{When: When(c.Cases, actions[0]), Action: actions[0], Src: src}}, nil
	case len(actions) == 2 && slices.Contains(actions, rule.Allow) && total && !has(c.Cases, p.Default):
		rest := actions[0]
		if rest == rule.Allow {
			rest = actions[1]
		}
		return []rule.Case{{When: When(c.Cases, rule.Allow), Action: rule.Allow, Src: src}, {Action: rest, Src: src}}, nil
	}
	return nil, unsaid(p, c, "%v under conditions of their own, beside the default %v; a policy has one action under a condition, or allow and one action for the rest", actions, p.Default)
}

func unsaid(p *rule.Policy, c *rule.Call, format string, args ...any) *gen.Error {
	return &gen.Error{
		Pos: gen.Pos(c.Cases[0].Src),
		Msg: fmt.Sprintf("%s on %s cannot be said: ", c.Name, p.Target.Name) + fmt.Sprintf(format, args...),
	}
}

func has(cases []rule.Case, a rule.Action) bool {
	return slices.ContainsFunc(cases, func(k rule.Case) bool { return k.Action == a })
}

// When is the condition under which the first case that holds is one of
// action. It is nil if that
// is always so, and an empty Or if it never is.
func When(cases []rule.Case, action rule.Action) rule.Expr {
	var all rule.Or
	var others rule.Or
	for _, k := range cases {
		switch {
		case k.Action != action && k.When == nil:
			return one(all)
		case k.Action != action:
			others = append(others, k.When)
		case k.When == nil && len(others) == 0:
			return nil
		case k.When == nil:
			all = append(all, rule.Not{X: one(others)})
			return one(all)
		case len(others) == 0:
			all = append(all, alternatives(k.When)...)
		default:
			all = append(all, rule.And{k.When, rule.Not{X: one(others)}})
		}
	}
	return one(all)
}

func alternatives(x rule.Expr) []rule.Expr {
	if or, ok := x.(rule.Or); ok {
		return or
	}
	return []rule.Expr{x}
}

// one is xs without what stands in it twice, and no junction if that leaves one.
func one(xs rule.Or) rule.Expr {
	var out rule.Or
	seen := map[string]bool{}
	for _, x := range xs {
		if s := formOf(x).flat(); !seen[s] {
			seen[s] = true
			out = append(out, x)
		}
	}
	if len(out) == 1 {
		return out[0]
	}
	return out
}

// covers reports whether the cases of a call leave nothing to the default.
func covers(p *rule.Policy, c *rule.Call) (bool, error) {
	if c.Cases[len(c.Cases)-1].When == nil {
		return true, nil
	}
	if len(c.Cases) == 1 {
		return false, nil
	}
	alone := func(otherwise rule.Action) *rule.Policy {
		return &rule.Policy{Target: p.Target, Default: otherwise, Calls: []rule.Call{{Name: c.Name, Nr: c.Nr,
			Cases: append(c.Cases[:len(c.Cases):len(c.Cases)], rule.Case{Action: otherwise})}}}
	}
	a, b := alone(rule.Allow), alone(rule.Log)
	a.Default = b.Default // of the other calls
	_, err := prove.SameMeaning(a, b)
	if ce := (*prove.Counterexample)(nil); errors.As(err, &ce) {
		return false, nil
	}
	return err == nil, err
}
