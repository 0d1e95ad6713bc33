package filter

import (
	"cmp"
	"slices"
)

// A call is the rules about one system call of one architecture.
type call struct {
	name     string // "" where only its number is known
	nr       uint32
	priority uint8
	rules    node // the root: no step
}

// A node of the tree of rules stands for the steps that lead to it. It holds
// what becomes of a call for which all of them hold, or what to ask next, the
// first that leads to an action deciding. Nodes do not change: a copy of a
// tree is a copy of its root.
type node struct {
	place
	does *deed
	next []*node
}

// A deed is the action of a rule, with its conditions.
type deed struct {
	when   []Cond
	action Action
}

// A step is what a rule asks about one word of an argument. Rules that ask the
// same share a node.
type step struct {
	arg   int
	high  bool
	kind  kind
	or    bool // of bounds: equal will do
	not   bool // of low words: the rule wants it not to hold
	mask  uint64
	value uint64
}

type kind int

const (
	equal kind = iota
	masked
	bound
)

// A place is a step and where it stands among those tried next.
type place struct {
	step
	upper bool // of a bound: LT or LE
}

// compare says which of two different steps is tried first; see the package
// comment.
func (a place) compare(b place) int {
	class := func(p place) int {
		switch {
		case p.kind != bound:
			return 0
		case p.upper:
			return 1
		}
		return 2
	}
	switch {
	case a.arg != b.arg:
		return cmp.Compare(b.arg, a.arg)
	case a.high != b.high:
		if a.high {
			return -1
		}
		return 1
	case class(a) != class(b):
		return cmp.Compare(class(a), class(b))
	case a.upper:
		return cmp.Compare(a.value, b.value)
	}
	return cmp.Compare(b.value, a.value)
}

// chain is the steps of conditions: one for each on 32 bits, on 64 one for
// each of the two words.
func chain(when []Cond, bits int) []place {
	var out []place
	for _, c := range when {
		p := place{step: step{arg: c.Arg, value: c.Value}}
		switch c.Op {
		case NE, EQ:
			p.not = c.Op == NE
		case MaskedEQ:
			p.kind, p.mask = masked, c.Mask
		default:
			// LT is not GE, LE is not GT.
			p.kind, p.upper = bound, c.Op == LT || c.Op == LE
			p.or, p.not = c.Op == LT || c.Op == GE, p.upper
		}
		if bits == 64 {
			high := p
			high.high, high.or, high.not = true, false, false
			high.mask, high.value = p.mask>>32, p.value>>32
			p.mask, p.value = p.mask&low, p.value&low
			out = append(out, high)
		}
		out = append(out, p)
	}
	return out
}

// add is the tree with one rule more. Added to what fewer of its steps decide
// already it changes nothing. It fails where the same steps, or more of them,
// lead to another action.
func (n node) add(steps []place, d *deed) (node, error) {
	switch {
	case n.does != nil && (len(steps) > 0 || n.does.action == d.action):
		return n, nil
	case len(steps) == 0:
		for r := range n.all {
			if r.action != d.action {
				return node{}, ErrConflict
			}
		}
		return node{place: n.place, does: d}, nil
	}
	i := slices.IndexFunc(n.next, func(m *node) bool { return m.step == steps[0].step })
	next := slices.Clone(n.next)
	if i < 0 {
		i = 0
		for i < len(next) && next[i].compare(steps[0]) <= 0 {
			i++
		}
		next = slices.Insert(next, i, &node{place: steps[0]})
	}
	m, err := next[i].add(steps[1:], d)
	if err != nil {
		return node{}, err
	}
	next[i] = &m
	n.next = next
	return n, nil
}

// all yields the rules below n, in the order they are tried in.
func (n node) all(yield func(*deed) bool) {
	n.walk(yield)
}

func (n node) walk(yield func(*deed) bool) bool {
	if n.does != nil {
		return yield(n.does)
	}
	for _, m := range n.next {
		if !m.walk(yield) {
			return false
		}
	}
	return true
}

// steps counts the nodes below n.
func (n node) steps() int {
	sum := len(n.next)
	for _, m := range n.next {
		sum += m.steps()
	}
	return sum
}
