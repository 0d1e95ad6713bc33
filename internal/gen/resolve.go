package gen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/rule"
)

// A Resolved policy is what a text means on one architecture.
type Resolved struct {
	*rule.Policy
	Levels []string // the Go runtime levels it includes, as in "core"
	Texts  []string // every text it was read from, the policy's own first
}

// Resolve looks up every name of a policy for one architecture and fixes the
// width of every comparison for one layout. What it returns means something
// only if the list has no error.
func Resolve(f *File, a arch.Arch, layout compile.Layout) (*Resolved, ErrorList) {
	return resolve(f, a, layout, []string{f.Name})
}

// resolve is Resolve inside of other policies, named by around.
func resolve(f *File, a arch.Arch, layout compile.Layout, around []string) (*Resolved, ErrorList) {
	r := &resolver{
		around: around,
		arch:   a, layout: layout,
		policy: &rule.Policy{Name: PolicyName(f.Name), Default: rule.KillProcess, Target: TargetOf(a)},
		scopes: map[string]scope{},
		hints:  map[string]string{},
		out:    &Resolved{},
	}
	r.out.Policy = r.policy
	if _, ok := a.Number("read"); !ok {
		r.errs.add(Pos{f.Name, 1, 1}, "there is no table of system calls for %s", ArchName(a))
		return r.out, r.errs
	}
	for _, p := range f.Params {
		if strings.HasPrefix(p.Name, runtimePrefix) && !strings.HasPrefix(f.Name, levelPrefix) {
			r.errs.add(p.Pos, "parameter %s: names beginning with %s belong to the Go runtime's levels", p.Name, runtimePrefix)
		}
		r.policy.Params = append(r.policy.Params, newParam(p))
	}
	r.read(f)
	r.file = f
	for _, e := range r.outer {
		r.within(e)
	}
	if !f.broken {
		r.unused(f)
		r.unusedGroups(f)
	}
	return r.out, r.errs.sorted()
}

func newParam(p Param) rule.Param {
	if p.Bits == 64 {
		return rule.Param{Name: p.Name, Bits: 64, Max: 1<<64 - 1}
	}
	return rule.Param{Name: p.Name, Bits: 32, Min: -1, Max: 1<<31 - 1}
}

// TargetOf is what a policy resolved for a judges.
func TargetOf(a arch.Arch) rule.Target {
	return rule.Target{Name: ArchName(a), Audit: a.Audit(), BigEndian: a.BigEndian(), Bits: a.Bits(), X32Shares: a == arch.X86_64}
}

