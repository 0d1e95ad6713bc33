package oci

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/policytext"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
)

// maxRules is the number of rules that one call may take.
const maxRules = 256

// Export is the profile with the meaning of policies without parameters, one
// for each architecture, the first the machine's. A profile has one list of
// rules for all: the error says what differs, or what else a profile cannot say.
//
// It compares as the policies do: the low word of an argument of 32 bits, which
// takes SCMP_CMP_MASKED_EQ. A call with several rules has no other operator, and
// SCMP_CMP_EQ, for libseccomp makes wrong programs of some mixtures of others.
func Export(ps []*rule.Policy, archs []arch.Arch) (*Profile, error) {
	p := &Profile{Default: ps[0].Default, Archs: archs}
	done := map[string]bool{}
	for _, policy := range ps {
		if err := p.sayable(policy); err != nil {
			return nil, err
		}
		for _, c := range policy.Calls {
			if done[c.Name] {
				continue
			}
			done[c.Name] = true
			rules, err := exported(policy, c)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", c.Cases[0].Src.File, c.Cases[0].Src.Line, err)
			}
			p.Rules = append(p.Rules, rules...)
		}
	}
	p.Rules = joined(p.Rules)
	for i, policy := range ps {
		if err := p.means(policy, archs[i]); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// sayable is an error about what of a policy is not about single calls.
func (p *Profile) sayable(policy *rule.Policy) error {
	switch {
	case len(policy.Params) > 0:
		return fmt.Errorf("parameter %s has no value", policy.Params[0].Name)
	case policy.Default != p.Default:
		return fmt.Errorf("the default is %v on one architecture and %v on another; a profile has one", p.Default, policy.Default)
	case policy.Newer != nil && policy.Newer.Action != policy.Default:
		return fmt.Errorf("newer -> %v: a profile has no rule for calls newer than the tables", policy.Newer.Action)
	case policy.Default.Kind() == rule.Trap && policy.Default.Data() != 0:
		return fmt.Errorf("default -> %v: a profile has no number for trap", policy.Default)
	}
	return nil
}

// means proves that the profile means a policy.
func (p *Profile) means(policy *rule.Policy, a arch.Arch) error {
	back, doubts, errs := p.Meaning(policy.Name, a)
	if err := errs.Err(); err != nil {
		return fmt.Errorf("on %s a profile cannot say this: %s", gen.ArchName(a), errs[0].Msg)
	}
	if len(doubts) > 0 {
		return fmt.Errorf("a profile cannot say this: %s", doubts[0].Msg)
	}
	closed := *policy
	closed.Newer = nil
	_, err := prove.SameMeaning(&closed, back)
	if ce := (*prove.Counterexample)(nil); errors.As(err, &ce) {
		name, _ := a.Name(ce.Data.Nr)
		return fmt.Errorf("a profile has one list of rules for all architectures, and on %s the policy differs: %s is %v, and would be %v",
			gen.ArchName(a), callText(name, ce.Data.Args[:]), ce.Got, ce.Want)
	}
	return err
}

// callText is a call with its arguments, up to the last that is not zero.
func callText(name string, args []uint64) string {
	for len(args) > 0 && args[len(args)-1] == 0 {
		args = args[:len(args)-1]
	}
	var list []string
	for _, v := range args {
		list = append(list, fmt.Sprintf("%#x", v))
	}
	return name + "(" + strings.Join(list, ", ") + ")"
}

// exported are the rules about one call: for each action but the default the
// conditions under which it is the first.
func exported(policy *rule.Policy, c rule.Call) ([]Rule, error) {
	var actions []rule.Action
	for _, k := range c.Cases {
		if k.Action == policy.Default || slices.Contains(actions, k.Action) {
			continue
		}
		if k.Action.Kind() == rule.Trap && k.Action.Data() != 0 {
			return nil, fmt.Errorf("%s -> %v: a profile has no number for trap", c.Name, k.Action)
		}
		actions = append(actions, k.Action)
	}
	var rules []Rule
	for _, action := range actions {
		terms, err := disjunction(policytext.When(c.Cases, action), false)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
		for _, t := range terms {
			lists := t.args(policy.Target.Bits, true)
			if len(actions) > 1 || len(terms) > 1 || len(lists) > 1 {
				lists = t.args(policy.Target.Bits, false)
			}
			for _, args := range lists {
				rules = append(rules, Rule{Names: []Name{{Name: c.Name}}, Action: action, Args: args})
			}
			if len(rules) > maxRules {
				return nil, fmt.Errorf("%s: its conditions take more than %d rules of a profile", c.Name, maxRules)
			}
		}
	}
	return rules, nil
}

// A literal is a comparison or its opposite.
type literal struct {
	*rule.Cmp
	not bool
}

// A term is literals that hold together.
type term []literal

// disjunction is a condition as terms of which one holds. A nil condition
// always holds: one term without literals.
func disjunction(x rule.Expr, not bool) ([]term, error) {
	switch x := x.(type) {
	case nil:
		return []term{{}}, nil
	case rule.Not:
		return disjunction(x.X, !not)
	case rule.And:
		return junction(x, !not, not)
	case rule.Or:
		return junction(x, not, not)
	}
	return []term{{{x.(*rule.Cmp), not}}}, nil
}

// junction is the terms of conditions of which all or one holds.
func junction(xs []rule.Expr, all, not bool) ([]term, error) {
	var out []term
	if all {
		out = []term{{}}
	}
	for _, x := range xs {
		terms, err := disjunction(x, not)
		if err != nil {
			return nil, err
		}
		if !all {
			out = append(out, terms...)
			continue
		}
		var both []term
		for _, s := range out {
			for _, t := range terms {
				both = append(both, append(s[:len(s):len(s)], t...))
			}
			if len(both) > maxRules {
				return nil, fmt.Errorf("its conditions take more than %d rules of a profile", maxRules)
			}
		}
		out = both
	}
	return out, nil
}

// args are the lists of conditions a term needs, a rule each. single says that
// it is the only rule about its call, which may have any operator.
func (t term) args(bits int, single bool) [][]Arg {
	lists := [][]Arg{nil}
	for index := range 6 {
		var mine []literal
		for _, l := range t {
			if l.Arg == index {
				mine = append(mine, l)
			}
		}
		if len(mine) == 0 {
			continue
		}
		var longer [][]Arg
		for _, list := range lists {
			for _, a := range alternatives(mine, bits, single) {
				longer = append(longer, append(list[:len(list):len(list)], a))
			}
			if len(longer) > maxRules {
				break // too many, as the caller will see
			}
		}
		lists = longer
	}
	return lists
}

// alternatives are the conditions of which one has to hold, where literals
// about one argument do.
func alternatives(ls []literal, bits int, single bool) []Arg {
	if op, ok := ls[0].op(bits); ok && len(ls) == 1 && (single || op == policytext.EQ) {
		return []Arg{{Index: ls[0].Arg, Op: op, Value: ls[0].X.Value}}
	}
	all := []cube{{}}
	for _, l := range ls {
		var both []cube
		for _, c := range all {
			for _, d := range cubes(l.Cmp, l.not) {
				if e, ok := c.and(d); ok {
					both = append(both, e)
				}
			}
			if len(both) > maxRules {
				break
			}
		}
		all = both
	}
	var out []Arg
	for _, c := range all {
		a := Arg{Index: ls[0].Arg, Op: policytext.MaskedEQ, Value: c.mask, ValueTwo: c.value}
		if full(c.mask, bits) {
			a = Arg{Index: ls[0].Arg, Op: policytext.EQ, Value: c.value}
		}
		out = append(out, a)
	}
	return out
}

// op is the operator that says l, if one does.
func (l literal) op(bits int) (policytext.Op, bool) {
	if l.Width != bits || !full(l.Mask, bits) {
		return 0, false
	}
	ops := map[rule.Op][2]policytext.Op{
		rule.Eq: {policytext.EQ, policytext.NE}, rule.Lt: {policytext.LT, policytext.GE}, rule.Le: {policytext.LE, policytext.GT},
		rule.Gt: {policytext.GT, policytext.LE}, rule.Ge: {policytext.GE, policytext.LT},
	}[l.Op]
	if l.not {
		return ops[1], true
	}
	return ops[0], true
}

// joined are rules with the names of those that differ in nothing else in one,
// those without conditions first.
func joined(rules []Rule) []Rule {
	var out []Rule
	for _, plain := range []bool{true, false} {
		for _, r := range rules {
			if (len(r.Args) == 0) != plain {
				continue
			}
			i := slices.IndexFunc(out, func(o Rule) bool { return o.Action == r.Action && slices.Equal(o.Args, r.Args) })
			if i < 0 {
				out = append(out, r)
				continue
			}
			if !slices.Contains(out[i].Names, r.Names[0]) {
				out[i].Names = append(out[i].Names, r.Names...)
			}
		}
	}
	return out
}
