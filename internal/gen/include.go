package gen

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/goruntime/baseline"
	"github.com/tileseal/tileseal/internal/rule"
)

const (
	levelPrefix   = "go/" // of the names of the Go runtime's levels
	runtimePrefix = "go_" // of their parameters, which goruntime.Prepare finds out
)

// include adds the entries of another file. Its parameters are ours of the
// same name; those of a Go runtime level are found by goruntime.Prepare.
func (r *resolver) include(e *Entry) {
	f, errs := r.load(e, r.file)
	r.errs = append(r.errs, errs...)
	if f == nil {
		return
	}
	if slices.Contains(r.done, f.Name) {
		r.join(e, r.scopes[f.Name])
		return
	}
	if slices.Contains(r.stack, f.Name) {
		r.errs.add(e.Pos, "%s includes itself", f.Name)
		return
	}
	level, isLevel := strings.CutPrefix(f.Name, levelPrefix)
	if isLevel {
		r.out.Levels = append(r.out.Levels, level)
	}
	for _, p := range f.Params {
		if isLevel {
			r.runtimeParam(p)
		} else if !r.file.hasParam(p.Name) {
			r.errs.add(e.Pos, "%s needs a parameter %s, which this policy does not declare", f.Name, p.Name)
			return
		}
	}
	r.read(f)
	r.join(e, r.scopes[f.Name])
}

// runtimeParam declares a parameter of a level, before the policy's own.
func (r *resolver) runtimeParam(p Param) {
	if slices.ContainsFunc(r.policy.Params, func(q rule.Param) bool { return q.Name == p.Name }) {
		return
	}
	at := 0
	for at < len(r.policy.Params) && strings.HasPrefix(r.policy.Params[at].Name, runtimePrefix) {
		at++
	}
	r.policy.Renumber(func(param int) int { // make room at index at
		if param >= at {
			param++
		}
		return param
	})
	r.policy.Params = slices.Insert(r.policy.Params, at, newParam(p))
}

// load reads the file an entry of from includes. The file is nil if it cannot
// be had.
func (r *resolver) load(e *Entry, from *File) (*File, ErrorList) {
	var errs ErrorList
	if level, ok := strings.CutPrefix(e.Name, levelPrefix); ok {
		text, ok := fragment(level, from.Levels)
		if !ok {
			errs.add(e.Pos, "there is no Go runtime level %q%s", level, suggest(level, slices.Values(baseline.Names())))
			return nil, errs
		}
		f, errs := Parse(e.Name, string(text), Tileseal)
		return f, errs
	}
	name := filepath.ToSlash(filepath.Join(filepath.Dir(from.Name), filepath.FromSlash(e.Name)))
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		errs.add(e.Pos, "include %q: no such file", e.Name)
		return nil, errs
	}
	if err != nil {
		errs.add(e.Pos, "include %q: %v", e.Name, err)
		return nil, errs
	}
	f, errs := Parse(name, string(text), Tileseal)
	f.Levels = from.Levels
	return f, errs
}

// fragment is the text of a level: the one built in, or a file of a directory.
func fragment(level, dir string) (text []byte, ok bool) {
	if dir == "" {
		return baseline.Fragment(level)
	}
	text, err := os.ReadFile(filepath.Join(dir, level+Ending))
	return text, err == nil
}
