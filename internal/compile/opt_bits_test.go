package compile

import "testing"

// TestHeaviestScreen: the set of numbers that one test of bits finds counts more
// than those a comparison finds, and a quarter of all at least.
func TestHeaviestScreen(t *testing.T) {
	one := func(nr uint32, out int, main int64) segment {
		return segment{nr, nr, out, cost{main: main}}
	}
	above := func(nr uint32, out int) segment { return segment{lo: nr, hi: noCall, out: out} }
	for _, tc := range []struct {
		name string
		segs []segment
		want *screen
	}{
		{"a comparison finds as many", []segment{one(0, 0, 10), one(1, 0, 10), one(2, 0, 10), one(3, 0, 10), above(4, 1)}, nil},
		{"a quarter", []segment{one(0, 0, 5), one(1, 1, 30), one(2, 0, 5), above(3, 1)}, &screen{mask: 2, cost: cost{main: 10}}},
		{"less", []segment{one(0, 0, 5), one(1, 1, 31), one(2, 0, 5), above(3, 1)}, nil},
	} {
		o := &optimizer{objective: All}
		got := o.heaviestScreen(tc.segs, tc.segs)
		if got != nil {
			got.cost.tie = 0 // of numbers above 3
		}
		if (got == nil) != (tc.want == nil) || got != nil && *got != *tc.want {
			t.Errorf("%s: %+v, want %+v", tc.name, got, tc.want)
		}
	}
	// Of the numbers that the kernel emulates, 0 to 470, these have no bit 3: 29
	// times eight, and the last seven.
	o := &optimizer{workload: &workload{}, objective: Inst}
	segs := []segment{{lo: 0, hi: 7}, {lo: 8, hi: 8, out: 1}, {lo: 9, hi: noCall}}
	want := screen{mask: 1<<screenBits - 1 - 8, cost: cost{main: 29*8 + 7}}
	if got := o.heaviestScreen(segs, o.weigh(segs, nil)); got == nil || *got != want {
		t.Errorf("without bit 3: %+v, want %+v", got, want)
	}
	if p := want.ahead(nil, nil); p.call != -1 {
		t.Errorf("the test of bits is about all calls, not %d", p.call)
	}
}
