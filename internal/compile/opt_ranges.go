package compile

import (
	"slices"

	"github.com/tileseal/tileseal/internal/bpf"
)

// ranges settles all comparisons with constants at once: the word's values
// fall into ranges in which v is the same.
func (s *search) ranges(v *verdict, w view, on []int32) *plan {
	starts := []uint32{0}
	for _, a := range v.in(w) {
		if !a.plain() {
			continue
		}
		starts = append(starts, a.k)
		if a.code == bpf.Jeq && a.k < w.mask {
			starts = append(starts, a.k+1)
		}
	}
	slices.Sort(starts)
	starts = slices.Compact(starts)
	index := map[*verdict]int{}
	var outs []*verdict
	var segs []segment
	for i, lo := range starts {
		hi := w.mask
		if i+1 < len(starts) {
			hi = starts[i+1] - 1
		}
		r := s.given(v, func(a atom) (bool, bool) {
			if a.view() != w || a.param >= 0 {
				return false, false
			}
			return a.among(lo, hi)
		})
		if _, ok := index[r]; !ok {
			index[r] = len(outs)
			outs = append(outs, r)
		}
		segs = append(segs, segment{lo: lo, hi: hi, out: index[r]})
	}
	segs = tidy(segs)
	into := make([][]int32, len(outs))
	for _, i := range on {
		g := &segs[find(segs, s.samples[i].word(w.w)&w.mask)]
		g.weight = g.weight.add(s.samples[i].weight)
		into[g.out] = append(into[g.out], i)
	}
	leaves := make([]*plan, len(outs))
	for i, r := range outs {
		leaves[i] = s.ask(r, w, into[i])
	}
	return grow(bestSplit(segs), w, leaves)
}

// grow turns a tree into a plan that ends in leaves.
func grow(t *split, w view, leaves []*plan) *plan {
	if t.code == 0 {
		return leaves[t.out]
	}
	p := &plan{view: w, code: t.code, k: t.k, call: -1,
		atom: atom{w: w.w, mask: w.mask, code: t.code, k: t.k, param: -1}}
	p.t, p.f = grow(t.t, w, leaves), grow(t.f, w, leaves)
	p.cost = t.cost
	for _, l := range t.leaves() {
		p.cost = p.cost.add(leaves[l].cost)
	}
	return p
}

// leaves are the outcomes below t, each once.
func (t *split) leaves() []int {
	if t.code == 0 {
		return []int{t.out}
	}
	out := append(t.t.leaves(), t.f.leaves()...)
	slices.Sort(out)
	return slices.Compact(out)
}
