package emit

import "github.com/tileseal/tileseal/internal/rule"

// Words is a condition of p in words, as in "argument 0 is 2 or log_fd".
func Words(p *rule.Policy, x rule.Expr) string {
	return prose{p, func(param string) string { return param }}.expr(x)
}

// Rule is when a call of p gets which action, in words, as in "if argument 0 is 2".
func Rule(p *rule.Policy, c rule.Call) string {
	return prose{p, func(param string) string { return param }}.rule(c)
}

// Verb is what an action does, as the predicate of a sentence about a call: "is
// allowed", "kills the process".
func Verb(a rule.Action) string { return verb(a) }
