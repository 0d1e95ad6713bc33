package decompile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/internal/rule"
)

// A variable is a word of an argument, or with a mask some bits of one. Bits of
// a word are taken for independent of the word and of other bits of it: that
// costs simplicity where they are not, and not truth.
type variable struct {
	arg  int
	low  bool   // the low word
	mask uint32 // 0: the whole word
}

// compare is the order of variables in a diagram: a word comes before bits of
// it, and the high word first.
func (v variable) compare(w variable) int {
	rank := func(v variable) int {
		switch {
		case !v.low && v.mask == 0:
			return 0
		case !v.low:
			return 1
		case v.mask == 0:
			return 2
		}
		return 3
	}
	return cmp.Or(cmp.Compare(v.arg, w.arg), cmp.Compare(rank(v), rank(w)), cmp.Compare(v.mask, w.mask))
}

// A node of a decision diagram is a verdict, or a choice by the value of a
// variable. The variables come in order on every way through a diagram, and no
// two nodes are alike: two conditions mean the same if, and as far as variables
// are independent only if, they are the same node.
type node struct {
	id    int
	leaf  rule.Action
	v     variable
	edges []edge // none: a leaf
}

// An edge leads to what is decided for values from from on, up to the next.
type edge struct {
	from uint32
	to   *node
}

func (n *node) isLeaf() bool { return n.edges == nil }

// at is where n leads for a value of v, which is not after n's variable.
func (n *node) at(v variable, value uint32) *node {
	if n.isLeaf() || n.v != v {
		return n
	}
	i, found := slices.BinarySearchFunc(n.edges, value, func(e edge, x uint32) int { return cmp.Compare(e.from, x) })
	if !found {
		i--
	}
	return n.edges[i].to
}

// diagrams makes nodes.
type diagrams struct {
	byKey   map[string]*node
	chosen  map[[3]*node]*node
	yes, no *node // leaves of conditions
}

// Leaves of conditions; no kernel has actions like these.
const (
	actionNo  rule.Action = 0x00010000
	actionYes rule.Action = 0x00020000
)

func newDiagrams() *diagrams {
	d := &diagrams{byKey: map[string]*node{}, chosen: map[[3]*node]*node{}}
	d.yes, d.no = d.special("yes", actionYes), d.special("no", actionNo)
	return d
}

// maxNodes bounds the size of all diagrams of a program together.
const maxNodes = 1 << 18

func (d *diagrams) intern(key string, n *node) *node {
	if old := d.byKey[key]; old != nil {
		return old
	}
	if n.id = len(d.byKey); n.id > maxNodes {
		undecided("its conditions on arguments are too entangled")
	}
	d.byKey[key] = n
	return n
}

func (d *diagrams) special(key string, a rule.Action) *node { return d.intern(key, &node{leaf: a}) }
func (d *diagrams) leaf(a rule.Action) *node                { return d.intern(fmt.Sprint(uint32(a)), &node{leaf: a}) }

// branch is a choice by v.
func (d *diagrams) branch(v variable, edges []edge) *node {
	edges = slices.CompactFunc(edges, func(a, b edge) bool { return a.to == b.to })
	if len(edges) == 1 {
		return edges[0].to
	}
	var key strings.Builder
	fmt.Fprint(&key, v)
	for _, e := range edges {
		fmt.Fprintf(&key, " %x:%d", e.from, e.to.id)
	}
	return d.intern(key.String(), &node{v: v, edges: edges})
}

// bounds is the condition on v whose truth changes at the given values, and is
// first before them.
func (d *diagrams) bounds(v variable, at []uint32, first bool) *node {
	to := map[bool]*node{true: d.yes, false: d.no}
	edges := []edge{{0, to[first]}}
	for _, from := range at {
		first = !first
		edges = append(edges, edge{from, to[first]})
	}
	return d.branch(v, edges)
}

// choose is yes where the condition holds, and no where it does not.
func (d *diagrams) choose(when, yes, no *node) *node {
	switch {
	case when == d.yes, yes == no:
		return yes
	case when == d.no:
		return no
	}
	key := [3]*node{when, yes, no}
	if n := d.chosen[key]; n != nil {
		return n
	}
	v := when.v
	for _, n := range key {
		if !n.isLeaf() && n.v.compare(v) < 0 {
			v = n.v
		}
	}
	var starts []uint32
	for _, n := range key {
		if !n.isLeaf() && n.v == v {
			for _, e := range n.edges {
				starts = append(starts, e.from)
			}
		}
	}
	slices.Sort(starts)
	var edges []edge
	for _, x := range slices.Compact(starts) {
		edges = append(edges, edge{x, d.choose(when.at(v, x), yes.at(v, x), no.at(v, x))})
	}
	n := d.branch(v, edges)
	d.chosen[key] = n
	return n
}

// implies reports whether b holds wherever a does.
func (d *diagrams) implies(a, b *node) bool { return d.choose(a, b, d.yes) == d.yes }

// is is the condition under which n gives an action.
func (d *diagrams) is(n *node, a rule.Action) *node {
	seen := map[*node]*node{}
	var of func(n *node) *node
	of = func(n *node) *node {
		switch {
		case n.isLeaf() && n.leaf == a:
			return d.yes
		case n.isLeaf():
			return d.no
		case seen[n] == nil:
			var edges []edge
			for _, e := range n.edges {
				edges = append(edges, edge{e.from, of(e.to)})
			}
			seen[n] = d.branch(n.v, edges)
		}
		return seen[n]
	}
	return of(n)
}

// actions lists the verdicts n may come to.
func (n *node) actions() []rule.Action {
	seen := map[*node]bool{}
	var out []rule.Action
	var walk func(n *node)
	walk = func(n *node) {
		if seen[n] {
			return
		}
		if seen[n] = true; n.isLeaf() {
			out = append(out, n.leaf)
		}
		for _, e := range n.edges {
			walk(e.to)
		}
	}
	walk(n)
	return out
}
