//go:build linux

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/goruntime/baseline"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
)

// A condition is one way for a call to be what a policy says: to each argument it
// constrains, by index, what that may be.
type condition map[int]set

// A set is the values an argument may have: several constants, or one parameter.
type set struct {
	width  int // bits that are compared
	values []rule.Operand
}

// conditions are the ways in which x holds: its disjuncts. A choice between
// constants for one argument is one way, not several. A nil x has one, without
// constraints. What the measurements have no words for is an error.
func conditions(x rule.Expr) ([]condition, error) {
	switch x := x.(type) {
	case nil:
		return []condition{{}}, nil
	case *rule.Cmp:
		full := uint64(1)<<x.Width - 1 // all ones for 64, where the shift is 0
		if x.Op != rule.Eq || x.Mask != full {
			return nil, fmt.Errorf("argument %d is not compared for equality", x.Arg)
		}
		return []condition{{x.Arg: {x.Width, []rule.Operand{x.X}}}}, nil
	case rule.And:
		all := []condition{{}}
		for _, y := range x {
			more, err := conditions(y)
			if err != nil {
				return nil, err
			}
			if all, err = product(all, more); err != nil {
				return nil, err
			}
		}
		return all, nil
	case rule.Or:
		var all []condition
		for _, y := range x {
			more, err := conditions(y)
			if err != nil {
				return nil, err
			}
			all = append(all, more...)
		}
		return join(all), nil
	}
	return nil, fmt.Errorf("a negation")
}

// product is every way of a together with every way of b.
func product(a, b []condition) ([]condition, error) {
	var all []condition
	for _, c := range a {
		for _, d := range b {
			both := maps.Clone(c)
			for arg, s := range d {
				if _, twice := both[arg]; twice {
					return nil, fmt.Errorf("argument %d is compared twice", arg)
				}
				both[arg] = s
			}
			all = append(all, both)
		}
	}
	return all, nil
}

// join makes one condition of those that compare nothing but one argument with a
// constant.
func join(all []condition) []condition {
	var joined []condition
	at := map[int]int{} // by argument
	for _, c := range all {
		arg, s, simple := only(c)
		if !simple {
			joined = append(joined, c)
			continue
		}
		if i, ok := at[arg]; ok {
			have := joined[i][arg]
			have.values = append(slices.Clip(have.values), s.values...)
			joined[i][arg] = have
			continue
		}
		at[arg] = len(joined)
		joined = append(joined, condition{arg: s})
	}
	return joined
}

// only is the one constraint of c, if that is all and names no parameter.
func only(c condition) (arg int, s set, ok bool) {
	for arg, s = range c {
	}
	return arg, s, len(c) == 1 && s.values[0].Param < 0
}

// single splits a condition into those with one value an argument.
func (c condition) single() []condition {
	all := []condition{{}}
	for _, arg := range slices.Sorted(maps.Keys(c)) {
		var more []condition
		for _, have := range all {
			for _, v := range c[arg].values {
				one := maps.Clone(have)
				one[arg] = set{c[arg].width, []rule.Operand{v}}
				more = append(more, one)
			}
		}
		all = more
	}
	return all
}

// expr is c as a policy has it.
func (c condition) expr() rule.Expr {
	var and rule.And
	for _, arg := range slices.Sorted(maps.Keys(c)) {
		var or rule.Or
		for _, v := range c[arg].values {
			or = append(or, &rule.Cmp{Op: rule.Eq, Arg: arg, Width: c[arg].width, Mask: 1<<c[arg].width - 1, X: v})
		}
		and = append(and, or)
	}
	if len(and) == 0 {
		return nil
	}
	return and
}

// key tells conditions apart, whichever policy they come from.
func (c condition) key(params []rule.Param) string {
	var b strings.Builder
	for _, arg := range slices.Sorted(maps.Keys(c)) {
		fmt.Fprintf(&b, " %d/%d", arg, c[arg].width)
		for _, v := range c[arg].values {
			if v.Param >= 0 {
				fmt.Fprintf(&b, "=%s", params[v.Param].Name)
			} else {
				fmt.Fprintf(&b, "=%#x", v.Value)
			}
		}
	}
	return b.String()
}

// An entry is a row of a level: one way in which one call is allowed, or refused
// with an errno.
type entry struct {
	call   string
	nr     uint32
	when   condition
	action rule.Action
	line   int // in the level's text
}

// A table is what a level holds for one architecture.
type table struct {
	level   string
	arch    arch.Arch
	text    string
	params  []rule.Param
	entries []entry
}

// readTable reads a level of the baselines.
func readTable(level string, a arch.Arch) (*table, error) {
	text, ok := baseline.Fragment(level)
	if !ok {
		return nil, fmt.Errorf("there is no level %q", level)
	}
	file, errs := gen.Parse("go/"+level, string(text), gen.Tileseal)
	if err := errs.Err(); err != nil {
		return nil, err
	}
	resolved, errs := gen.Resolve(file, a, compile.Plain)
	if err := errs.Err(); err != nil {
		return nil, err
	}
	t := &table{level: level, arch: a, text: string(text), params: resolved.Params}
	for _, c := range resolved.Calls {
		for _, k := range c.Cases {
			ways, err := conditions(k.When)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %s: %w; the measurements know constraints to equal values only",
					k.Src.File, k.Src.Line, c.Name, err)
			}
			for _, w := range ways {
				t.entries = append(t.entries, entry{c.Name, c.Nr, w, k.Action, k.Src.Line})
			}
		}
	}
	return t, nil
}

// atom names the smallest thing that can be taken out of a filter: a call with
// one value for each constrained argument.
type atom string

func atomOf(call string, c condition, params []rule.Param) atom {
	return atom(call + c.key(params))
}

// refusal names the answer to a call that a level answers with an errno.
func refusal(call string, action rule.Action) atom {
	return atom(call + " -> " + action.String())
}

// atoms are the parts of an entry.
func (t *table) atoms(e entry) []atom {
	if e.action != rule.Allow {
		return []atom{refusal(e.call, e.action)}
	}
	var all []atom
	for _, c := range e.when.single() {
		all = append(all, atomOf(e.call, c, t.params))
	}
	return all
}
