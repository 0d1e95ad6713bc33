// Package policytext states what resolved policies mean as a text of dialect
// tileseal, for readers of other notations. It gives out no text before
// package gen has read it back and the prover has found it to mean the same.
package policytext

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/cconst"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
)

// Write is the text of policies for one architecture each, with equal defaults
// and without parameters. head are lines of comment for its beginning. An
// operand's or mask's Text is taken for its value where it has one.
//
// Comparisons must have the width of layout plain, that of internal/proto. The
// error is a gen.ErrorList at the places of Case.Src, or says that the text is
// not proven.
func Write(head []string, ps []*rule.Policy) (string, error) {
	w, errs := collect(ps)
	if err := errs.Err(); err != nil {
		return "", err
	}
	var b strings.Builder
	for _, l := range head {
		fmt.Fprintln(&b, strings.TrimRight("# "+l, " "))
	}
	b.WriteString("noarg\n\n")
	b.WriteString(defaults(ps))
	for _, s := range w.list {
		b.WriteString(s.text(len(ps)))
	}
	text, errs := gen.Format(ps[0].Name, b.String())
	if err := errs.Err(); err != nil {
		return "", fmt.Errorf("the text made of %s cannot be read back: %w; please report this", ps[0].Name, err)
	}
	return text, confirm(text, ps)
}

// defaults are the entries for calls that no rule is about.
func defaults(ps []*rule.Policy) string {
	var b strings.Builder
	for _, e := range []struct {
		name   string
		action rule.Action
		said   bool
	}{
		{"default", ps[0].Default, ps[0].Default != rule.KillProcess},
		{"newer", newer(ps[0]), ps[0].Newer != nil},
	} {
		if e.said {
			fmt.Fprintf(&b, "%s -> %s\n", e.name, actionText(e.action, archOf(ps[0])))
		}
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	return b.String()
}

// newer is the verdict for calls newer than the tables.
func newer(p *rule.Policy) rule.Action {
	if p.Newer == nil {
		return p.Default
	}
	return p.Newer.Action
}

// archOf is the architecture a policy is for.
func archOf(p *rule.Policy) arch.Arch {
	a, err := arch.ByName(p.Target.Name)
	if err != nil {
		panic("policytext: " + err.Error())
	}
	return a
}

// errnos are the errors that actions are likely to name, in the order they are
// tried.
var errnos = []string{
	"EPERM", "ENOENT", "EINTR", "EIO", "EBADF", "EAGAIN", "ENOMEM", "EACCES", "EFAULT", "EBUSY", "EEXIST", "ENODEV",
	"ENOTDIR", "EISDIR", "EINVAL", "EMFILE", "ENOTTY", "ENOSPC", "EROFS", "EPIPE", "ENOSYS", "EOPNOTSUPP", "EAFNOSUPPORT",
}

// actionText is an action as a policy for a writes it.
func actionText(act rule.Action, a arch.Arch) string {
	if act.Kind() == rule.Errno {
		for _, name := range errnos {
			if c, ok := cconst.Lookup(a, name); ok && c.Value == uint64(act.Data()) {
				return "errno(" + name + ")"
			}
		}
	}
	return act.String()
}

// A statement is what a text says of one call on some architectures, without
// its guard.
type statement struct {
	call    string
	entries []entry
	on      []string // names of architectures
}

// An entry is a line of it: the action, "" for allow, and the condition or nil.
type entry struct {
	action string
	when   *form
}

// statements are in the order in which the policies have their calls.
type statements struct {
	list []*statement
}

func collect(ps []*rule.Policy) (statements, gen.ErrorList) {
	var w statements
	var errs gen.ErrorList
	for _, p := range ps {
		if p.Default != ps[0].Default || newer(p) != newer(ps[0]) || len(p.Params) > 0 {
			panic("policytext: policies with other defaults, or with parameters")
		}
		for i := range p.Calls {
			cases, err := sayable(p, &p.Calls[i])
			if err != nil {
				errs = append(errs, err)
				continue
			}
			if len(cases) > 0 {
				w.add(p.Calls[i].Name, entriesOf(cases, archOf(p)), p.Target.Name)
			}
		}
	}
	return w, errs
}

func entriesOf(cases []rule.Case, a arch.Arch) []entry {
	var out []entry
	for _, k := range cases {
		e := entry{}
		if k.Action != rule.Allow {
			e.action = actionText(k.Action, a)
		}
		if k.When != nil {
			e.when = formOf(k.When)
		}
		out = append(out, e)
	}
	return out
}

// add joins what one architecture says of a call to the same of others. A
// statement of the call follows those that are there.
func (w *statements) add(call string, entries []entry, on string) {
	at := len(w.list)
	for i, s := range w.list {
		if s.call != call {
			continue
		}
		if s.same(entries) {
			s.on = append(s.on, on)
			return
		}
		at = i + 1
	}
	w.list = slices.Insert(w.list, at, &statement{call, entries, []string{on}})
}

func (s *statement) same(entries []entry) bool {
	return slices.EqualFunc(s.entries, entries, func(a, b entry) bool {
		return a.action == b.action && (a.when == nil) == (b.when == nil) && (a.when == nil || a.when.flat() == b.when.flat())
	})
}

// text is the statement, guarded unless it is for all architectures.
func (s *statement) text(archs int) string {
	var b strings.Builder
	for _, e := range s.entries {
		line := s.call
		if len(s.on) < archs {
			line += " on " + strings.Join(s.on, " ")
		}
		if e.action != "" {
			line += " -> " + e.action
		}
		if e.when != nil {
			line += ": " + e.when.flat()
		}
		fmt.Fprintln(&b, line)
	}
	return b.String()
}

// confirm reads a text back on every architecture and proves that it means what
// it was made from.
func confirm(text string, ps []*rule.Policy) error {
	f, errs := gen.Parse(ps[0].Name, text, gen.Tileseal)
	if err := errs.Err(); err != nil {
		return fmt.Errorf("the text made of %s cannot be read back: %w; please report this", ps[0].Name, err)
	}
	for _, p := range ps {
		back, errs := gen.Resolve(f, archOf(p), compile.Plain)
		if err := errs.Err(); err != nil {
			return &Unsaid{refused(p, text, errs)}
		}
		if _, err := prove.SameMeaning(p, back.Policy); err != nil {
			return fmt.Errorf("the text made of %s is not proven to mean the same on %s: %w", p.Name, p.Target.Name, err)
		}
	}
	return nil
}

// Unsaid is what the policy language refuses to say, at the places it comes
// from.
type Unsaid struct{ gen.ErrorList }

func (u *Unsaid) Unwrap() error { return u.ErrorList }

// refused puts the errors of a text at the places the calls are from.
func refused(p *rule.Policy, text string, errs gen.ErrorList) gen.ErrorList {
	lines := strings.Split(text, "\n")
	var out gen.ErrorList
	for _, e := range errs {
		if e.Warning {
			continue
		}
		at := e.Pos
		name, _, _ := strings.Cut(strings.TrimRight(lines[e.Pos.Line-1], ":"), " ")
		name = strings.TrimSuffix(name, ":")
		for _, c := range p.Calls {
			if c.Name == name && len(c.Cases) > 0 {
				at = gen.Pos(c.Cases[0].Src)
			}
		}
		out = append(out, &gen.Error{Pos: at, Msg: fmt.Sprintf("on %s: %s", p.Target.Name, e.Msg)})
	}
	return out
}
