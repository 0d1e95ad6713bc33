package lint

import (
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
)

// lets reports whether an action lets the call run. A tracer or supervisor
// decides for itself what it lets through.
func lets(a rule.Action) bool { return a.Kind() == rule.Allow || a.Kind() == rule.Log }

// passes reports whether some call with arguments that cond holds for is let
// through, for some values of the parameters. A nil cond holds always. What
// cannot be decided is taken for passing.
func (c *checker) passes(call rule.Call, cond rule.Expr) bool {
	p := *c.target.Policy
	p.Newer, p.Default = nil, rule.KillProcess
	none := p
	none.Calls = nil
	asked := rule.Call{Name: call.Name, Nr: call.Nr}
	if cond != nil {
		asked.Cases = []rule.Case{{When: rule.Not{X: cond}, Action: rule.KillProcess}}
	}
	for _, k := range call.Cases {
		action := rule.KillProcess
		if lets(k.Action) {
			action = rule.Allow
		}
		asked.Cases = append(asked.Cases, rule.Case{When: k.When, Action: action})
	}
	if lets(c.target.Default) {
		asked.Cases = append(asked.Cases, rule.Case{Action: rule.Allow})
	}
	p.Calls = []rule.Call{asked}
	_, err := prove.SameMeaning(&p, &none)
	return err != nil
}

// passesAll reports whether a call is let through whatever its arguments.
func (c *checker) passesAll(call rule.Call) bool {
	for _, k := range call.Cases {
		if k.When == nil {
			return lets(k.Action)
		}
		if !lets(k.Action) {
			return false
		}
	}
	return lets(c.target.Default)
}

// call is the rule for a call, by name. Without one it has no cases.
func (c *checker) call(name string) (call rule.Call, exists bool) {
	nr, ok := c.target.Arch.Number(name)
	if !ok {
		return rule.Call{}, false
	}
	for _, have := range c.target.Calls {
		if have.Nr == nr {
			return have, true
		}
	}
	return rule.Call{Name: name, Nr: nr}, true
}

// src is where a call is let through first, else where its rule is.
func src(call rule.Call) rule.Src {
	for _, k := range call.Cases {
		if lets(k.Action) {
			return k.Src
		}
	}
	if len(call.Cases) > 0 {
		return call.Cases[0].Src
	}
	return rule.Src{}
}

// has is the condition that all bits of an argument are set.
func has(arg int, bits uint64) rule.Expr {
	return &rule.Cmp{Op: rule.Eq, Arg: arg, Width: 32, Mask: bits, X: rule.Operand{Param: -1, Value: bits}}
}

// is is the condition that the low word of an argument has a value.
func is(arg int, value uint64) rule.Expr {
	return &rule.Cmp{Op: rule.Eq, Arg: arg, Width: 32, Mask: 1<<32 - 1, X: rule.Operand{Param: -1, Value: value}}
}

// sameVerdicts reports whether two policies for one target judge all calls
// alike. b's parameters are among those of a.
func sameVerdicts(a, b *rule.Policy) bool {
	to := make([]int, len(b.Params))
	for i, p := range b.Params {
		to[i] = -1
		for j, q := range a.Params {
			if p.Name == q.Name {
				to[i] = j
			}
		}
		if to[i] < 0 {
			return false
		}
	}
	b.Renumber(func(param int) int { return to[param] })
	b.Params = a.Params
	_, err := prove.SameMeaning(a, b)
	return err == nil
}
