package sigsys

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/internal/rule"
)

// why says which comparisons keep x from being what it should be, true or
// false: those that are decided the other way, or else those not decided.
func (e evaluation) why(x rule.Expr, should bool) []string {
	switch x := x.(type) {
	case rule.Not:
		return e.why(x.X, !should)
	case rule.And:
		return e.junction(x, should, should)
	case rule.Or:
		return e.junction(x, should, !should)
	case *rule.Cmp:
		return []string{e.sentence(x, should, []string{e.right(x, should)})}
	}
	return nil
}

// junction is why for and and or. every says that each of the parts has to be
// what it should: then those that are not are the reason. Otherwise one would
// do, and all are.
func (e evaluation) junction(xs []rule.Expr, should, every bool) []string {
	if !every {
		return e.alternatives(xs, should)
	}
	worst := Yes
	for _, x := range xs {
		worst = min(worst, e.is(x, should))
	}
	var lines []string
	for _, x := range xs {
		if t := e.is(x, should); t != worst || t == Yes {
			continue
		}
		for _, l := range e.why(x, should) {
			if !slices.Contains(lines, l) { // of two policies, one within the other
				lines = append(lines, l)
			}
		}
	}
	return lines
}

func (e evaluation) is(x rule.Expr, should bool) Truth {
	if should {
		return e.truth(x)
	}
	return e.truth(x).not()
}

// alternatives are parts of which one would do. A run of comparisons of one
// argument is one line.
func (e evaluation) alternatives(xs []rule.Expr, should bool) []string {
	var blocks [][]string
	for len(xs) > 0 {
		n := sameLeft(xs)
		if n < 2 {
			blocks, xs = append(blocks, e.why(xs[0], should)), xs[1:]
			continue
		}
		var values []string
		for _, x := range xs[:n] {
			values = append(values, e.right(x.(*rule.Cmp), should))
		}
		blocks = append(blocks, []string{e.sentence(xs[0].(*rule.Cmp), should, values)})
		xs = xs[n:]
	}
	if len(blocks) == 1 {
		return blocks[0]
	}
	var lines []string
	for i, b := range blocks {
		head := "or: "
		if i == 0 {
			head = "either: "
		}
		for _, l := range b {
			lines = append(lines, head+l)
			head = "  and: "
		}
	}
	return lines
}

// sameLeft is how many of xs, from the first, are equalities about one
// argument.
func sameLeft(xs []rule.Expr) int {
	first, ok := xs[0].(*rule.Cmp)
	if !ok || first.Op != rule.Eq {
		return 0
	}
	for i, x := range xs {
		c, ok := x.(*rule.Cmp)
		if !ok || c.Op != rule.Eq || c.Arg != first.Arg || c.Mask != first.Mask || c.Width != first.Width {
			return i
		}
	}
	return len(xs)
}

// words are the comparisons, as what should hold, and turned round.
var words = [2][5]string{
	{"is %s, and must be %s", "is %s, and must be below %s", "is %s, and must be at most %s", "is %s, and must be above %s", "is %s, and must be at least %s"},
	{"is %s, and must not be %s", "is %s, and must be at least %s", "is %s, and must be above %s", "is %s, and must be at most %s", "is %s, and must be below %s"},
}

// sentence says what an argument is and what it should be compared with any
// of values.
func (e evaluation) sentence(c *rule.Cmp, should bool, values []string) string {
	form := words[0][c.Op]
	if !should {
		form = words[1][c.Op]
	}
	return e.subject(c) + " " + fmt.Sprintf(form, e.value(c), strings.Join(values, " or "))
}

// subject names what is compared: "arg 0 (fd)".
func (e evaluation) subject(c *rule.Cmp) string {
	s := fmt.Sprintf("arg %d", c.Arg)
	if c.Arg < len(e.args) {
		s += " (" + e.args[c.Arg].Name + ")"
	}
	if c.MaskText != "" {
		s += " & " + c.MaskText
	}
	return s
}

// value is the left side, in names if the whole argument is compared.
func (e evaluation) value(c *rule.Cmp) string {
	if !e.r.HasArgs {
		return "not known"
	}
	left := e.left(c)
	if c.Arg < len(e.args) && e.args[c.Arg].Value == left {
		return e.args[c.Arg].Text
	}
	return hexadecimal(left)
}

// right is what is compared with: a constant as the policy has it, a parameter
// with its value, or with the only one that would do.
func (e evaluation) right(c *rule.Cmp, should bool) string {
	if c.X.Param < 0 {
		return c.X.Text
	}
	p := e.Policy.Params[c.X.Param]
	if v, known := e.Params[c.X.Param]; known {
		return fmt.Sprintf("%s (%d)", p.Name, int64(v))
	}
	if c.Op != rule.Eq || !e.r.HasArgs {
		return p.Name
	}
	v, possible := e.wanted(c)
	switch {
	case !possible:
		return fmt.Sprintf("%s (which cannot be %s)", p.Name, e.value(c))
	case should:
		return fmt.Sprintf("%s (not given; %d would do)", p.Name, v)
	}
	return fmt.Sprintf("%s (not given; any but %d would do)", p.Name, v)
}
