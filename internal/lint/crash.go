package lint

import (
	"slices"

	"github.com/tileseal/tileseal/internal/rule"
)

// crash is L8.
func (c *checker) crash() {
	if !slices.Contains(c.target.Levels, "core") {
		return // not a Go program's
	}
	at, ok := c.texts.levels[levelPrefix+"core"]
	if !ok {
		return
	}
	for _, need := range []struct {
		call string
		cond rule.Expr
		lost string
	}{
		{"write", is(0, 2), "cannot write to standard error (2), so a panic is silent; include go/crash"},
		{"exit_group", is(0, 2), "cannot end with status 2, so a panic ends as SIGSYS; include go/crash"},
		{"rt_sigreturn", nil, "cannot return from a signal handler; include go/core"},
		{"tgkill", nil, "cannot send itself a signal, so it cannot die by one; include go/crash_core"},
	} {
		call, ok := c.call(need.call)
		call.Cases = slices.Clone(call.Cases)
		for i, k := range call.Cases {
			call.Cases[i].When = running(k.When)
		}
		if ok && !c.passes(call, need.cond) {
			c.add(rule.Src(at), "L8", "the Go program %s", need.lost)
		}
	}
}

// opened is a value of a parameter in a running program: a descriptor it
// opened, and so not standard error.
const opened = 1000

// running is a condition with values in place of the parameters.
func running(x rule.Expr) rule.Expr {
	switch x := x.(type) {
	case rule.And:
		return rule.And(runningAll(x))
	case rule.Or:
		return rule.Or(runningAll(x))
	case rule.Not:
		return rule.Not{X: running(x.X)}
	case *rule.Cmp:
		if x.X.Param >= 0 {
			y := *x
			y.X = rule.Operand{Param: -1, Value: opened + uint64(x.X.Param)}
			return &y
		}
	}
	return x
}

func runningAll(xs []rule.Expr) []rule.Expr {
	out := make([]rule.Expr, len(xs))
	for i, x := range xs {
		out[i] = running(x)
	}
	return out
}
