package minijail

import (
	"strconv"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/rule"
)

// statement reads CALL: FILTER, or {CALL, CALL}: FILTER. It is nil after an
// error.
func (r *reader) statement() *statement {
	s := &statement{pos: r.rest[0].pos}
	if r.skip("{") {
		r.only(s.pos)
		for {
			d, ok := r.descriptor()
			if !ok {
				return nil
			}
			s.calls = append(s.calls, d)
			if !r.skip(",") {
				break
			}
		}
		if !r.expect("}", "after the names of calls") {
			return nil
		}
	} else if d, ok := r.descriptor(); ok {
		s.calls = append(s.calls, d)
	} else {
		return nil
	}
	if !r.expect(":", "between calls and what becomes of them") || !r.filters(s) {
		return nil
	}
	return s
}

func (r *reader) descriptor() (descriptor, bool) {
	d := descriptor{token: r.take()}
	switch {
	case d.kind != name && d.kind != number:
		r.fail(d.pos, "a statement begins with the name of a system call")
		return d, false
	case strings.Contains(d.text, "@"):
		r.fail(d.pos, "%s: groups of calls are defined in minijail's build, not in a policy; name the calls", d.text)
		return d, false
	}
	if !r.skip("[") {
		return d, true
	}
	r.only(d.pos)
	if key := r.take(); key.text != "arch" {
		r.fail(key.pos, "only arch can be said of a call, as in open[arch=x86_64]")
		return d, false
	}
	if !r.expect("=", "after arch") {
		return d, false
	}
	for {
		t := r.take()
		a, ok := archOf(t.text)
		if !ok {
			r.fail(t.pos, "unknown architecture %q", t.text)
			return d, false
		}
		d.on = append(d.on, a)
		if !r.skip(",") {
			return d, r.expect("]", "after the architectures")
		}
	}
}

// archOf is an architecture by minijail's name (arch.h of its repository): the
// kernel's, but x86 for i386.
func archOf(s string) (arch.Arch, bool) {
	if s == "arm64" {
		return arch.AArch64, true
	}
	a, err := arch.ByName(s)
	return a, err == nil
}

// filters reads FILTER, or {FILTER, FILTER}.
func (r *reader) filters(s *statement) bool {
	if !r.skip("{") {
		return r.filter(s, false)
	}
	r.only(r.last)
	for {
		if !r.filter(s, true) {
			return false
		}
		if !r.skip(",") {
			return r.expect("}", "after the filters of a call")
		}
	}
}

// filter reads ACTION, or CONDITION, or CONDITION; ACTION.
func (r *reader) filter(s *statement, braces bool) bool {
	f := filter{pos: r.last, action: action{action: rule.Allow}}
	if len(r.rest) > 0 {
		f.pos = r.rest[0].pos
	}
	if len(r.rest) == 0 || !isArg(r.rest[0]) {
		a, ok := r.action()
		f.action = a
		s.filters = append(s.filters, f)
		return ok
	}
	var ok bool
	if f.clauses, ok = r.condition(); !ok {
		return false
	}
	if !r.skip(";") {
		if r.deny {
			r.fail(f.pos, "in a @denylist every condition has an error to return")
			return false
		}
		s.filters = append(s.filters, f)
		return true
	}
	at := r.last
	a, ok := r.action()
	switch {
	case !ok:
		return false
	case braces || r.deny || a.errno == nil:
		if !braces && !r.deny {
			r.only(at)
		}
		f.action = a
		s.filters = append(s.filters, f)
	default: // minijail0: allow, else the error
		if r.policy.either == nil {
			r.policy.either = &at
		}
		s.filters = append(s.filters, f, filter{action: a, pos: at})
	}
	return true
}

func isArg(t token) bool {
	return t.kind == name && strings.HasPrefix(t.text, "arg") && len(t.text) > 3 && strings.Trim(t.text[3:], "0123456789") == ""
}

// condition reads clauses joined by ||.
func (r *reader) condition() ([]clause, bool) {
	var all []clause
	for {
		var c clause
		for {
			a, ok := r.atom()
			if !ok {
				return nil, false
			}
			if c = append(c, a); !r.skip("&&") {
				break
			}
		}
		if all = append(all, c); !r.skip("||") {
			return all, true
		}
	}
}

func (r *reader) atom() (a atom, ok bool) {
	t := r.take()
	if !isArg(t) {
		r.fail(t.pos, "a condition begins with an argument, arg0 to arg5")
		return a, false
	}
	a.arg, _ = strconv.Atoi(t.text[3:])
	if a.arg > 5 || len(t.text) > 4 {
		r.fail(t.pos, "there is no %s; arguments are arg0 to arg5", t.text)
		return a, false
	}
	a.op = r.take()
	if !strings.Contains(" == != < <= > >= & in ", " "+a.op.text+" ") || a.op.text == "" {
		r.fail(a.op.pos, "after %s belongs ==, !=, <, <=, >, >=, & or in", t.text)
		return a, false
	}
	a.value, ok = r.value()
	return a, ok
}

// value reads constants joined by |.
func (r *reader) value() (*value, bool) {
	v := new(value)
	for {
		var t term
		t.not = r.skip("~")
		if r.skip("(") {
			if r.nesting++; r.nesting > 100 {
				r.fail(r.last, "parentheses nest too deeply")
				return nil, false
			}
			var ok bool
			if t.inner, ok = r.value(); !ok || !r.expect(")", "after a constant in parentheses") {
				return nil, false
			}
		} else if t.token = r.take(); t.token.kind != name && t.token.kind != number {
			r.fail(t.token.pos, "a constant belongs here")
			return nil, false
		}
		if v.terms = append(v.terms, t); !r.skip("|") {
			return v, true
		}
	}
}

// actions are those with a name of their own.
var actions = map[string]rule.Action{
	"allow": rule.Allow, "kill": rule.KillProcess, "kill-process": rule.KillProcess, "kill-thread": rule.KillThread,
	"trap": rule.Trap, "trace": rule.Trace, "log": rule.Log, "user-notify": rule.UserNotif,
}

func (r *reader) action() (action, bool) {
	t := r.take()
	a, known := actions[t.text]
	switch {
	case r.deny && t.text != "return":
		r.fail(t.pos, "in a @denylist every call has an error to return")
		return action{}, false
	case t.text == "1":
		return action{action: rule.Allow}, true
	case known:
		if t.text != "allow" {
			r.only(t.pos)
		}
		return action{action: a}, true
	case t.text == "return":
		e := r.take()
		if e.kind == name || e.kind == number {
			return action{action: rule.Errno, errno: &e}, true
		}
		t = e
	}
	r.fail(t.pos, "an action belongs here: 1, return ERRNO, allow, kill-process, kill-thread, kill, trap, trace, log or user-notify")
	return action{}, false
}
