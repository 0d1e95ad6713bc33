package compile_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/policytest"
	"github.com/tileseal/tileseal/internal/prove"
)

// goals are the figures reached, one program for each objective, with x32
// numbers left to the default as in the figures of others, and killed. A
// program may not get worse at what it was made for, nor longer.
var goals = []struct {
	policy    string
	x32       bool
	objective compile.Objective
	size      int
	mean      float64 // of all, unc
	inst      int     // of inst
}{
	{"A", false, compile.All, 13, 7.3001, 942},
	{"A", false, compile.Unc, 13, 7.3001, 942},
	{"A", false, compile.Inst, 13, 7.3001, 942},
	{"A", true, compile.Unc, 13, 7.3001, 942},
	{"B", false, compile.All, 45, 8.8701, 0},
	{"B", false, compile.Unc, 44, 9.2534, 0},
	{"B", false, compile.Inst, 51, 0, 4491},
	{"B", true, compile.Unc, 44, 9.2534, 0},
	{"C", false, compile.All, 95, 6.2345, 0},
	{"C", false, compile.Unc, 75, 7.0001, 5963},
	{"C", false, compile.Inst, 76, 0, 5557},
	{"C", true, compile.All, 97, 6.2345, 0},
	{"C", true, compile.Unc, 77, 7.0001, 5967},
	{"C", true, compile.Inst, 78, 0, 5561},
	{"D", false, compile.All, 74, 6.5220, 0},
	{"D", false, compile.Unc, 74, 7.4893, 7091},
	{"D", false, compile.Inst, 77, 0, 5262},
	{"D", true, compile.Unc, 74, 7.4893, 7091},
}

func TestPerformance(t *testing.T) {
	for _, g := range goals {
		p := policytest.PerformancePolicy(t, g.policy)
		p.Target.X32Shares = g.x32
		work := policytest.Workload(t, g.policy)
		start := time.Now()
		prog, err := compile.Optimize(p, weights(g.objective, work))
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(start)
		f := measure(t, prog.Fill(nil), work)
		t.Logf("%s for %-4v x32 killed %-5v: %2d instructions, mean %.2f all %.2f unc, %d install steps, compiled in %v",
			g.policy, g.objective, g.x32, f.size, f.all, f.unc, f.inst, took.Round(time.Millisecond))
		mean := map[compile.Objective]float64{compile.All: f.all, compile.Unc: f.unc}[g.objective]
		if f.size > g.size || mean > g.mean || g.inst > 0 && f.inst > g.inst {
			t.Errorf("%s for %v, x32 killed %v: %+v; want %+v or better", g.policy, g.objective, g.x32, f, g)
		}
	}
}

// TestPerformanceParameters is A and B once more, from our texts, with their
// descriptors as parameters: sorting what is compared reaches the same figures.
func TestPerformanceParameters(t *testing.T) {
	for _, tc := range []struct {
		policy   string
		params   []uint64 // as the workload has them
		size     int
		all, unc float64
	}{
		{"A", []uint64{5, 7}, 13, 7.3001, 7.3001},
		{"B", []uint64{5, 6, 8}, 42, 8.8701, 9.2534},
	} {
		file := filepath.Join(policytest.Root(t), "testdata", "performance", tc.policy+".seccomppolicy")
		p := policytest.ReadFile(t, file, compile.Optimized, arch.X86_64).On(arch.X86_64).Policy
		work := policytest.Workload(t, tc.policy)
		for _, o := range []compile.Objective{compile.All, compile.Unc} {
			w := weights(o, work)
			w.Params = tc.params
			prog, err := compile.Optimize(p, w)
			if err != nil {
				t.Fatal(err)
			}
			f := measure(t, prog.Fill(tc.params), work)
			if f.size > tc.size || o == compile.All && f.all > tc.all || o == compile.Unc && f.unc > tc.unc {
				t.Errorf("%s for %v: %+v; want %+v or better", tc.policy, o, f, tc)
			}
		}
	}
}

// TestPerformanceMeaning proves those programs, and that the kernel will answer
// every call that is always allowed without running them.
func TestPerformanceMeaning(t *testing.T) {
	for _, g := range goals {
		p := policytest.PerformancePolicy(t, g.policy)
		p.Target.X32Shares = g.x32
		prog, err := compile.Optimize(p, weights(g.objective, policytest.Workload(t, g.policy)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := prove.Equal(gen.Provable(prog), p); err != nil {
			t.Errorf("%s for %v, x32 killed %v: %v", g.policy, g.objective, g.x32, err)
		}
		if late := prove.Uncached(gen.Provable(prog).Insns, p); late != nil {
			t.Errorf("%s for %v: the kernel's cache does not answer %v", g.policy, g.objective, late)
		}
	}
}
