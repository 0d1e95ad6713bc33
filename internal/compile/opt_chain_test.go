package compile

import (
	"slices"
	"testing"

	"github.com/tileseal/tileseal/internal/rule"
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

// TestArgumentsFirst: which policies are tried that way. The kernel would have to
// run the program for calls it could answer from its cache, if there were any.
func TestArgumentsFirst(t *testing.T) {
	for _, tc := range []struct {
		name   string
		calls  int
		change func(*rule.Policy)
		want   bool
	}{
		{"no calls", 0, nil, false},
		{"a few", maxFirst, nil, true},
		{"more", maxFirst + 1, nil, false},
		{"allowed by default", 2, func(p *rule.Policy) { p.Default = rule.Allow }, false},
		{"newer ones allowed", 2, func(p *rule.Policy) { p.Newer = &rule.Newer{Last: 400, Action: rule.Allow} }, false},
		{"newer ones refused", 2, func(p *rule.Policy) { p.Newer = &rule.Newer{Last: 400, Action: rule.Errno | 38} }, true},
		{"one always allowed", 2, func(p *rule.Policy) { p.Calls[1].Cases[0].When = nil }, false},
	} {
		p := &rule.Policy{Target: x86_64, Default: rule.KillProcess}
		for i := range tc.calls {
			p.Calls = append(p.Calls, call(uint32(i), arg(i%2, 32, rule.Eq, uint64(i))))
		}
		if tc.change != nil {
			tc.change(p)
		}
		o := &optimizer{judge: newJudge(p), workload: newWorkload(p, Weights{}), known: map[*verdict]int{}}
		if got := o.argumentsFirst(); (got != nil) != tc.want {
			t.Errorf("%s: %+v, want one: %v", tc.name, got, tc.want)
		}
	}
}
