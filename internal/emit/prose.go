package emit

import (
	"fmt"
	"strings"

	"github.com/tileseal/tileseal/internal/rule"
)

// prose says a condition in words. name is how a parameter is called.
type prose struct {
	policy *rule.Policy
	name   func(string) string
}

func (w prose) expr(x rule.Expr) string {
	switch x := x.(type) {
	case rule.And:
		if low, high, ok := bounds(x); ok {
			return fmt.Sprintf("%s is %s to %s", w.arg(low), w.operand(low.X), w.operand(high.X))
		}
		return w.join(x, " and ", ", and ")
	case rule.Or:
		if c, values, ok := w.sameArg(x); ok {
			return fmt.Sprintf("%s is %s", w.arg(c), list(values, "or"))
		}
		return w.join(w.grouped(x), ", or ", ", or ")
	case rule.Not:
		return w.not(x.X)
	}
	c := x.(*rule.Cmp)
	return fmt.Sprintf("%s %s %s", w.arg(c), [...]string{"is", "<", "<=", ">", ">="}[c.Op], w.operand(c.X))
}

func (w prose) not(x rule.Expr) string {
	switch x := x.(type) {
	case rule.Or:
		if c, values, ok := w.sameArg(x); ok {
			return fmt.Sprintf("%s is not %s", w.arg(c), list(values, "or"))
		}
	case rule.Not:
		return w.expr(x.X)
	case *rule.Cmp:
		return fmt.Sprintf("%s %s %s", w.arg(x), [...]string{"is not", ">=", ">", "<=", "<"}[x.Op], w.operand(x.X))
	}
	return "not (" + w.expr(x) + ")"
}

// bounds is the two ends of a range, if that is what x is.
func bounds(x rule.And) (low, high *rule.Cmp, ok bool) {
	if len(x) != 2 {
		return nil, nil, false
	}
	low, ok1 := x[0].(*rule.Cmp)
	high, ok2 := x[1].(*rule.Cmp)
	ok = ok1 && ok2 && low.Op == rule.Ge && high.Op == rule.Le && low.Arg == high.Arg && low.Mask == high.Mask
	return low, high, ok
}

// grouped is or with every run of equalities of one argument as an or of its
// own, which reads as a list.
func (w prose) grouped(or rule.Or) []rule.Expr {
	var out []rule.Expr
	var run rule.Or
	flush := func() {
		if len(run) == 1 {
			out = append(out, run[0])
		} else if len(run) > 1 {
			out = append(out, run)
		}
		run = nil
	}
	for _, x := range or {
		longer := append(run[:len(run):len(run)], x)
		if _, _, ok := w.sameArg(longer); ok {
			run = longer
			continue
		}
		flush()
		if _, _, ok := w.sameArg(rule.Or{x}); ok {
			run = rule.Or{x}
		} else {
			out = append(out, x)
		}
	}
	flush()
	return out
}

// join puts the parts of a junction together, the compound ones in
// parentheses but for plain lists of values, which wide sets apart.
func (w prose) join(xs []rule.Expr, by, wide string) string {
	parts := make([]string, len(xs))
	for i, x := range xs {
		parts[i] = w.expr(x)
		switch {
		case len(xs) == 1:
		case w.isList(x):
			by = wide
		case compound(x):
			parts[i] = "(" + parts[i] + ")"
		}
	}
	return strings.Join(parts, by)
}

// isList reports whether x reads as "argument N is (not) A, B or C".
func (w prose) isList(x rule.Expr) bool {
	if not, ok := x.(rule.Not); ok {
		x = not.X
	}
	or, ok := x.(rule.Or)
	if !ok || len(or) == 1 {
		return false
	}
	_, _, same := w.sameArg(or)
	return same
}

func compound(x rule.Expr) bool {
	switch x := x.(type) {
	case rule.And:
		_, _, isRange := bounds(x)
		return len(x) > 1 && !isRange
	case rule.Or:
		return len(x) > 1
	}
	return false
}

// sameArg is the values of an or that compares one argument with several.
func (w prose) sameArg(or rule.Or) (c *rule.Cmp, values []string, ok bool) {
	for _, x := range or {
		y, isCmp := x.(*rule.Cmp)
		if !isCmp || y.Op != rule.Eq || c != nil && (y.Arg != c.Arg || y.Mask != c.Mask || y.Width != c.Width) {
			return nil, nil, false
		}
		c, values = y, append(values, w.operand(y.X))
	}
	return c, values, true
}

func (w prose) arg(c *rule.Cmp) string {
	if c.MaskText != "" {
		return fmt.Sprintf("argument %d & %s", c.Arg, c.MaskText)
	}
	return fmt.Sprintf("argument %d", c.Arg)
}

func (w prose) operand(x rule.Operand) string {
	if x.Param >= 0 {
		return w.name(w.policy.Params[x.Param].Name)
	}
	return x.Text
}

func list(items []string, last string) string {
	if len(items) == 1 {
		return items[0]
	}
	n := len(items) - 1
	return strings.Join(items[:n], ", ") + " " + last + " " + items[n]
}

// verb is what an action does, as the predicate of a sentence about a call.
func verb(a rule.Action) string {
	switch a.Kind() {
	case rule.KillProcess:
		return "kills the process"
	case rule.KillThread:
		return "kills the thread"
	case rule.Trap:
		return "raises SIGSYS"
	case rule.Errno:
		return fmt.Sprintf("fails with errno %d", a.Data())
	case rule.UserNotif:
		return "waits for the supervisor"
	case rule.Trace:
		return "goes to the tracer"
	case rule.Log:
		return "is allowed and logged"
	}
	return "is allowed"
}

// rule is when a call gets the action of its rule, in words.
func (p prose) rule(c rule.Call) string {
	same := true
	var alts, each []string
	for _, k := range c.Cases {
		same = same && k.Action == c.Cases[0].Action
		if k.When == nil {
			alts = nil
			each = append(each, "otherwise "+verbShort(k.Action))
			break
		}
		alts = append(alts, p.expr(k.When))
		each = append(each, verbShort(k.Action)+" if "+p.expr(k.When))
	}
	switch {
	case !same:
		return strings.Join(each, "; ")
	case alts == nil:
		return "always " + verbShort(c.Cases[0].Action)
	case c.Cases[0].Action != rule.Allow:
		return "if " + strings.Join(alts, "; or if ") + ", then " + verbShort(c.Cases[0].Action)
	}
	return "if " + strings.Join(alts, "; or if ")
}
