package compile

import (
	"math/rand/v2"
	"testing"

	"github.com/tileseal/tileseal/internal/bpf"
)

// exhaustive is the least cost of a tree over the segments in live, by trying
// every cut and every value.
func exhaustive(segs []segment, live uint, memo map[uint]cost) cost {
	if c, ok := memo[live]; ok {
		return c
	}
	var weight, best cost
	outs := map[int]bool{}
	for i, g := range segs {
		if live>>i&1 != 0 {
			weight = weight.add(g.weight)
			outs[g.out] = true
		}
	}
	if len(outs) == 1 {
		return cost{}
	}
	weight = weight.add(insnCost)
	first := true
	try := func(c cost) {
		if c = c.add(weight); first || c.less(best) {
			best, first = c, false
		}
	}
	for i, g := range segs {
		if low, high := live&(1<<i-1), live&^(1<<i-1); low != 0 && high != 0 {
			try(exhaustive(segs, low, memo).add(exhaustive(segs, high, memo)))
		}
		if rest := live &^ (1 << i); rest != live && g.single() {
			try(exhaustive(segs, rest, memo))
		}
	}
	memo[live] = best
	return best
}

// TestLonely: a value is alone if what is left around it has one outcome, another
// than its own.
func TestLonely(t *testing.T) {
	segs := []segment{{lo: 0, hi: 9}, {lo: 10, hi: 10, out: 1}, {lo: 11, hi: 11, out: 2}, {lo: 12, hi: 12, out: 1}, {lo: 13, hi: allOnes}}
	s := &splitter{segs: segs, bit: []int{-1, 0, 1, 2, -1}}
	whole := state{lo: 0, hi: 4}
	for _, tc := range []struct {
		name string
		x    state
		at   int32
		want bool
	}{
		{"between others of one outcome", whole, 2, true},
		{"between two outcomes", whole, 1, false},
		{"between holes", state{0, 4, 1 | 4}, 2, true},
		{"behind a hole", state{0, 4, 1}, 2, false},
		{"ahead of a hole", state{0, 4, 4}, 2, false},
		{"at the lower end", state{lo: 2, hi: 4}, 2, false},
		{"at the upper end", state{lo: 0, hi: 2}, 2, false},
	} {
		if got := s.lonely(tc.x, tc.at); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}

// walk follows v through the tree and counts the tests.
func (t *split) walk(v uint32) (out, tests int) {
	for t.code != 0 {
		tests++
		if t.code == bpf.Jeq && v == t.k || t.code == bpf.Jge && v >= t.k {
			t = t.t
		} else {
			t = t.f
		}
	}
	return t.out, tests
}

// TestSplit compares trees with the best there is, and runs values through
// them. The limits of the search may cost one tree in a thousand one percent.
func TestSplit(t *testing.T) {
	worse := 0
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 2))
		var segs []segment
		for lo, n := uint32(0), 2+r.IntN(9); len(segs) < n; {
			g := segment{lo: lo, hi: lo, out: r.IntN(3), weight: cost{int64(r.IntN(20) * r.IntN(20)), 0}}
			if r.IntN(2) == 0 {
				g.hi += 10
			}
			if len(segs) == n-1 {
				g.hi = allOnes
			}
			segs = append(segs, g)
			lo = g.hi + 1
		}
		tree := bestSplit(segs)
		var sum int64
		for _, g := range segs {
			out, tests := tree.walk(g.lo)
			if last, _ := tree.walk(g.hi); out != g.out || last != g.out {
				t.Fatalf("seed %d: %+v comes to %d and %d", seed, g, out, last)
			}
			sum += int64(tests) * g.weight.main
		}
		if sum != tree.cost.main {
			t.Fatalf("seed %d: costs %d, says %d", seed, sum, tree.cost.main)
		}
		best := exhaustive(segs, 1<<len(segs)-1, map[uint]cost{})
		if tree.cost.main > best.main+best.main/100 {
			t.Errorf("seed %d: %d, and %d is possible", seed, tree.cost.main, best.main)
		}
		if tree.cost.main != best.main {
			worse++
		}
	}
	if worse > 3 {
		t.Errorf("%d of 3000 trees are not the best", worse)
	}
}
