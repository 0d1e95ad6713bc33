package oci

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/policytext"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
)

// A Doubt is something of a profile that cannot be taken over as it is, and
// what Lenient does with it.
type Doubt struct {
	Pos     gen.Pos
	Msg     string
	Lenient string
}

// Doubts are about what a profile says of loading the filter.
func (p *Profile) Doubts() []Doubt {
	var list []Doubt
	for _, i := range p.Ignored {
		list = append(list, Doubt{i.Pos, i.Text + " is about loading the filter, of which a policy says nothing", "left out"})
	}
	return list
}

// Meaning is what a profile without selectors means on one architecture, as
// far as it is about calls. name is the policy's.
//
// Doubts are about what runc would pass over in silence, or open by accident.
// The policy does the safe thing; whether that is good enough is the caller's to
// say.
func (p *Profile) Meaning(name string, a arch.Arch) (*rule.Policy, []Doubt, gen.ErrorList) {
	m := &meaning{
		arch: a, profile: p,
		policy: &rule.Policy{
			Name:    name,
			Target:  gen.TargetOf(a),
			Default: p.Default,
		},
		calls: map[uint32]*call{},
	}
	for _, r := range p.Rules {
		if r.Action != p.Default { // runc skips these, and libseccomp refuses them
			for _, n := range r.Names {
				m.name(r, n)
			}
		}
	}
	for _, nr := range m.order {
		m.settle(nr)
	}
	return m.policy, m.doubts, m.errs
}

// A meaning is a profile being given one.
type meaning struct {
	arch    arch.Arch
	profile *Profile
	policy  *rule.Policy
	calls   map[uint32]*call
	order   []uint32 // of calls
	doubts  []Doubt
	errs    gen.ErrorList
}

// A call is the rules about one call. One that always applies beats all others,
// the first of them if there are several.
type call struct {
	name   string
	always *rule.Case
	some   []some
	later  []some // those that always apply, too
}

// A some is a rule that has conditions.
type some struct {
	request request
	action  rule.Action
	pos     gen.Pos
}

func (m *meaning) doubt(at gen.Pos, msg, lenient string) {
	m.doubts = append(m.doubts, Doubt{at, msg, lenient})
}

// name adds a rule for one of its names.
func (m *meaning) name(r Rule, n Name) {
	by, index, multiplexed := m.arch.Multiplexed(n.Name)
	if multiplexed {
		m.multiplexed(r, n, by, index)
	}
	nr, ok := m.arch.Number(n.Name)
	if !ok {
		if !multiplexed && !arch.Known(n.Name) {
			m.doubt(n.Pos, "no architecture has a call "+n.Name, "left out")
		}
		return
	}
	for _, args := range conjunctions(r.Args) {
		m.conjunction(r, n, nr, args)
	}
}

// conjunctions are the lists of conditions that have to hold together. Where
// one argument has several, runc makes a rule of each condition by itself.
func conjunctions(args []Arg) [][]Arg {
	seen := [6]bool{}
	for _, a := range args {
		if seen[a.Index] {
			var each [][]Arg
			for i := range args {
				each = append(each, args[i:i+1])
			}
			return each
		}
		seen[a.Index] = true
	}
	return [][]Arg{args}
}

func (m *meaning) conjunction(r Rule, n Name, nr uint32, args []Arg) {
	s := some{action: r.Action, pos: n.Pos}
	conditions := 0
	for _, arg := range args {
		if arg.Op == policytext.MaskedEQ && arg.Value == 0 {
			continue // libseccomp drops it
		}
		conditions++
		x, never, err := arg.cond().On(m.arch, n.Name)
		if err != nil {
			m.errs = append(m.errs, &gen.Error{Pos: arg.Pos, Msg: fmt.Sprintf("%s on %s: %v", n.Name, gen.ArchName(m.arch), err)})
			return
		}
		if never {
			return
		}
		if x != nil {
			s.request.ask(arg.Index, x)
		}
	}
	m.add(n.Name, nr, conditions == 0, s)
}

func (m *meaning) add(name string, nr uint32, always bool, s some) {
	c := m.calls[nr]
	if c == nil {
		c = &call{name: name}
		m.calls[nr] = c
		m.order = append(m.order, nr)
	}
	switch {
	case !always:
		c.some = append(c.some, s)
	case c.always == nil:
		c.always = &rule.Case{Action: s.action, Src: rule.Src(s.pos)}
	default:
		c.later = append(c.later, s)
	}
}

