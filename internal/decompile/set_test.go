package decompile

import (
	"math/rand/v2"
	"testing"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// TestWithin holds the condition that says a set against the set, for words,
// whole arguments and bits of them.
func TestWithin(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		mask := uint64(rng.IntN(256))
		if mask == 0 {
			continue
		}
		for _, s := range []subject{{0, 32, 1<<32 - 1}, {0, 64, 1<<64 - 1}, {0, 32, mask}, {0, 64, mask << 32}, {0, 64, 0xffffffff << 32}} {
			var set []stretch
			at := uint64(0)
			for range 1 + rng.IntN(3) {
				low := at + uint64(rng.IntN(20))*s.step()
				high := min(low+uint64(rng.IntN(6))*s.step(), s.most())
				if low > s.most() {
					break
				}
				set = append(set, stretch{low, high})
				at = high + 2*s.step()
			}
			if len(s.existing(set)) == 0 || len(s.existing(s.complement(set))) == 0 {
				continue // never or always: not asked
			}
			p := &rule.Policy{Calls: []rule.Call{{Cases: []rule.Case{{When: s.within(set), Action: rule.Allow}}}}}
			for n := range uint64(300) {
				value := n * s.step()
				if n == 299 {
					value = s.most()
				}
				in := false
				for _, r := range set {
					in = in || value&s.mask >= r.low && value&s.mask <= r.high
				}
				if got := p.Eval(rule.Data{Args: [6]uint64{value}}, nil) == rule.Allow; got != in {
					t.Fatalf("%+v in %v: %v by the set, %v by %v", value, set, in, got, s)
				}
			}
		}
	}
}

// TestChanges holds the places where a test's answer changes against the answers
// around them and far from them.
func TestChanges(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	word := func() uint32 {
		return []uint32{rng.Uint32(), 1 << rng.IntN(32), 1<<rng.IntN(32) - 1, ^uint32(0) << rng.IntN(32), uint32(rng.IntN(9))}[rng.IntN(5)]
	}
	checked := 0
	for range 20000 {
		q := test{word(), []uint16{bpf.Jeq, bpf.Jgt, bpf.Jge, bpf.Jset}[rng.IntN(4)], word()}
		at, ok := q.changes(64)
		if !ok {
			continue
		}
		checked++
		answer := func(x uint32) bool {
			is := q.holds(0)
			for _, from := range at {
				if x >= from {
					is = !is
				}
			}
			return is
		}
		for _, from := range at {
			if q.holds(from) == q.holds(from-1) {
				t.Fatalf("%+v does not change at %#x", q, from)
			}
		}
		for range 20 {
			if x := word(); q.holds(x) != answer(x) {
				t.Fatalf("%+v of %#x: %v, want %v by %#x", q, x, answer(x), q.holds(x), at)
			}
		}
	}
	if checked < 5000 {
		t.Errorf("only %d tests had few changes", checked)
	}
}
