package policytext

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/internal/rule"
)

// Pseudo is policies as text for people: what is asked, in the order it is asked
// in, and what becomes of the call. The first line that holds decides. Calls are
// in the order of the policies; a parameter is its name.
func Pseudo(ps []*rule.Policy) string {
	var b strings.Builder
	x32 := slices.ContainsFunc(ps, func(p *rule.Policy) bool { return p.Target.Name == "x32" })
	for _, p := range ps {
		fmt.Fprintf(&b, "%s:\n", p.Target.Name)
		for _, c := range p.Calls {
			for _, k := range c.Cases {
				fmt.Fprintf(&b, "\tcall %d, %s", int32(c.Nr), c.Name)
				if k.When != nil {
					fmt.Fprintf(&b, " if %s", infix(p, k.When, false))
				}
				fmt.Fprintf(&b, ": %v\n", k.Action)
			}
			if c.Cases[len(c.Cases)-1].When != nil {
				fmt.Fprintf(&b, "\tcall %d, %s: %v\n", int32(c.Nr), c.Name, p.Default)
			}
		}
		if p.Target.X32Shares && !x32 {
			fmt.Fprintf(&b, "\tcalls from 0x40000000 on (x32), but for -1: %v\n", rule.KillProcess)
		}
		if p.Newer != nil {
			fmt.Fprintf(&b, "\tcalls above %d, but for -1: %v\n", p.Newer.Last, p.Newer.Action)
		}
		fmt.Fprintf(&b, "\telse: %v\n", p.Default)
	}
	fmt.Fprintf(&b, "other architectures: %v\n", rule.KillProcess)
	return b.String()
}

// infix is a condition in C's notation, in parentheses if it is inside of
// another.
func infix(p *rule.Policy, x rule.Expr, inside bool) string {
	switch x := x.(type) {
	case rule.And:
		return infixes(p, x, " && ", inside)
	case rule.Or:
		return infixes(p, x, " || ", inside)
	case rule.Not:
		return "!" + infix(p, x.X, true)
	}
	c := x.(*rule.Cmp)
	arg := fmt.Sprintf("arg%d", c.Arg)
	if c.Width == 32 {
		arg = "low " + arg
	}
	if c.Mask != 1<<c.Width-1 {
		arg = fmt.Sprintf("(%s & %#x)", arg, c.Mask)
	}
	value := fmt.Sprintf("%#x", c.X.Value)
	if c.X.Param >= 0 {
		value = p.Params[c.X.Param].Name
	}
	s := fmt.Sprintf("%s %s %s", arg, [...]string{rule.Eq: "==", rule.Lt: "<", rule.Le: "<=", rule.Gt: ">", rule.Ge: ">="}[c.Op], value)
	if inside {
		return "(" + s + ")"
	}
	return s
}

func infixes(p *rule.Policy, xs []rule.Expr, op string, inside bool) string {
	if len(xs) == 1 {
		return infix(p, xs[0], inside)
	}
	parts := make([]string, len(xs))
	for i, x := range xs {
		parts[i] = infix(p, x, true)
	}
	s := strings.Join(parts, op)
	if inside {
		s = "(" + s + ")"
	}
	return s
}
