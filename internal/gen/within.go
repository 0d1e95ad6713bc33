package gen

import (
	"slices"
	"strings"

	"github.com/tileseal/tileseal/internal/rule"
)

// within narrows the policy to what another allows as well: the two stacked,
// in one program.
func (r *resolver) within(e *Entry) {
	f, errs := r.load(e, r.file)
	if r.errs = append(r.errs, errs...); f == nil {
		return
	}
	if upstreams(r.layout) {
		r.errs.add(e.Pos, "layout %v cannot hold one policy within another; use layout plain or optimized", r.layout)
		return
	}
	if slices.Contains(r.around, f.Name) {
		r.errs.add(e.Pos, "%s is within itself", f.Name)
		return
	}
	outer, errs := resolve(f, r.arch, r.layout, append(r.around, f.Name))
	if r.errs = append(r.errs, errs...); errs.Err() != nil {
		return
	}
	for _, p := range outer.Params {
		switch {
		case strings.HasPrefix(p.Name, runtimePrefix):
			r.runtimeParam(Param{Name: p.Name, Bits: p.Bits})
		case !r.file.hasParam(p.Name):
			r.errs.add(e.Pos, "%s needs a parameter %s, which this policy does not declare", f.Name, p.Name)
			return
		}
	}
	r.adopt(outer)
	r.policy = rule.Stack(outer.Policy, r.policy)
	r.out.Policy = r.policy
	r.out.Texts = append(r.out.Texts, outer.Texts...)
	for _, l := range outer.Levels {
		if !slices.Contains(r.out.Levels, l) {
			r.out.Levels = append(r.out.Levels, l)
		}
	}
}

// adopt gives an outer policy our parameters in place of its own.
func (r *resolver) adopt(outer *Resolved) {
	to := make([]int, len(outer.Params))
	for i, p := range outer.Params {
		to[i] = slices.IndexFunc(r.policy.Params, func(q rule.Param) bool { return q.Name == p.Name })
		ours := &r.policy.Params[to[i]]
		ours.Min, ours.Max = max(ours.Min, p.Min), min(ours.Max, p.Max)
	}
	outer.Renumber(func(param int) int { return to[param] })
	outer.Policy.Params = r.policy.Params
}
