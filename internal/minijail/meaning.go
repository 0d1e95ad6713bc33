package minijail

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/cconst"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/policytext"
	"github.com/tileseal/tileseal/internal/rule"
)

// Meaning is what the policy means on one architecture. name is its name.
func (p *Policy) Meaning(name string, a arch.Arch) (*rule.Policy, gen.ErrorList) {
	m := &meaning{arch: a, policy: &rule.Policy{
		Name:    name,
		Target:  gen.TargetOf(a),
		Default: p.otherwise.action,
	}}
	for _, s := range p.statements {
		for _, d := range s.calls {
			if d.on == nil || slices.Contains(d.on, a) {
				m.statement(s, d)
			}
		}
	}
	return m.policy, m.errs
}

// A meaning is a policy being given one.
type meaning struct {
	arch   arch.Arch
	policy *rule.Policy
	errs   gen.ErrorList
}

func (m *meaning) fail(at gen.Pos, format string, args ...any) {
	m.errs = append(m.errs, &gen.Error{Pos: at, Msg: fmt.Sprintf(format, args...)})
}

// statement adds the filters of a statement to those of a call.
func (m *meaning) statement(s *statement, d descriptor) {
	nr, call, ok := m.call(d)
	if !ok {
		m.fail(d.pos, "%s has no call %s; leave the architecture out, or write %[2]s[arch=...]", gen.ArchName(m.arch), d.text)
		return
	}
	at := slices.IndexFunc(m.policy.Calls, func(c rule.Call) bool { return c.Nr == nr })
	if at < 0 {
		at = len(m.policy.Calls)
		m.policy.Calls = append(m.policy.Calls, rule.Call{Name: call, Nr: nr})
	}
	cases := m.policy.Calls[at].Cases
	for _, f := range s.filters {
		if n := len(cases); n > 0 && cases[n-1].When == nil {
			m.fail(f.pos, "%s is decided already, at line %d", call, cases[n-1].Src.Line)
			break
		}
		if k, ok := m.filter(call, f); ok {
			cases = append(cases, k)
		}
	}
	if m.policy.Calls[at].Cases = cases; len(cases) == 0 {
		m.policy.Calls = slices.Delete(m.policy.Calls, at, at+1)
	}
}

// call is a call's number and name.
func (m *meaning) call(d descriptor) (nr uint32, call string, ok bool) {
	if d.kind == name {
		nr, ok = m.arch.Number(d.text)
		return nr, d.text, ok
	}
	n, err := strconv.ParseUint(d.text, 0, 32)
	if err != nil {
		return 0, "", false
	}
	call, ok = m.arch.Name(uint32(n))
	return uint32(n), call, ok
}

// filter is one filter as a case, unless its condition never holds.
func (m *meaning) filter(call string, f filter) (rule.Case, bool) {
	k := rule.Case{Action: f.action.action, Src: rule.Src(f.pos)}
	if e := f.action.errno; e != nil {
		v, ok := m.constant(*e)
		if !ok || v > 4095 {
			m.fail(e.pos, "%s is no error from 0 to 4095", e.text)
			return k, false
		}
		k.Action |= rule.Action(v)
	}
	if f.clauses == nil {
		return k, true
	}
	var or rule.Or
	for _, c := range f.clauses {
		x, never := m.clause(call, c)
		switch {
		case never:
			continue
		case x == nil:
			return k, true
		}
		or = append(or, x)
	}
	switch len(or) {
	case 0:
		return k, false
	case 1:
		k.When = or[0]
	default:
		k.When = or
	}
	return k, true
}

// clause is the conjunction of a clause. It is nil if that always holds.
func (m *meaning) clause(call string, c clause) (x rule.Expr, never bool) {
	var all rule.And
	for _, a := range c {
		x, no := m.atom(call, a)
		if never = never || no; x != nil && !no {
			all = append(all, x)
		}
	}
	switch {
	case never || len(all) == 0:
		return nil, never
	case len(all) == 1:
		return all[0], false
	}
	return all, false
}

var ops = map[string]policytext.Op{
	"==": policytext.EQ, "!=": policytext.NE, "<": policytext.LT, "<=": policytext.LE, ">": policytext.GT, ">=": policytext.GE,
}

// atom is a comparison. "&" holds if any of the bits is set, "in" if no other
// is.
func (m *meaning) atom(call string, a atom) (x rule.Expr, never bool) {
	v, text, ok := m.value(a.value)
	if !ok {
		return nil, true
	}
	c := policytext.Cond{Arg: a.arg, Op: ops[a.op.text], Value: v, Text: text}
	switch a.op.text {
	case "&":
		c = policytext.Cond{Arg: a.arg, Op: policytext.MaskedEQ, Mask: v, MaskText: text}
	case "in":
		c = policytext.Cond{Arg: a.arg, Op: policytext.MaskedEQ, Mask: ^v, MaskText: complement(text)}
	}
	x, never, err := c.On(m.arch, call)
	if err != nil {
		m.fail(a.op.pos, "%s on %s: %v", call, gen.ArchName(m.arch), err)
		return nil, true
	}
	if a.op.text != "&" {
		return x, never
	}
	if x == nil { // no bit can be set
		return nil, !never
	}
	return rule.Not{X: x}, false
}

// complement is the text of the complement of a text.
func complement(text string) string {
	switch {
	case text == "":
		return ""
	case strings.HasPrefix(text, "~") && !strings.Contains(text, "|"):
		return text[1:]
	case strings.ContainsAny(text, "|~"):
		return "~(" + text + ")"
	}
	return "~" + text
}

// value is the value of constants, and how a policy writes it: "" if that has
// no name. C's complement of an unsigned int leaves the high word zero, and
// minijail's does not, so where there is an unsigned constant the value is
// written as a number.
func (m *meaning) value(v *value) (bits uint64, text string, ok bool) {
	var words []string
	named := true
	for _, t := range v.terms {
		var b uint64
		if t.inner != nil {
			b, _, ok = m.value(t.inner)
			named = false
		} else {
			if b, ok = m.constant(t.token); !ok {
				m.fail(t.token.pos, "%q is no constant on %s", t.token.text, gen.ArchName(m.arch))
			}
			c, known := cconst.Lookup(m.arch, t.token.text)
			named = named && known && c.Type.Signed()
		}
		if !ok {
			return 0, "", false
		}
		word := t.token.text
		if t.not {
			b, word = ^b, "~"+word
		}
		bits |= b
		words = append(words, word)
	}
	if named {
		text = strings.Join(words, "|")
	}
	return bits, text, true
}

// constant is a number, in C's notation, or a name, as 64 bits.
func (m *meaning) constant(t token) (uint64, bool) {
	if t.kind == name {
		c, ok := cconst.Lookup(m.arch, t.text)
		return c.Value, ok
	}
	if v, err := strconv.ParseUint(t.text, 0, 64); err == nil {
		return v, true
	}
	v, err := strconv.ParseInt(t.text, 0, 64)
	return uint64(v), err == nil
}
