package compile

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/tileseal/tileseal/internal/bpf"
)

// A split is a tree of Jeq and Jge over one word. A leaf has no code.
type split struct {
	cost cost
	code uint16
	k    uint32
	t, f *split
	out  int // of a leaf
}

// Limits of the search for a tree.
const (
	maxWhole = 256 // segments; where there are more, no table is made of all ranges
	maxExact = 80  // cuts; where there are more, halves are split by weight first
	maxHoles = 6   // values picked out of a range before it is cut
	maxPicks = 64  // values that may be picked at all
	few      = 8   // segments of which any single value may be picked
	maxChain = 8   // values tested one after another
	minShare = 16  // a value is picked if it has this part of the weight
)

// A splitter finds the cheapest tree over segments by dynamic programming. A
// state is a range of segments less the values already picked out of it by a
// Jeq, the holes. A hole has any outcome: what is left and right of it may
// now be one.
type splitter struct {
	segs  []segment
	below []cost         // weight of all segments below each
	cuts  []int32        // segments whose outcome is not that of the one below
	picks []int          // single values, the heaviest first; holes are bits over these
	bit   []int          // segment -> bit, or -1
	bits  []uint64       // picks below each segment
	memo  map[state]step // what to do first
	whole []step         // of states without holes, by lo and hi; leaves are not kept
}

type state struct {
	lo, hi int32 // segments, both within and neither a hole
	holes  uint64
}

// A step is the best first test of a state: at the segment at, below which to
// cut, or which to pick. A chain is left to be built.
type step struct {
	cost cost
	at   int32
	kind stepKind
}

type stepKind int8

const (
	leaf stepKind = iota
	cut
	pick
	chain
)

// bestSplit is the cheapest tree that tells the segments, which are adjacent
// and in order, apart by outcome.
func bestSplit(segs []segment) *split {
	s := &splitter{segs: segs, memo: map[state]step{}, below: make([]cost, len(segs)+1), bits: make([]uint64, len(segs)+1)}
	if len(segs) <= maxWhole {
		s.whole = make([]step, len(segs)*len(segs))
	}
	for i, g := range segs {
		s.below[i+1] = s.below[i].add(g.weight)
		s.bit = append(s.bit, -1)
		if i > 0 && g.out != segs[i-1].out {
			s.cuts = append(s.cuts, int32(i))
		}
		if g.single() {
			s.picks = append(s.picks, i)
		}
	}
	slices.SortStableFunc(s.picks, s.heavier)
	s.picks = s.picks[:min(len(s.picks), maxPicks)]
	for n, i := range s.picks {
		s.bit[i] = n
	}
	for i := range segs {
		s.bits[i+1] = s.bits[i]
		if s.bit[i] >= 0 {
			s.bits[i+1] |= 1 << s.bit[i]
		}
	}
	return s.tree(state{0, int32(len(segs) - 1), 0})
}

func (s *splitter) heavier(a, b int) int {
	switch wa, wb := s.segs[a].weight, s.segs[b].weight; {
	case wb.less(wa):
		return -1
	case wa.less(wb):
		return 1
	}
	return 0
}

func (s *splitter) hole(x state, i int32) bool {
	return s.bit[i] >= 0 && x.holes>>s.bit[i]&1 != 0
}

// shrink is x from lo to hi, less holes at its ends.
func (s *splitter) shrink(x state, lo, hi int32) state {
	for s.hole(x, lo) {
		lo++
	}
	for s.hole(x, hi) {
		hi--
	}
	return state{lo, hi, x.holes & s.bits[hi+1] &^ s.bits[lo]}
}

func (s *splitter) weight(x state) cost {
	w := s.below[x.hi+1].sub(s.below[x.lo])
	for h := x.holes; h != 0; h &= h - 1 {
		w = w.sub(s.segs[s.picks[bits.TrailingZeros64(h)]].weight)
	}
	return w
}

// solve is the best first step of x.
func (s *splitter) solve(x state) step {
	if best, ok := s.known(x); ok {
		return best
	}
	cuts := s.cutsOf(x)
	if len(cuts) == 0 {
		return s.keep(x, step{})
	}
	weight := s.weight(x)
	best, done := s.chainCost(x)
	if len(cuts) > maxExact {
		cuts = s.middle(x, cuts)
	}
	price := weight.add(insnCost)
	try := func(kind stepKind, at int32, c cost) {
		if c = c.add(price); !done || c.less(best.cost) {
			best, done = step{c, at, kind}, true
		}
	}
	for _, at := range cuts {
		low, high := s.sides(x, at)
		try(cut, at, s.solve(low).cost.add(s.solve(high).cost))
	}
	for _, at := range s.picksOf(x, weight) {
		try(pick, at, s.solve(s.without(x, at)).cost)
	}
	return s.keep(x, best)
}

