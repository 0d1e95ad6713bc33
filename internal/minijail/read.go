package minijail

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
)

// maxDepth is how deep includes may nest.
const maxDepth = 10

// Read reads a policy and the files it includes, which open reads; their names
// are relative to that of the file that includes them.
func Read(name string, text []byte, open func(name string) ([]byte, error)) (*Policy, gen.ErrorList) {
	r := &reader{policy: &Policy{otherwise: action{action: rule.KillProcess}}, open: open}
	r.file(name, string(text), 0)
	if r.compiler != nil && r.policy.either != nil && len(r.errs) == 0 {
		r.fail(*r.policy.either, "minijail0 allows the call if the condition holds, and compile_seccomp_policy, for which %s:%d is written, if it does not; write it as {CONDITION; allow, return ERRNO} or the other way round",
			r.compiler.File, r.compiler.Line)
	}
	return r.policy, r.errs
}

// A reader reads a policy.
type reader struct {
	policy   *Policy
	open     func(string) ([]byte, error)
	errs     gen.ErrorList
	rest     []token  // of the line
	last     gen.Pos  // of the last token taken
	compiler *gen.Pos // of the first form that only the compiler reads
	deny     bool     // @denylist
	nesting  int      // of parentheses
}

func (r *reader) fail(at gen.Pos, format string, args ...any) {
	r.errs = append(r.errs, &gen.Error{Pos: at, Msg: fmt.Sprintf(format, args...)})
}

// only notes a form that only the compiler reads.
func (r *reader) only(at gen.Pos) {
	if r.compiler == nil {
		r.compiler = &at
	}
}

func (r *reader) file(name, text string, depth int) {
	for _, tokens := range r.lines(name, text) {
		if len(tokens) == 0 {
			continue
		}
		r.rest, r.last, r.nesting = tokens, tokens[0].pos, 0
		ok := true
		if first := tokens[0]; first.kind == directive {
			r.take()
			ok = r.directive(first, depth)
		} else if s := r.statement(); s != nil {
			r.policy.statements = append(r.policy.statements, s)
		} else {
			ok = false
		}
		if ok && len(r.rest) > 0 {
			r.fail(r.rest[0].pos, "unexpected %q; a line ends here", r.rest[0].text)
		}
	}
}

// take is the next token of the line. At its end it is an empty one.
func (r *reader) take() token {
	if len(r.rest) == 0 {
		return token{pos: r.last, kind: -1}
	}
	t := r.rest[0]
	r.rest, r.last = r.rest[1:], t.pos
	return t
}

// skip takes the next token if it is this symbol.
func (r *reader) skip(s string) bool {
	if len(r.rest) > 0 && r.rest[0].kind == symbol && r.rest[0].text == s {
		r.take()
		return true
	}
	return false
}

// expect takes a symbol that has to come next.
func (r *reader) expect(s, where string) bool {
	if r.skip(s) {
		return true
	}
	at := r.last
	if len(r.rest) > 0 {
		at = r.rest[0].pos
	}
	r.fail(at, "a %q belongs %s", s, where)
	return false
}

func (r *reader) directive(d token, depth int) bool {
	switch d.text {
	case "@default":
		r.only(d.pos)
		a, ok := r.action()
		if kind := a.action.Kind(); ok && (kind == rule.Allow || kind == rule.Log || kind == rule.Trace || kind == rule.Errno) {
			r.fail(d.pos, "@default takes kill-process, kill-thread, kill, trap or user-notify")
			return false
		}
		r.policy.otherwise = a
		return ok
	case "@denylist":
		r.policy.otherwise, r.deny = action{action: rule.Allow}, true
		return true
	case "@frequency": // about speed only
		return r.path(d).kind == path
	case "@include":
		return r.include(d, depth)
	}
	r.fail(d.pos, "unknown directive %s; there are @default, @denylist, @frequency and @include", d.text)
	return false
}

func (r *reader) path(d token) token {
	t := r.take()
	if t.kind != path {
		r.fail(t.pos, "%s takes a path that begins with / or ./", d.text)
	}
	return t
}

func (r *reader) include(d token, depth int) bool {
	t := r.path(d)
	if t.kind != path {
		return false
	}
	file := filepath.FromSlash(t.text)
	if !strings.HasPrefix(t.text, "/") {
		file = filepath.Join(filepath.Dir(d.pos.File), file)
	}
	text, err := r.open(file)
	switch {
	case depth >= maxDepth:
		r.fail(t.pos, "includes nest deeper than %d", maxDepth)
	case err != nil:
		r.fail(t.pos, "@include: %v", err)
	default:
		rest := r.rest
		r.file(file, string(text), depth+1)
		r.rest = rest
		return true
	}
	return false
}
