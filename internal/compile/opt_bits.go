package compile

import (
	"github.com/tileseal/tileseal/internal/bpf"
)

// A screen is a set of numbers that one Jset finds, ahead of the tree: those
// with no bit outside mask.
type screen struct {
	mask uint32
	out  int  // the outcome all of them have
	cost cost // what they count
}

func (s *screen) has(nr uint32) bool { return s != nil && nr&^s.mask == 0 }

const screenBits = 9 // enough for all numbers of calls

// heaviestScreen is the set of one outcome that counts most. There is none
// where it counts too little to be worth a test that all pay for.
func (o *optimizer) heaviestScreen(segs, weighed []segment) *screen {
	const size = 1 << screenBits
	var closed [size]bool
	var weight [size]cost
	for n := range uint32(size) {
		closed[n] = segs[find(segs, n)].out == segs[0].out
		if g := weighed[find(weighed, n)]; g.single() {
			weight[n] = g.weight
		} else if n < emulated {
			weight[n] = o.price(0, 1)
		}
	}
	own := weight
	for bit := uint32(1); bit < size; bit <<= 1 {
		for n := range uint32(size) {
			if n&bit != 0 {
				closed[n] = closed[n] && closed[n^bit]
				weight[n] = weight[n].add(weight[n^bit])
			}
		}
	}
	best := &screen{out: segs[0].out}
	for n := uint32(0); n < size && segs[find(segs, n)].out == best.out; n++ {
		best.cost = best.cost.add(own[n]) // the lowest range, which a Jge finds
	}
	least := best.cost
	for n := range uint32(size) {
		if closed[n] && best.cost.less(weight[n]) {
			best.mask, best.cost = n, weight[n]
		}
	}
	if share := int64(4); best.cost.main*share < total(weighed).main || best.cost == least {
		return nil
	}
	return best
}

func total(segs []segment) cost {
	var c cost
	for _, g := range segs {
		c = c.add(g.weight)
	}
	return c
}

// screened is the best tree over numbers, and the Jset that goes ahead of it
// if that makes it cheaper.
func (o *optimizer) screened(segs []segment) (*split, *screen) {
	weighed := o.weigh(segs, nil)
	best := bestSplit(weighed)
	s := o.heaviestScreen(segs, weighed)
	if s == nil {
		return best, nil
	}
	t := *bestSplit(o.weigh(s.rest(segs), s))
	if t.cost = t.cost.add(total(weighed)).add(insnCost); t.cost.less(best.cost) {
		return &t, s
	}
	return best, nil
}

// rest is segs where the numbers s has found may have any outcome: they get
// that of the numbers below them, which leaves the fewest ranges.
func (s *screen) rest(segs []segment) []segment {
	var out []segment
	last := -1
	for _, g := range segs {
		for lo := uint64(g.lo); lo <= uint64(g.hi); {
			n := uint32(lo)
			hi := n
			if n>>screenBits != 0 {
				hi = g.hi
			}
			if !s.has(n) {
				last = g.out
			}
			out = append(out, segment{lo: n, hi: hi, out: last})
			lo = uint64(hi) + 1
		}
	}
	for i := range out {
		if out[i].out < 0 { // at the very bottom: that of the numbers above
			out[i].out = s.firstLeft(segs)
		}
	}
	return tidy(out)
}

// firstLeft is the outcome of the lowest number that is not in s.
func (s *screen) firstLeft(segs []segment) int {
	for n := uint32(0); ; n++ {
		if !s.has(n) {
			return segs[find(segs, n)].out
		}
	}
}

// ahead is p behind the Jset of s.
func (s *screen) ahead(p, found *plan) *plan {
	return &plan{view: view{nrWord, allOnes}, code: bpf.Jset, k: ^s.mask,
		atom: atom{w: nrWord, mask: allOnes, code: bpf.Jset, k: ^s.mask, param: -1}, t: p, f: found, call: -1}
}