// PolicyName is the name of the policy in a file: its base name without the
// ending .seccomppolicy.
func PolicyName(file string) string {
	name := file[strings.LastIndexAny(file, `/\`)+1:]
	return strings.TrimSuffix(name, Ending)
}

// Ending is how the name of a policy file ends.
const Ending = ".seccomppolicy"

// A resolver turns files into one rule.Policy.
type resolver struct {
	arch   arch.Arch
	layout compile.Layout
	policy *rule.Policy
	out    *Resolved
	errs   ErrorList
	outer  []*Entry            // within entries
	around []string            // the files we are within, and our own
	file   *File               // being read
	stack  []string            // the files that include it, outermost first
	done   []string            // files read to the end
	seen   map[uint32][]*Entry // of the file being read, by call
	groups scope               // groups of the file being read
	scopes map[string]scope    // and of those read to the end
	hints  map[string]string   // suggestions made so far
}

// paramIndex is the index of a parameter the file being read may name, or -1: its
// own, and those of the Go runtime's levels that are included above.
func (r *resolver) paramIndex(name string) int {
	if !r.file.hasParam(name) && !strings.HasPrefix(name, runtimePrefix) {
		return -1
	}
	return slices.IndexFunc(r.policy.Params, func(p rule.Param) bool { return p.Name == name })
}

// read adds the entries of one file.
func (r *resolver) read(f *File) {
	outer, outerSeen, outerGroups := r.file, r.seen, r.groups
	r.file, r.seen, r.groups = f, map[uint32][]*Entry{}, scope{}
	r.stack = append(r.stack, f.Name)
	r.out.Texts = append(r.out.Texts, f.Text)
	for _, e := range f.Entries {
		switch e.Kind {
		case WithinEntry:
			if r.outer = append(r.outer, e); len(r.stack) > 1 {
				r.errs.add(e.Pos, "within belongs to the policy itself, not to a file it includes")
			}
		case IncludeEntry:
			r.include(e)
		case DefaultEntry, NewerEntry:
			r.verdict(e)
		case GroupEntry:
			r.declare(e)
		case UseEntry:
			r.use(e)
		case CallEntry:
			if r.applies(e) {
				r.call(e)
			}
		}
	}
	r.scopes[f.Name] = r.groups
	r.file, r.seen, r.groups = outer, outerSeen, outerGroups
	r.stack = r.stack[:len(r.stack)-1]
	r.done = append(r.done, f.Name)
}

// verdict sets what happens to calls no rule is about.
func (r *resolver) verdict(e *Entry) {
	action, ok := r.action(e)
	if len(r.stack) > 1 {
		r.errs.add(e.Pos, "%s belongs to the policy itself, not to a file it includes", e.Name)
	}
	switch {
	case !ok:
	case e.Kind == DefaultEntry:
		r.policy.Default = action
	default:
		last, _ := r.arch.LastNumber()
		r.policy.Newer = &rule.Newer{Last: last, Action: action}
	}
}

// applies reports whether the guard of e lets it through.
func (r *resolver) applies(e *Entry) bool { return e.On == nil || slices.Contains(e.On, r.arch) }

// call adds one rule.
func (r *resolver) call(e *Entry) {
	nr, ok := r.arch.Number(e.Name)
	if !ok {
		r.noCall(e)
		return
	}
	for _, first := range r.seen[nr] {
		if !first.restOf(e) && !e.restOf(first) {
			r.twice(e, first)
			return
		}
	}
	r.seen[nr] = append(r.seen[nr], e)
	action, ok := r.action(e)
	c := rule.Case{Action: action, Src: rule.Src(e.Pos)}
	if e.when != nil {
		x, good := r.expr(e, e.when)
		if c.When, ok = x, ok && good; ok {
			r.checkDead(e, x)
		}
	}
	if ok {
		r.add(e, nr, c)
	}
}

// restOf reports whether e decides what is left of a call that some allows on a
// condition.
func (e *Entry) restOf(some *Entry) bool {
	return e.when == nil && e.Action != "" && e.Action != "allow" && some.when != nil && (some.Action == "" || some.Action == "allow")
}

// twice reports a second rule for a call.
func (r *resolver) twice(e, first *Entry) {
	name, where, advice := e.Name, fmt.Sprintf("line %d", first.Pos.Line), "join the two with (or ...)"
	if e.from != "" {
		name += " of @" + e.from
	}
	if first.from != "" {
		where += ", in @" + first.from
	}
	if e.from+first.from != "" {
		advice = "name it once"
	}
	r.errs.add(e.Pos, "%s already has a rule at %s; %s", name, where, advice)
}

// add joins a rule to those that other files have for the same call: what any
// of them allows is allowed. An action without a condition may stand beside
// rules that allow the call on conditions, and is for the rest; any other two
// actions contradict each other.
func (r *resolver) add(e *Entry, nr uint32, c rule.Case) {
	at := slices.IndexFunc(r.policy.Calls, func(have rule.Call) bool { return have.Nr == nr })
	if at < 0 {
		r.policy.Calls = append(r.policy.Calls, rule.Call{Name: e.Name, Nr: nr, Cases: []rule.Case{c}})
		return
	}
	cases := &r.policy.Calls[at].Cases
	for _, have := range *cases {
		if have.Action != c.Action && !restOf(have, c) && !restOf(c, have) {
			r.errs.add(e.Pos, "%s -> %v contradicts %v at %s:%d", e.Name, c.Action, have.Action, have.Src.File, have.Src.Line)
			return
		}
	}
	rest := slices.IndexFunc(*cases, func(have rule.Case) bool { return have.Action != rule.Allow })
	if rest < 0 || c.Action != rule.Allow {
		rest = len(*cases)
	}
	*cases = slices.Insert(*cases, rest, c)
}

// restOf reports whether c decides what is left of a call that some allows on
// a condition.
func restOf(some, c rule.Case) bool {
	return some.Action == rule.Allow && some.When != nil && c.When == nil
}

// noCall reports a call the architecture does not have.
func (r *resolver) noCall(e *Entry) {
	for _, a := range tabled() {
		if _, ok := a.Number(e.Name); !ok {
			continue
		}
		guard, how := "guard it", ", as in: "+e.Name+" on "+ArchName(a)
		if e.from != "" {
			guard, how = "write it as "+e.Name+"? in group "+e.from, ""
		}
		if other, ok := instead(r.arch, e.Name); ok {
			how = ", or use " + other
		}
		r.errs.onArch(e.Pos, ArchName(r.arch), e.Name+" does not exist on ", "; "+guard+how)
		return
	}
	names := func(yield func(string) bool) {
		for name := range r.arch.Syscalls() {
			if !yield(name) {
				return
			}
		}
	}
	r.errs.onArch(e.Pos, ArchName(r.arch), fmt.Sprintf("unknown system call %q on ", e.Name), suggest(e.Name, names))
}

// tabled lists the architectures whose calls messages suggest.
func tabled() []arch.Arch {
	return []arch.Arch{arch.X86_64, arch.X86, arch.AArch64}
}

// twins pairs calls that do each other's work, of which an architecture may
// have only one.
var twins = [...][2]string{
	{"poll", "ppoll"}, {"select", "pselect6"}, {"open", "openat"}, {"stat", "newfstatat"}, {"lstat", "newfstatat"},
	{"newfstatat", "fstatat64"}, {"access", "faccessat"}, {"rename", "renameat2"}, {"renameat", "renameat2"},
	{"mkdir", "mkdirat"}, {"rmdir", "unlinkat"}, {"unlink", "unlinkat"}, {"link", "linkat"}, {"symlink", "symlinkat"},
	{"readlink", "readlinkat"}, {"chmod", "fchmodat"}, {"chown", "fchownat"}, {"mknod", "mknodat"},
	{"pipe", "pipe2"}, {"dup2", "dup3"}, {"epoll_create", "epoll_create1"}, {"epoll_wait", "epoll_pwait"},
	{"eventfd", "eventfd2"}, {"signalfd", "signalfd4"}, {"inotify_init", "inotify_init1"}, {"fork", "clone"},
	{"vfork", "clone"}, {"getdents", "getdents64"}, {"accept", "accept4"}, {"send", "sendto"}, {"recv", "recvfrom"},
	{"mmap", "mmap2"}, {"futex", "futex_time64"}, {"fcntl", "fcntl64"}, {"fstat", "fstat64"}, {"lseek", "_llseek"},
	{"ftruncate", "ftruncate64"}, {"sendfile", "sendfile64"}, {"fadvise64", "fadvise64_64"},
}

// instead names a call of a's that does the work of one it lacks.
func instead(a arch.Arch, call string) (string, bool) {
	for _, t := range twins {
		for i, name := range t {
			if name != call {
				continue
			}
			if _, ok := a.Number(t[1-i]); ok {
				return t[1-i], true
			}
		}
	}
	return "", false
}

// unused reports parameters that no entry mentions, on any architecture.
func (r *resolver) unused(f *File) {
	uses := map[string]bool{}
	for _, e := range f.Entries {
		if e.when != nil {
			e.when.mentions(uses)
		}
		if e.Kind == IncludeEntry || e.Kind == WithinEntry {
			if inc, _ := r.load(e, f); inc != nil {
				for _, p := range inc.Params {
					uses[p.Name] = true
				}
			}
		}
	}
	for _, p := range f.Params {
		if !uses[p.Name] {
			r.report(p.Pos, "parameter %s is never used", p.Name)
		}
	}
}

func (n *node) mentions(names map[string]bool) {
	if n.kind != nList {
		names[strings.TrimSpace(n.text)] = true
	}
	for _, c := range n.list {
		c.mentions(names)
	}
}
