package gen

import (
	"maps"
	"slices"
	"strings"
)

// A group is a named set of system calls. A use of it stands for an entry a
// call.
type group struct {
	name  string
	calls []member
	pos   Pos // of its name
}

// A member is a call of a group.
type member struct {
	name     string
	optional bool // not on architectures that lack it
	pos      Pos
}

// group reads what follows the word group: a name, =, and calls. It is nil if
// it has no name to be known by; what else is wrong is only reported, so that
// its uses are not reported too.
func (f *File) group(l *line, words []field, at Pos, errs *ErrorList) *group {
	if len(words) < 3 || words[1].text != "=" {
		errs.add(at, "write a group as in: group io = read write poll?")
		return nil
	}
	g := &group{name: words[0].text, pos: l.pos(words[0].off)}
	if !identifier.MatchString(g.name) {
		errs.add(g.pos, "%q is no name for a group", g.name)
		return nil
	}
	for _, w := range words[2:] {
		m := member{pos: l.pos(w.off)}
		m.name, m.optional = strings.CutSuffix(w.text, "?")
		switch {
		case strings.ContainsAny(w.text, ":(") || w.text == "->" || w.text == "on":
			errs.add(m.pos, "a group only lists calls; write guard, action and condition where it is used, as in: @%s: (eq (arg 0) 2)", g.name)
			return g
		case strings.HasPrefix(w.text, "@"):
			errs.add(m.pos, "a group lists calls, not groups; use %s beside @%s instead", w.text, g.name)
		case !identifier.MatchString(m.name):
			errs.add(m.pos, "%q is no name of a system call", m.name)
		case slices.ContainsFunc(g.calls, func(o member) bool { return o.name == m.name }):
			errs.add(m.pos, "%s stands twice in group %s", m.name, g.name)
		default:
			g.calls = append(g.calls, m)
		}
	}
	return g
}

// A scope holds the groups that a place in a file knows, by name.
type scope map[string]*group

// join adds the groups of an included file.
func (r *resolver) join(e *Entry, included scope) {
	for _, g := range included {
		r.define(e.Pos, g)
	}
}

// define makes a group known from here on. Reading a file a second time gives
// the same group again, which is no redefinition.
func (r *resolver) define(at Pos, g *group) {
	if old, ok := r.groups[g.name]; ok && old.pos != g.pos {
		r.errs.add(at, "group %s is already defined at %s:%d", g.name, old.pos.File, old.pos.Line)
		return
	}
	r.groups[g.name] = g
}

// declare defines the group of an entry, and reports its calls that no
// architecture knows, used or not.
func (r *resolver) declare(e *Entry) {
	for _, m := range e.group.calls {
		if !known(m.name) {
			r.noCall(&Entry{Name: m.name, Pos: m.pos})
		}
	}
	r.define(e.group.pos, e.group)
}

// known reports whether some architecture has a call.
func known(call string) bool {
	for _, a := range tabled() {
		if _, ok := a.Number(call); ok {
			return true
		}
	}
	return false
}

// use adds an entry for each call of a group.
func (r *resolver) use(e *Entry) {
	name := e.Name[len("@"):]
	g, ok := r.groups[name]
	if !ok {
		r.noGroup(e, name)
		return
	}
	if !r.applies(e) {
		return
	}
	for _, m := range g.calls {
		one := *e
		one.Kind, one.Name, one.from = CallEntry, m.name, g.name
		if _, ok := r.arch.Number(m.name); ok {
			r.call(&one)
			continue
		}
		if one.Pos = m.pos; known(m.name) && !m.optional {
			r.noCall(&one)
		}
	}
}

func (r *resolver) noGroup(e *Entry, name string) {
	for _, d := range r.file.Entries {
		if d.Kind == GroupEntry && d.group.name == name {
			r.errs.add(e.Pos, "group %s is defined below, at line %d; move it up", name, d.Pos.Line)
			return
		}
	}
	names := slices.Sorted(maps.Keys(r.groups))
	r.errs.add(e.Pos, "there is no group %q%s", name, suggest(name, slices.Values(names)))
}

// unusedGroups reports groups of the policy's own file that no entry of it
// uses, on any architecture.
func (r *resolver) unusedGroups(f *File) {
	uses := map[string]bool{}
	for _, e := range f.Entries {
		if e.Kind == UseEntry {
			uses[e.Name[len("@"):]] = true
		}
	}
	for _, e := range f.Entries {
		if e.Kind == GroupEntry && !uses[e.group.name] {
			r.report(e.group.pos, "group %s is never used", e.group.name)
		}
	}
}
