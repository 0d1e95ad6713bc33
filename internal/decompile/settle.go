package decompile

import "math/bits"

// A settled node is one on the way to which a word of an argument is known to be
// from low to high. arg is -1 if none is.
type settled struct {
	n         *node
	arg       int
	word      bool // the low word
	low, high uint32
}

// settle is n without choices by bits of a word that follow from a choice by the
// word before.
func (d *decompiler) settle(n *node) *node {
	done := map[settled]*node{}
	var of func(s settled) *node
	of = func(s settled) *node {
		n := s.n
		if n.isLeaf() {
			return n
		}
		if n.v.arg != s.arg || n.v.low != s.word {
			s = settled{n: n, arg: -1}
		}
		if m := done[s]; m != nil {
			return m
		}
		if value, same := commonBits(s.low, s.high, n.v.mask); same && s.arg >= 0 {
			next := s
			next.n = n.at(n.v, value)
			done[s] = of(next)
			return done[s]
		}
		var edges []edge
		for i, e := range n.edges {
			next := s
			if next.n = e.to; n.v.mask == 0 {
				next = settled{e.to, n.v.arg, n.v.low, e.from, 1<<32 - 1}
				if i+1 < len(n.edges) {
					next.high = n.edges[i+1].from - 1
				}
			}
			edges = append(edges, edge{e.from, of(next)})
		}
		done[s] = d.branch(n.v, edges)
		return done[s]
	}
	return of(settled{n: n, arg: -1})
}

// commonBits is the bits of a mask in all values of a range, if they are the
// same.
func commonBits(low, high, mask uint32) (value uint32, same bool) {
	differ := uint32(1)<<bits.Len32(low^high) - 1 // 1<<32 is 0: all bits
	return low & mask, mask != 0 && differ&mask == 0
}
