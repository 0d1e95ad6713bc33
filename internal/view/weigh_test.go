package view_test

import (
	"math"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/profile"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/internal/view"
)

// TestWeigh: what comes to an instruction goes on from it, and all of it ends.
func TestWeigh(t *testing.T) {
	p := of(t, small, arch.X86_64, compile.Optimized)
	args := func(v ...uint64) []uint64 { return append(v, make([]uint64, 6-len(v))...) }
	profiles := []*profile.Profile{
		nil,
		{Calls: []profile.Call{{Name: "write", Count: 3}, {Name: "read", Count: 1}}},
		{Calls: []profile.Call{{Name: "write", Args: args(7), Count: 3}, {Name: "munmap", Args: args(0, 4096), Count: 2}}, Params: map[string]int64{"log_fd": 7}},
	}
	programs := append(everything(t), p)
	for i, seen := range profiles {
		if i > 0 {
			programs = []*view.Program{p}
		}
		for _, p := range programs {
			w, err := p.Weigh(seen, i%2 == 0)
			if err != nil {
				t.Fatal(err)
			}
			in, ends := make([]float64, len(p.Insns)), 0.0
			in[0] = 1
			for pc, insn := range p.Insns {
				if math.Abs(in[pc]-w.At[pc]) > 1e-9 {
					t.Errorf("%s, profile %d: %g come to l%d, which weighs %g", p.Name, i, in[pc], pc, w.At[pc])
				}
				if insn.Code == bpf.RetK {
					ends += w.At[pc]
					continue
				}
				yes, no := p.Next(pc)
				in[yes] += w.Yes[pc]
				in[no] += w.No[pc]
			}
			if math.Abs(ends-1) > 1e-9 {
				t.Errorf("%s, profile %d: %g of the calls end", p.Name, i, ends)
			}
		}
	}
	w, err := p.Weigh(profiles[2], false)
	if err != nil {
		t.Fatal(err)
	}
	allowed := 0.0
	for pc, in := range p.Insns {
		if in.Code == bpf.RetK && rule.Action(in.K) == rule.Allow {
			allowed += w.At[pc]
		}
	}
	if allowed < 0.6 { // the writes to log_fd for sure
		t.Errorf("%g of the calls are allowed", allowed)
	}
	if _, err := p.Weigh(&profile.Profile{Calls: []profile.Call{{Name: "socketcall", Count: 1}}}, false); err == nil {
		t.Error("a profile without any call of the architecture was taken")
	}
}

// TestWeighCached: a call that the kernel answers from its cache weighs nothing,
// unless it is asked for or there is no other.
func TestWeighCached(t *testing.T) {
	for _, tc := range []struct {
		text   string
		cached bool
		want   int64
	}{
		{small, false, 3},
		{small, true, 4},
		{"noarg\ngetpid\n", false, 1},
	} {
		w, err := of(t, tc.text, arch.X86_64, compile.Plain).Weigh(nil, tc.cached)
		if err != nil || w.Calls != tc.want {
			t.Errorf("%.20q, cached calls %v: %d calls weighed, want %d; %v", tc.text, tc.cached, w.Calls, tc.want, err)
		}
	}
}
