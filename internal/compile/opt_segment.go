package compile

import (
	"cmp"
	"slices"
)

// A cost is what is to be made small: first main, then tie. Both count
// executed instructions times weight.
type cost struct{ main, tie int64 }

func (c cost) add(d cost) cost { return cost{c.main + d.main, c.tie + d.tie} }
func (c cost) sub(d cost) cost { return cost{c.main - d.main, c.tie - d.tie} }

func (c cost) less(d cost) bool {
	return c.main < d.main || c.main == d.main && c.tie < d.tie
}

// insnCost is the price of the length of a program: one instruction less is
// better if nothing else is.
var insnCost = cost{0, 1}

// A segment is a range of values of a word that have one outcome.
type segment struct {
	lo, hi uint32
	out    int
	weight cost
}

func (s segment) single() bool { return s.lo == s.hi }

// find is the index of the segment that v is in.
func find(segs []segment, v uint32) int {
	n, _ := slices.BinarySearchFunc(segs, v, func(g segment, v uint32) int { return cmp.Compare(g.hi, v) })
	return n
}

// tidy joins neighbours of one outcome, and cuts short ranges into single
// values, which a Jeq can pick.
func tidy(segs []segment) []segment {
	const short = 4
	var joined, out []segment
	for _, g := range segs {
		if n := len(joined); n > 0 && joined[n-1].out == g.out {
			joined[n-1].hi = g.hi
			continue
		}
		joined = append(joined, g)
	}
	for _, g := range joined {
		if g.hi-g.lo >= short {
			out = append(out, g)
			continue
		}
		for v := g.lo; ; v++ {
			out = append(out, segment{lo: v, hi: v, out: g.out})
			if v == g.hi {
				break
			}
		}
	}
	return out
}
