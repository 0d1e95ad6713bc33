package sigsys

import "github.com/tileseal/tileseal/internal/rule"

// A Truth says whether a condition holds.
type Truth int

// The truths, in the order that "and" takes the least of.
const (
	No      Truth = iota
	Depends       // on parameters whose values are not known, or on arguments
	Yes
)

func (t Truth) not() Truth { return Yes - t }

// String is "no", "depends" or "yes".
func (t Truth) String() string { return [...]string{"no", "depends", "yes"}[t] }

// A Finding is one entry of a policy about the call.
type Finding struct {
	Case  rule.Case
	Holds Truth
	// Why lists the comparisons that decide, a line each, if not all hold. The
	// lines of alternatives begin with "either: " and "or: ".
	Why []string
}

// A Judgment is a report held against a policy.
type Judgment struct {
	// Killed is the sentence about a call that every policy of the target kills
	// before it looks at its entries; nothing else is set then.
	Killed   string
	Findings []Finding   // up to the first that holds
	Verdict  rule.Action // unless Open
	Open     bool        // the verdict depends on what is not known
	Newer    bool        // the number is above the tables', which the policy has a verdict for
}

// A Judge is a policy, and the values of those of its parameters that are
// known, by index, -1 as all ones.
type Judge struct {
	Policy *rule.Policy
	Params map[int]uint64
}

// Judge holds a report against the policy.
func (j Judge) Judge(r *Report) Judgment {
	t := j.Policy.Target
	switch {
	case uint32(r.Arch) != t.Audit:
		return Judgment{Killed: "killed for its architecture: a program for " + t.Name + " may make no call of " + r.ArchName() + ", whatever the rules", Verdict: rule.KillProcess}
	case r.X32() && t.X32Shares:
		return Judgment{Killed: "killed for being an x32 call, whatever the rules", Verdict: rule.KillProcess}
	}
	out := Judgment{Verdict: j.Policy.Default}
	for _, c := range j.Policy.Calls {
		if c.Nr == r.Nr {
			j.cases(r, c, &out)
			return out
		}
	}
	if n := j.Policy.Newer; n != nil && r.Nr > n.Last && r.Nr != 1<<32-1 {
		out.Verdict, out.Newer = n.Action, true
	}
	return out
}

// cases judges by the entries about one call.
func (j Judge) cases(r *Report, c rule.Call, out *Judgment) {
	args, _ := r.Arguments()
	e := evaluation{j, r, args}
	for _, k := range c.Cases {
		f := Finding{Case: k, Holds: e.truth(k.When)}
		switch {
		case f.Holds == Yes:
		case !r.HasArgs:
			f.Why = []string{"the arguments, which the report lacks, have to meet " + ExprText(k.When)}
		default:
			f.Why = e.why(k.When, true)
		}
		out.Findings = append(out.Findings, f)
		if f.Holds == Yes {
			out.Verdict = k.Action
			break
		}
	}
	for _, f := range out.Findings { // it is open if an undecided entry may say something else
		out.Open = out.Open || f.Holds == Depends && f.Case.Action != out.Verdict
	}
}

// An evaluation holds conditions against one call.
type evaluation struct {
	Judge
	r    *Report
	args []Argument
}

func (e evaluation) truth(x rule.Expr) Truth {
	switch x := x.(type) {
	case nil:
		return Yes
	case rule.And:
		all := Yes
		for _, y := range x {
			all = min(all, e.truth(y))
		}
		return all
	case rule.Or:
		some := No
		for _, y := range x {
			some = max(some, e.truth(y))
		}
		return some
	case rule.Not:
		return e.truth(x.X).not()
	}
	return e.compare(x.(*rule.Cmp))
}

func (e evaluation) compare(c *rule.Cmp) Truth {
	if !e.r.HasArgs {
		return Depends
	}
	if c.X.Param >= 0 {
		if _, known := e.Params[c.X.Param]; !known {
			if _, possible := e.wanted(c); c.Op == rule.Eq && !possible {
				return No
			}
			return Depends
		}
	}
	// The evaluator is asked, so that there is one meaning.
	params := make([]uint64, len(e.Policy.Params))
	for i, v := range e.Params {
		params[i] = v
	}
	one := rule.Policy{
		Target: e.Policy.Target, Params: e.Policy.Params, Default: rule.KillProcess,
		Calls: []rule.Call{{Nr: e.r.Nr, Cases: []rule.Case{{When: c, Action: rule.Allow}}}},
	}
	if one.Eval(e.r.Data(), params) == rule.Allow {
		return Yes
	}
	return No
}

// left is what is compared: the argument, cut and masked.
func (e evaluation) left(c *rule.Cmp) uint64 { return cut(e.r.Args[c.Arg]&c.Mask, c.Width) }

// wanted is the value with which a parameter makes an equality hold, and
// whether it may have that value.
func (e evaluation) wanted(c *rule.Cmp) (v int64, possible bool) {
	p, left := e.Policy.Params[c.X.Param], e.left(c)
	if p.Bits == 64 {
		return int64(left), left <= p.Max
	}
	if v = int64(int32(left)); left>>32 != 0 { // zero-extended, it never is
		return int64(left), false
	}
	return v, p.Check(v) == nil
}
