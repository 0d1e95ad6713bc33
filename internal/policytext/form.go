package policytext

import (
	"fmt"
	"strings"

	"github.com/tileseal/tileseal/internal/rule"
)

// A form is an expression of the policy language: a word, or a list whose
// first word is its operator.
type form struct {
	word string
	list []*form
}

func word(format string, args ...any) *form { return &form{word: fmt.Sprintf(format, args...)} }

func list(op string, args ...*form) *form { return &form{op, args} }

// formOf is a condition as a text writes it.
func formOf(x rule.Expr) *form {
	switch x := x.(type) {
	case rule.And:
		return junction("and", x)
	case rule.Or:
		return disjunction(x)
	case rule.Not:
		if c, ok := x.X.(*rule.Cmp); ok && c.Op == rule.Eq {
			return list("ne", argument(c), operand(c.X.Text, c.X.Value))
		}
		return list("not", formOf(x.X))
	}
	c := x.(*rule.Cmp)
	op := [...]string{rule.Eq: "eq", rule.Lt: "<", rule.Le: "<=", rule.Gt: ">", rule.Ge: ">="}[c.Op]
	return list(op, argument(c), operand(c.X.Text, c.X.Value))
}

// junction is conditions under one operator; a range as one.
func junction(op string, xs []rule.Expr) *form {
	if len(xs) == 1 {
		return formOf(xs[0])
	}
	if r := rangeOf(op, xs); r != nil {
		return r
	}
	f := list(op)
	for _, x := range xs {
		f.list = append(f.list, formOf(x))
	}
	return f
}

// rangeOf is a lower and an upper bound of one argument, if that is what xs
// are, or nil.
func rangeOf(op string, xs []rule.Expr) *form {
	if len(xs) != 2 || op != "and" {
		return nil
	}
	a, ok1 := xs[0].(*rule.Cmp)
	b, ok2 := xs[1].(*rule.Cmp)
	if !ok1 || !ok2 || a.Op != rule.Ge || b.Op != rule.Le || a.Arg != b.Arg || a.Mask != b.Mask || a.Width != b.Width {
		return nil
	}
	return list("range", argument(a), operand(a.X.Text, a.X.Value), operand(b.X.Text, b.X.Value))
}

// disjunction writes runs of values of one argument as (in ...).
func disjunction(xs rule.Or) *form {
	f := list("or")
	var run *rule.Cmp // what the last of f compares, if that is for equality
	for _, x := range xs {
		c, eq := x.(*rule.Cmp)
		eq = eq && c.Op == rule.Eq
		if last := len(f.list) - 1; eq && run != nil && c.Arg == run.Arg && c.Mask == run.Mask && c.Width == run.Width {
			f.list[last].word = "in"
			f.list[last].list = append(f.list[last].list, operand(c.X.Text, c.X.Value))
			continue
		}
		f.list = append(f.list, formOf(x))
		if run = nil; eq {
			run = c
		}
	}
	if len(f.list) == 1 {
		return f.list[0]
	}
	return f
}

func argument(c *rule.Cmp) *form {
	arg := list("arg", word("%d", c.Arg))
	if c.Mask == 1<<c.Width-1 {
		return arg
	}
	return list("mask", arg, operand(c.MaskText, c.Mask))
}

// operand is a value: as it was written, else a number, hexadecimal if it is
// large.
func operand(text string, v uint64) *form {
	switch {
	case text == "":
	case strings.ContainsAny(text, " |~()<>+-*/"):
		return word("%q", text)
	default:
		return word("%s", text)
	}
	if v < 4096 {
		return word("%d", v)
	}
	return word("%#x", v)
}

// flat is the form on one line.
func (f *form) flat() string {
	if f.list == nil {
		return f.word
	}
	parts := []string{f.word}
	for _, g := range f.list {
		parts = append(parts, g.flat())
	}
	return "(" + strings.Join(parts, " ") + ")"
}
