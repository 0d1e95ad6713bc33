package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/emit"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
)

// runDiff compares what two policies mean, call by call.
func runDiff(c *command) error {
	r := c.readingFlags()
	archs := c.archsFlag("the architecture, or several")
	wider := c.Bool("wider", false, "show only what NEW treats less strictly than OLD")
	oldLevels := c.String("old-levels", "", "the `directory` to read the Go runtime's levels of OLD from, for an OLD of an earlier release")
	asJSON := c.formatFlag()
	if err := c.parse(false); err != nil {
		return err
	}
	if c.NArg() != 2 {
		return c.misuse("%s takes two policy files, found %d", c.Name(), c.NArg())
	}
	v := verdict{Policy: c.Arg(0) + " and " + c.Arg(1), Arch: gen.NamesOf(*archs), Result: "equal"}
	compare := prove.SameMeaning
	if *wider {
		v.Result, compare = "no wider", prove.NoWider
	}
	for _, a := range *archs { // calls of other architectures are killed by both
		ps, err := c.resolveBoth(r, *oldLevels, a)
		if err != nil {
			return err
		}
		v.compare(ps[0], ps[1], compare)
	}
	if *asJSON || v.Result != "different" {
		return c.print(v, *asJSON)
	}
	v.sayChanges(c)
	if v.Reason != "" {
		fmt.Fprintf(c.stdout, "there may be more: cannot decide: %s\n", v.Reason)
	}
	return errDifferent
}

// resolveBoth resolves the two policies for one architecture, and gives them
// the same parameters.
func (c *command) resolveBoth(r *reading, oldLevels string, a arch.Arch) (ps [2]*rule.Policy, err error) {
	for i, file := range c.Args() {
		if r.levels = ""; i == 0 {
			r.levels = oldLevels
		}
		_, res, err := c.resolve(r, file, a)
		if err != nil {
			return ps, err
		}
		ps[i] = res.Policy
	}
	return ps, shareParams(ps[0], ps[1])
}

// compare adds to v where two policies differ, call by call. A reason stays with
// the differences: there may be more than those listed.
func (v *verdict) compare(old, new *rule.Policy, compare func(a, b *rule.Policy) (prove.Stats, error)) {
	for _, nr := range append(numbers(old, new), -1) {
		before, after := only(old, nr), only(new, nr)
		stats, err := compare(before, after)
		v.Paths += stats.Paths
		var ce *prove.Counterexample
		var un *prove.Undecided
		switch {
		case errors.As(err, &ce):
			v.Result = "different"
			e := exampleOf(ce, old.Params)
			e.change(before, after)
			e.Before, e.After = ruleFor(old, nr), ruleFor(new, nr)
			if nr < 0 {
				e.Call = "calls without a rule, as " + e.Call
			}
			v.Examples = append(v.Examples, e)
		case errors.As(err, &un):
			if v.Reason = un.Reason; v.Result != "different" {
				v.Result = "undecided"
			}
		}
	}
}

// What became of a call from one policy to another, as an example's Change says
// it.
const (
	laxer    = "laxer"
	stricter = "stricter"
	mixed    = "mixed" // laxer for some arguments or parameters, stricter for others
)

// change fills in which way a call's verdicts went. What cannot be decided is
// taken to go that way too.
func (e *example) change(before, after *rule.Policy) {
	_, up := prove.NoWider(before, after)
	_, down := prove.NoWider(after, before)
	switch {
	case up != nil && down != nil:
		e.Change = mixed
	case up != nil:
		e.Change = laxer
	default:
		e.Change = stricter
	}
}

// ruleFor is the rule a policy has for a call, in words.
func ruleFor(p *rule.Policy, nr int64) string {
	for _, c := range p.Calls {
		if int64(c.Nr) == nr && len(c.Cases) > 0 {
			return emit.Rule(p, c)
		}
	}
	if nr < 0 {
		return "always " + p.Default.String()
	}
	return "no rule, so " + p.Default.String()
}

// sayChanges writes what differs, what is laxer first.
func (v *verdict) sayChanges(c *command) {
	for _, part := range []struct{ change, title string }{
		{laxer, "Allowed more than before:"},
		{mixed, "Allowed more for some arguments or parameters, less for others:"},
		{stricter, "Allowed less than before:"},
	} {
		title := part.title + "\n"
		for _, e := range v.Examples {
			if e.Change != part.change {
				continue
			}
			fmt.Fprintf(c.stdout, "%s%s\n\tparameters %v: %s before, %s after\n\tbefore: %s\n\tafter:  %s\n",
				title, e.Call, e.Params, e.Got, e.Want, e.Before, e.After)
			title = ""
		}
	}
}

// shareParams gives two policies the same list of parameters, those of the
// same name being one.
func shareParams(a, b *rule.Policy) error {
	all := slices.Clone(a.Params)
	to := make([]int, len(b.Params))
	for i, p := range b.Params {
		n := slices.IndexFunc(all, func(q rule.Param) bool { return q.Name == p.Name })
		switch {
		case n < 0:
			n = len(all)
			all = append(all, p)
		case all[n].Bits != p.Bits:
			return fmt.Errorf("parameter %s has %d bits in one policy and %d in the other", p.Name, all[n].Bits, p.Bits)
		default: // compare on the values both take
			all[n].Min, all[n].Max = max(all[n].Min, p.Min), min(all[n].Max, p.Max)
		}
		to[i] = n
	}
	b.Renumber(func(param int) int { return to[param] })
	a.Params, b.Params = all, all
	return nil
}

// numbers lists the calls that either policy has a rule for.
func numbers(a, b *rule.Policy) []int64 {
	var nrs []int64
	for _, p := range []*rule.Policy{a, b} {
		for _, c := range p.Calls {
			nrs = append(nrs, int64(c.Nr))
		}
	}
	slices.Sort(nrs)
	return slices.Compact(nrs)
}

// only is a policy for one call alone, which gives all others an allow; for
// -1 it is what remains without any rule.
func only(p *rule.Policy, nr int64) *rule.Policy {
	q := *p
	q.Calls = nil
	if nr < 0 {
		return &q
	}
	q.Newer = nil
	for _, c := range p.Calls {
		if int64(c.Nr) == nr {
			q.Calls = []rule.Call{c}
			q.Calls[0].Cases = append(slices.Clone(c.Cases), rule.Case{Action: p.Default})
		}
	}
	if q.Calls == nil {
		q.Calls = []rule.Call{{Nr: uint32(nr), Cases: []rule.Case{{Action: p.Default}}}}
	}
	q.Default = rule.Allow
	return &q
}
