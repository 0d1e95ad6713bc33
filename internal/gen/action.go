package gen

import (
	"strconv"
	"strings"

	"github.com/tileseal/tileseal/internal/cconst"
	"github.com/tileseal/tileseal/internal/rule"
)

var actions = map[string]struct {
	action rule.Action
	data   bool // takes a number in parentheses
}{
	"allow":        {rule.Allow, false},
	"kill_process": {rule.KillProcess, false},
	"kill_thread":  {rule.KillThread, false},
	"trap":         {rule.Trap, true},
	"errno":        {rule.Errno, true},
	"trace":        {rule.Trace, true},
	"log":          {rule.Log, false},
	"notify":       {rule.UserNotif, false},
}

// action is what an entry does with the calls it is about.
func (r *resolver) action(e *Entry) (rule.Action, bool) {
	if e.Action == "" {
		return rule.Allow, true
	}
	if upstreams(r.layout) {
		r.errs.add(e.acted, "layout %v has no actions but to allow a call and to kill the process; use layout plain", r.layout)
		return 0, false
	}
	name, data, hasData := strings.Cut(e.Action, "(")
	a, ok := actions[name]
	switch {
	case !ok:
		names := func(yield func(string) bool) {
			for n := range actions {
				if !yield(n) {
					return
				}
			}
		}
		r.errs.add(e.acted, "unknown action %q%s", name, suggest(name, names))
		return 0, false
	case hasData && !a.data:
		r.errs.add(e.acted, "%s takes no number", name)
		return 0, false
	case !hasData && name == "errno":
		r.errs.add(e.acted, "errno needs an error, as in errno(EPERM)")
		return 0, false
	case !hasData:
		return a.action, true
	}
	n, ok := r.actionData(e, name, strings.TrimSuffix(data, ")"), strings.HasSuffix(data, ")"))
	return a.action | rule.Action(n), ok
}

// maxErrno is the greatest errno the kernel returns (MAX_ERRNO,
// include/linux/err.h); seccomp cuts greater ones to it.
const maxErrno = 4095

func (r *resolver) actionData(e *Entry, name, data string, closed bool) (uint64, bool) {
	n, err := strconv.ParseUint(data, 0, 16)
	if c, ok := cconst.Lookup(r.arch, data); ok && name == "errno" {
		n, err = c.Value, nil
	}
	limit := uint64(1<<16 - 1)
	if name == "errno" {
		limit = maxErrno
	}
	if err != nil || !closed || n > limit {
		r.errs.add(e.acted, "%s: %q is no number from 0 to %d; write it as in errno(EPERM)", e.Action, data, limit)
		return 0, false
	}
	return n, true
}