// multiplexed adds what a rule means for the call through which a program can
// also make the one it names.
//
// A condition cannot be tested there. libseccomp tests the multiplexer's own
// arguments in its place, which opens what the condition was to close. Here
// a rule with a condition that is stricter than the default is for all such
// calls, and another for none.
func (m *meaning) multiplexed(r Rule, n Name, by string, index uint32) {
	nr, ok := m.arch.Number(by)
	if !ok {
		return
	}
	conditional := false
	for _, a := range r.Args {
		conditional = conditional || a.Op != policytext.MaskedEQ || a.Value != 0
	}
	stricter := r.Action.Stricter(m.profile.Default)
	if conditional {
		does := "not said of " + by
		if stricter {
			does = "said of all through " + by
		}
		if !m.settled(by) {
			m.doubt(n.Pos, "on "+gen.ArchName(m.arch)+" a program can also call "+n.Name+" through "+by+", where its arguments cannot be tested", does)
		}
		if !stricter {
			return
		}
	}
	mask := uint64(1<<32 - 1)
	if stricter && by == "ipc" {
		mask = 0xffff // what the kernel reads (ipc/syscall.c): the rest may not hide the call
	}
	s := some{action: r.Action, pos: n.Pos}
	s.request.ask(0, &rule.Cmp{Arg: 0, Width: 32, Mask: mask, X: rule.Operand{Param: -1, Value: uint64(index)}})
	m.add(by, nr, false, s)
}

// settled reports whether a rule without conditions decides a call.
func (m *meaning) settled(name string) bool {
	for _, r := range m.profile.Rules {
		for _, n := range r.Names {
			if n.Name == name && len(r.Args) == 0 && r.Action != m.profile.Default {
				return true
			}
		}
	}
	return false
}

// settle puts the rules about a call together. Rules with the same action are
// alternatives. Of two others that both apply to some call, libseccomp tries the
// one about the higher argument first; nobody who wrote them meant that, so it is
// an error.
func (m *meaning) settle(nr uint32) {
	c := m.calls[nr]
	if c.always != nil {
		m.shadowed(c)
	}
	cases := c.cases()
	for i, k := range cases {
		for _, before := range cases[:i] {
			if k.Action == before.Action || m.disjoint(nr, before, k) {
				continue
			}
			m.errs = append(m.errs, &gen.Error{Pos: gen.Pos(k.Src), Msg: c.name + " has two rules that can both apply, this one with " + k.Action.String() +
				" and one with " + before.Action.String() + "; make their conditions exclude each other"})
			return
		}
	}
	if len(cases) > 0 {
		m.policy.Calls = append(m.policy.Calls, rule.Call{Name: c.name, Nr: nr, Cases: cases})
	}
}

// shadowed doubts the rules that one without conditions beats though they are
// stricter: whoever wrote them thought that they apply.
func (m *meaning) shadowed(c *call) {
	for _, s := range slices.Concat(c.some, c.later) {
		if s.action != c.always.Action && s.action.Stricter(c.always.Action) {
			m.doubt(s.pos, fmt.Sprintf("%s -> %v never applies: the rule without conditions at line %d decides", c.name, s.action, c.always.Src.Line), "left out")
		}
	}
}

// disjoint reports whether no call meets both conditions: their order then
// makes no difference.
func (m *meaning) disjoint(nr uint32, a, b rule.Case) bool {
	alone := func(cases ...rule.Case) *rule.Policy {
		return &rule.Policy{Target: m.policy.Target, Default: rule.KillProcess, Calls: []rule.Call{{Nr: nr, Cases: cases}}}
	}
	x, y := a, b
	x.Action, y.Action = rule.Allow, rule.Log
	_, err := prove.SameMeaning(alone(x, y), alone(y, x))
	if undecided := (*prove.Undecided)(nil); errors.As(err, &undecided) {
		m.errs = append(m.errs, &gen.Error{Pos: gen.Pos(b.Src), Msg: "cannot decide whether two rules exclude each other: " + undecided.Reason})
	}
	return err == nil
}
