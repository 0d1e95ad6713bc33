package learn

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/internal/sigsys"
)

const (
	// maxFDs is how many descriptors without a name get parameters. A program with
	// more has connections or the like, and those are any descriptor above 2.
	maxFDs = 8
	// maxValues is how many values of one argument a policy lists.
	maxValues = 16
	// maxRows is how many combinations of arguments of one call a policy lists.
	maxRows = 48
)

// An Entry is what a policy says about one call.
type Entry struct {
	Call  string
	When  rule.Expr // operands are texts only; nil: always
	Count int       // of the calls seen
	Paths []string  // the names of files it was about
	Notes []string  // what is not compared, and why
}

// entry is one that allows rows of one call, and nothing else that their
// compared arguments tell from them.
func (t *Trace) entry(rows []*row, anyFD bool) Entry {
	e := Entry{Call: rows[0].name}
	var tuples [][]string
	for _, r := range rows {
		e.Count += r.count
		for _, p := range r.paths {
			if !slices.Contains(e.Paths, p) {
				e.Paths = append(e.Paths, p)
			}
		}
		tuple := make([]string, len(r.args))
		for i, a := range r.args {
			tuple[i] = t.text(a, anyFD)
			if note := fmt.Sprintf("arg %d is not compared: %s", i, a.reason); a.reason != "" && !slices.Contains(e.Notes, note) {
				e.Notes = append(e.Notes, note)
			}
		}
		if !slices.ContainsFunc(tuples, func(u []string) bool { return slices.Equal(u, tuple) }) {
			tuples = append(tuples, tuple)
		}
	}
	for len(tuples) > 0 {
		arg, many := widest(tuples)
		if arg < 0 || many <= maxValues && len(tuples) <= maxRows {
			break
		}
		e.Notes = append(e.Notes, fmt.Sprintf("arg %d is not compared: it had %d values", arg, many))
		tuples = drop(tuples, arg)
	}
	bits := make([]int, len(rows[0].args))
	for i, a := range rows[0].args {
		bits[i] = a.bits
	}
	e.When = condition(boxes(tuples), bits)
	slices.Sort(e.Notes)
	slices.Sort(e.Paths)
	return e
}

const (
	wild     = "*"     // not compared
	above    = ">2"    // any descriptor but the standard ones
	aboveDir = ">2, /" // the same where AT_FDCWD, which is negative, stands for another directory
)

// text is what a value is compared with.
func (t *Trace) text(v value, anyFD bool) string {
	switch v.kind {
	case passing:
		return wild
	case descriptor:
		if name, ok := t.Names[int(v.num)]; ok {
			return name
		}
		switch {
		case anyFD && v.dir:
			return aboveDir
		case anyFD:
			return above
		}
		return fmt.Sprintf("fd%d", v.num)
	}
	return v.text
}

// widest is the argument with the most values, and how many it has; -1 if none has
// more than one.
func widest(tuples [][]string) (arg, many int) {
	arg, many = -1, 1
	for i := range tuples[0] {
		values := map[string]bool{}
		for _, u := range tuples {
			values[u[i]] = true
		}
		if len(values) > many {
			arg, many = i, len(values)
		}
	}
	return arg, many
}

// drop takes an argument out of the comparison.
func drop(tuples [][]string, arg int) [][]string {
	var out [][]string
	for _, u := range tuples {
		u[arg] = wild
		if !slices.ContainsFunc(out, func(v []string) bool { return slices.Equal(u, v) }) {
			out = append(out, u)
		}
	}
	return out
}

// A box is a set of values for each argument, and stands for all their
// combinations.
type box [][]string

