package sigsys

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/tileseal/tileseal/internal/rule"
)

// ExprText is a condition in the policy language, dialect tileseal.
func ExprText(x rule.Expr) string {
	switch x := x.(type) {
	case rule.And:
		return list("and", x)
	case rule.Or:
		if n := sameLeft(x); n > 1 && n == len(x) {
			values := make([]string, n)
			for i, y := range x {
				values[i] = operand(y.(*rule.Cmp).X)
			}
			return "(in " + left(x[0].(*rule.Cmp)) + " " + strings.Join(values, " ") + ")"
		}
		return list("or", x)
	case rule.Not:
		if c, ok := x.X.(*rule.Cmp); ok && c.Op == rule.Eq {
			return "(ne " + left(c) + " " + operand(c.X) + ")"
		}
		return "(not " + ExprText(x.X) + ")"
	}
	c := x.(*rule.Cmp)
	return "(" + [...]string{"eq", "<", "<=", ">", ">="}[c.Op] + " " + left(c) + " " + operand(c.X) + ")"
}

func list(op string, xs []rule.Expr) string {
	for _, x := range xs {
		op += " " + ExprText(x)
	}
	return "(" + op + ")"
}

func left(c *rule.Cmp) string {
	if c.MaskText != "" {
		return fmt.Sprintf("(mask (arg %d) %s)", c.Arg, quoted(c.MaskText))
	}
	return fmt.Sprintf("(arg %d)", c.Arg)
}

func operand(x rule.Operand) string { return quoted(x.Text) }

// bare is what needs no quotes: names, and numbers without a leading zero.
var bare = regexp.MustCompile(`^([A-Za-z_]\w*|-?(0|[1-9][0-9]*|0x[0-9a-f]+))$`)

func quoted(s string) string {
	if bare.MatchString(s) {
		return s
	}
	return `"` + s + `"`
}