func (s *splitter) known(x state) (best step, ok bool) {
	if x.holes == 0 && s.whole != nil {
		best = s.whole[int(x.lo)*len(s.segs)+int(x.hi)]
		return best, best.kind != leaf
	}
	best, ok = s.memo[x]
	return best, ok
}

func (s *splitter) keep(x state, best step) step {
	if x.holes == 0 && s.whole != nil {
		s.whole[int(x.lo)*len(s.segs)+int(x.hi)] = best
	} else {
		s.memo[x] = best
	}
	return best
}

func (s *splitter) sides(x state, at int32) (low, high state) {
	return s.shrink(x, x.lo, at-1), s.shrink(x, at, x.hi)
}

func (s *splitter) without(x state, at int32) state {
	x.holes |= 1 << s.bit[at]
	return s.shrink(x, x.lo, x.hi)
}

// cutsOf are where outcomes change in x.
func (s *splitter) cutsOf(x state) []int32 {
	n, _ := slices.BinarySearch(s.cuts, x.lo+1)
	m, _ := slices.BinarySearch(s.cuts, x.hi+1)
	if x.holes == 0 {
		return s.cuts[n:m]
	}
	var out []int32
	last := s.segs[x.lo].out
	for i := x.lo + 1; i <= x.hi; i++ {
		if g := &s.segs[i]; g.out != last && !s.hole(x, i) {
			out = append(out, i)
			last = g.out
		}
	}
	return out
}

// middle is the one cut that comes closest to halving the weight, or the
// number of ranges where none has weight.
func (s *splitter) middle(x state, cuts []int32) []int32 {
	n := len(cuts) / 2
	if total := s.weight(x).main; total > 0 {
		n, _ = slices.BinarySearchFunc(cuts, total, func(at int32, total int64) int {
			return cmp.Compare(2*s.below[at].sub(s.below[x.lo]).main, total)
		})
		n = min(max(n, len(cuts)/8), len(cuts)*7/8)
	}
	return cuts[n : n+1]
}

// picksOf are the values that may be worth a Jeq ahead of all else: of a few
// segments any, of more the heaviest, and the heaviest that has one outcome all
// around it. Lighter ones are better tested further down, where fewer others
// pay for them.
func (s *splitter) picksOf(x state, weight cost) []int32 {
	if bits.OnesCount64(x.holes) >= maxHoles {
		return nil
	}
	var out []int32
	for h := s.bits[x.hi+1] &^ s.bits[x.lo] &^ x.holes; h != 0; h &= h - 1 {
		at := int32(s.picks[bits.TrailingZeros64(h)])
		if x.hi-x.lo < few {
			out = append(out, at)
			continue
		}
		if w := s.segs[at].weight; minShare*w.main < weight.main || weight.main == 0 && minShare*w.tie < weight.tie {
			break
		}
		if s.lonely(x, at) {
			return append(out, at)
		}
		if len(out) == 0 {
			out = append(out, at)
		}
	}
	return out
}

func (s *splitter) lonely(x state, at int32) bool {
	if at == x.lo || at == x.hi {
		return false // a cut does as well
	}
	below, above := at-1, at+1
	for s.hole(x, below) {
		below--
	}
	for s.hole(x, above) {
		above++
	}
	return s.segs[below].out == s.segs[above].out && s.segs[below].out != s.segs[at].out
}

// tree builds what solve has found.
func (s *splitter) tree(x state) *split {
	best := s.solve(x)
	switch best.kind {
	case leaf:
		return &split{out: s.segs[x.lo].out}
	case chain:
		return s.chainTree(x, int(best.at))
	}
	g := s.segs[best.at]
	if best.kind == pick {
		return &split{best.cost, bpf.Jeq, g.lo, &split{out: g.out}, s.tree(s.without(x, best.at)), 0}
	}
	low, high := s.sides(x, best.at)
	return &split{best.cost, bpf.Jge, g.lo, s.tree(high), s.tree(low), 0}
}