// boxes joins tuples into as few boxes as it finds that hold these tuples and no
// other: two that differ in one argument become one.
func boxes(tuples [][]string) []box {
	var list []box
	for _, u := range tuples {
		b := make(box, len(u))
		for i, s := range u {
			b[i] = []string{s}
		}
		list = append(list, b)
	}
	for joined := true; joined; {
		joined = false
		for i := 0; i < len(list); i++ {
			for j := i + 1; j < len(list); j++ {
				if b, ok := join(list[i], list[j]); ok {
					list[i], joined = b, true
					list = slices.Delete(list, j, j+1)
					j--
				}
			}
		}
	}
	return list
}

func join(a, b box) (box, bool) {
	at := -1
	for i := range a {
		if slices.Equal(a[i], b[i]) {
			continue
		}
		if at >= 0 {
			return nil, false
		}
		at = i
	}
	if at < 0 {
		return a, true
	}
	c := slices.Clone(a)
	c[at] = slices.Concat(a[at], b[at])
	slices.SortFunc(c[at], byValue)
	c[at] = slices.Compact(c[at])
	if slices.Contains(c[at], wild) {
		c[at] = []string{wild}
	}
	return c, true
}

// byValue puts numbers in their order before names.
func byValue(a, b string) int {
	var x, y int
	_, err1 := fmt.Sscan(a, &x)
	_, err2 := fmt.Sscan(b, &y)
	switch {
	case err1 == nil && err2 == nil:
		return cmp.Or(cmp.Compare(x, y), strings.Compare(a, b))
	case err1 == nil:
		return -1
	case err2 == nil:
		return 1
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) // fd9 before fd10
}

// condition holds in any of the boxes; nil if it always does.
func condition(list []box, bits []int) rule.Expr {
	var or rule.Or
	for _, b := range list {
		var and rule.And
		for i, values := range b {
			switch x := oneOf(i, bits[i], values).(type) {
			case nil:
			case rule.And:
				and = append(and, x...)
			default:
				and = append(and, x)
			}
		}
		switch len(and) {
		case 0:
			return nil
		case 1:
			or = append(or, and[0])
		default:
			or = append(or, and)
		}
	}
	if len(or) == 1 {
		return or[0]
	}
	return or
}

// oneOf holds if an argument has one of the values.
func oneOf(arg, bits int, values []string) rule.Expr {
	compare := func(op rule.Op, v string) *rule.Cmp {
		return &rule.Cmp{Op: op, Arg: arg, Width: bits, Mask: uint64(1)<<bits - 1, X: rule.Operand{Param: -1, Text: v}}
	}
	var or rule.Or
	var high rule.Expr // comes last, so that the others are one list
	for _, v := range values {
		switch v {
		case wild:
			return nil
		case above:
			high = compare(rule.Gt, "2")
		case aboveDir:
			high = rule.And{compare(rule.Gt, "2"), compare(rule.Le, "0x7fffffff")}
		default:
			or = append(or, compare(rule.Eq, v))
		}
	}
	switch {
	case high != nil && len(or) > 1:
		return rule.Or{or, high}
	case high != nil:
		or = append(or, high)
	}
	if len(or) == 1 {
		return or[0]
	}
	return or
}

// String is the entry as a line of a policy, or some.
func (e Entry) String() string {
	line := sigsys.Entry(e.Call, nil, e.When)
	if len(line) <= lineLength {
		return line
	}
	return e.Call + ":\n" + wrapped(e.When, "  ")
}

// lineLength is where a line of a policy is broken, in bytes.
const lineLength = 100

// wrapped is a condition on lines of its own, each begun by indent.
func wrapped(x rule.Expr, indent string) string {
	line := indent + sigsys.ExprText(x)
	var op string
	var parts []rule.Expr
	switch x := x.(type) {
	case rule.And:
		op, parts = "and", x
	case rule.Or:
		op, parts = "or", x
	}
	if len(line) <= lineLength || op == "" || strings.HasPrefix(line, indent+"(in ") {
		return line
	}
	out := indent + "(" + op
	for _, p := range parts {
		out += "\n" + wrapped(p, indent+"  ")
	}
	return out + ")"
}
