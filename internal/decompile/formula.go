package decompile

import (
	"slices"

	"github.com/tileseal/tileseal/internal/rule"
)

// maxComparisons bounds the comparisons in one condition.
const maxComparisons = 4000

// A writer makes a formula of the diagram of a condition.
type writer struct {
	*diagrams
	comparisons int
}

// formula is a condition, not always true or false, in the form of a policy.
func (d *diagrams) formula(n *node) rule.Expr { return (&writer{diagrams: d}).of(n) }

// A group is the values of a subject that lead to the same decision.
type group struct {
	to  *node
	set []stretch
}

// of is the condition n: one of those by which a value of its subject leads to
// yes, or to a condition that holds then.
func (w *writer) of(n *node) rule.Expr {
	s, groups := w.groups(n)
	var any rule.Or
	for _, g := range groups {
		if g.to == w.no {
			continue
		}
		set := g.set
		if g.to != w.yes {
			set = w.widened(s, g, groups)
		}
		var all rule.And
		if !(len(set) == 1 && set[0].low == 0 && set[0].high >= s.most()) {
			x := s.within(set)
			rule.Walk(x, func(*rule.Cmp) { w.comparisons++ })
			all = append(all, x)
		}
		if g.to != w.yes {
			all = append(all, w.of(g.to))
		}
		any = append(any, conjunction(all))
	}
	if w.comparisons > maxComparisons {
		undecided("a condition is longer than %d comparisons", maxComparisons)
	}
	return disjunction(any)
}

// widened is the values of g and of other groups for which it makes no
// difference if g's condition is asked too, because it implies theirs: all the
// values if possible, else those of g alone or with the others, whichever are
// shorter to say.
func (w *writer) widened(s subject, g group, groups []group) []stretch {
	var set []stretch
	for _, h := range groups {
		if h.to == g.to || w.implies(g.to, h.to) {
			set = append(set, h.set...)
		}
	}
	set = merged(set, s.step())
	if min(s.cost(set), s.cost(s.complement(set))) < min(s.cost(g.set), s.cost(s.complement(g.set))) {
		return set
	}
	return g.set
}

// merged is a set in order, neighbours joined.
func merged(set []stretch, step uint64) []stretch {
	set = slices.Clone(set)
	slices.SortFunc(set, func(a, b stretch) int {
		if a.low < b.low {
			return -1
		}
		return 1
	})
	out := set[:0]
	for _, r := range set {
		if last := len(out) - 1; last >= 0 && out[last].high+step == r.low {
			out[last].high = r.high
		} else {
			out = append(out, r)
		}
	}
	return out
}

// groups are the ways from n by the values of its subject: the argument as a
// whole if the two words are asked together, else the one word.
func (w *writer) groups(n *node) (subject, []group) {
	s, ways, whole := n.wholes()
	if !whole {
		s, ways = n.v.subject(), nil
		n.v.each(n.edges, func(r stretch, to *node) { ways = append(ways, group{to, []stretch{r}}) })
	}
	var out []group
	for _, g := range ways {
		i := slices.IndexFunc(out, func(h group) bool { return h.to == g.to })
		if i < 0 {
			out = append(out, g)
		} else {
			out[i].set = append(out[i].set, g.set...)
		}
	}
	for i := range out {
		out[i].set = merged(out[i].set, s.step())
	}
	// What holds by this subject alone reads best in front.
	slices.SortStableFunc(out, func(a, b group) int {
		switch {
		case a.to == w.yes && b.to != w.yes:
			return -1
		case b.to == w.yes && a.to != w.yes:
			return 1
		}
		return 0
	})
	return s, out
}

// each calls f for every edge with the values it is for.
func (v variable) each(edges []edge, f func(r stretch, to *node)) {
	for i, e := range edges {
		high := uint32(1<<32 - 1)
		if i+1 < len(edges) {
			high = edges[i+1].from - 1
		} else if v.mask != 0 {
			high = v.mask
		}
		f(v.stretch(e.from, high), e.to)
	}
}

// wholes is n as a choice by all 64 bits of an argument: a choice by the high
// word after which, for single values of it, the low one may be asked.
func (n *node) wholes() (s subject, ways []group, ok bool) {
	if n.v.low || n.v.mask != 0 {
		return s, nil, false
	}
	low := variable{arg: n.v.arg, low: true}
	ok = true
	n.v.each(n.edges, func(high stretch, to *node) {
		switch {
		case to.isLeaf() || to.v != low:
			ways = append(ways, group{to, []stretch{{high.low, high.high | (1<<32 - 1)}}})
		case high.low != high.high:
			ok = false
		default:
			low.each(to.edges, func(r stretch, to *node) {
				ways = append(ways, group{to, []stretch{{high.low | r.low, high.low | r.high}}})
			})
		}
	})
	return subject{n.v.arg, 64, 1<<64 - 1}, ways, ok
}

// conjunction is what holds if all do.
func conjunction(xs rule.And) rule.Expr {
	var flat rule.And
	for _, x := range xs {
		if and, ok := x.(rule.And); ok {
			flat = append(flat, and...)
		} else {
			flat = append(flat, x)
		}
	}
	for i := 0; i+1 < len(flat); i++ {
		if c, ok := halves(flat[i], flat[i+1]); ok {
			flat = slices.Replace(flat, i, i+2, rule.Expr(c))
		}
	}
	if len(flat) == 1 {
		return flat[0]
	}
	return flat
}

// disjunction is what holds if one does.
func disjunction(xs rule.Or) rule.Expr {
	var flat rule.Or
	for _, x := range xs {
		if or, ok := x.(rule.Or); ok && !isList(or) {
			flat = append(flat, or...)
		} else {
			flat = append(flat, x)
		}
	}
	for i := 0; i+1 < len(flat); i++ {
		not1, ok1 := flat[i].(rule.Not)
		not2, ok2 := flat[i+1].(rule.Not)
		if !ok1 || !ok2 {
			continue
		}
		if c, ok := halves(not1.X, not2.X); ok {
			flat = slices.Replace(flat, i, i+2, rule.Expr(rule.Not{X: c}))
		}
	}
	if len(flat) == 1 {
		return flat[0]
	}
	return flat
}

// isList reports whether or says that one subject has one of several values,
// which reads best on its own.
func isList(or rule.Or) bool {
	first, ok := or[0].(*rule.Cmp)
	for _, x := range or {
		c, isCmp := x.(*rule.Cmp)
		ok = ok && isCmp && c.Op == rule.Eq && c.Arg == first.Arg && c.Width == first.Width && c.Mask == first.Mask
	}
	return ok
}

// halves joins two equalities, of the high word of an argument and of the low
// one, to one of both. Either may be about some bits only.
func halves(x, y rule.Expr) (*rule.Cmp, bool) {
	a, ok1 := x.(*rule.Cmp)
	b, ok2 := y.(*rule.Cmp)
	if !ok1 || !ok2 || a.Op != rule.Eq || b.Op != rule.Eq || a.Arg != b.Arg {
		return nil, false
	}
	if a.Width == 32 {
		a, b = b, a
	}
	if a.Width != 64 || a.Mask&(1<<32-1) != 0 || b.Width != 32 {
		return nil, false
	}
	return subject{a.Arg, 64, a.Mask | b.Mask}.cmp(rule.Eq, a.X.Value|b.X.Value), true
}
