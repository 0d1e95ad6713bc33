package filter

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
)

// PseudoCode is f as text: what is asked, in the order it is asked in, and what
// becomes of the call. The first line that holds decides. It is for people; no
// program reads it. The error is that of [Filter.Program], but for those about
// the program.
func (f *Filter) PseudoCode() (string, error) {
	if _, err := f.meaning(); err != nil {
		return "", fmt.Errorf("filter: pseudo code: %w", err)
	}
	var b strings.Builder
	for _, a := range f.set.All() {
		fmt.Fprintf(&b, "%v:\n", a)
		for _, c := range f.ranked(a) {
			for d := range c.rules.all {
				fmt.Fprintf(&b, "\t%s%s: %v\n", c.title(), d.text(), d.action)
			}
		}
		fmt.Fprintf(&b, "\telse: %v\n", f.otherwise)
	}
	fmt.Fprintf(&b, "other architectures: %v\n", f.Foreign)
	return b.String(), nil
}

// title is the number and the name, if there is one.
func (c *call) title() string {
	if c.name == "" {
		return fmt.Sprintf("call %d", int32(c.nr))
	}
	return fmt.Sprintf("call %d, %s", int32(c.nr), c.name)
}

// text is the conditions, behind "if".
func (d *deed) text() string {
	if len(d.when) == 0 {
		return ""
	}
	var all []string
	for _, c := range d.when {
		if c.Op == MaskedEQ {
			all = append(all, fmt.Sprintf("arg %d & %#x == %#x", c.Arg, c.Mask, c.Value))
			continue
		}
		all = append(all, fmt.Sprintf("arg %d %v %#x", c.Arg, c.Op, c.Value))
	}
	return " if " + strings.Join(all, " and ")
}

// ranked are the calls of one architecture that have rules, in the order a
// program without a tree tries them in.
func (f *Filter) ranked(a arch.Arch) []*call {
	var calls []*call
	for _, c := range f.calls[a] {
		if c.rules.does != nil || len(c.rules.next) > 0 {
			calls = append(calls, c)
		}
	}
	slices.SortFunc(calls, (*call).compare)
	return calls
}
