package learn

import "github.com/tileseal/tileseal/internal/rule"

// mentions reports whether a condition compares with an operand of this text.
func mentions(x rule.Expr, text string) bool {
	found := false
	rule.Walk(x, func(c *rule.Cmp) { found = found || c.X.Text == text })
	return found
}
