package compile

import (
	"slices"
	"testing"
)

// TestRests: a chain has a bounded number of values ahead of its rest, and one
// rest for all that is no single value.
func TestRests(t *testing.T) {
	wide := func(out int) segment { return segment{lo: 100, hi: 200, out: out} }
	singles := func(n int, out func(i int) int) []segment {
		var segs []segment
		for i := range n {
			nr := uint32(i)
			segs = append(segs, segment{lo: nr, hi: nr, out: out(i)})
		}
		return segs
	}
	one := func(int) int { return 1 }
	each := func(i int) int { return i }
	for _, tc := range []struct {
		name string
		segs []segment
		want []int // nil: there is no chain
	}{
		{"a value", append(singles(1, one), wide(0)), []int{0}},
		{"as many as may be", append(singles(maxChain, one), wide(0)), []int{0}},
		{"one more", append(singles(maxChain+1, one), wide(0)), nil},
		{"one more, and the last", append([]segment{wide(0)}, singles(maxChain+1, one)...), nil},
		{"those of the rest do not count", append(singles(maxChain+1, func(i int) int { return min(i, 1) }), wide(0)), []int{0}},
		{"two rests", []segment{wide(0), wide(1)}, nil},
		{"any outcome", singles(3, each), []int{0, 1, 2}},
		{"as many outcomes as may be", singles(maxChain+1, each), []int{0, 1, 2, 3, 4, 5, 6, 7, 8}},
		{"one outcome more", singles(maxChain+2, each), nil},
	} {
		s := &splitter{segs: tc.segs, bit: slices.Repeat([]int{-1}, len(tc.segs))}
		got, ok := s.rests(state{hi: int32(len(tc.segs) - 1)})
		if ok != (tc.want != nil) || !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, %v; want %v", tc.name, got, ok, tc.want)
		}
	}
}
