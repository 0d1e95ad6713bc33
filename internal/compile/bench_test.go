package compile_test

import (
	"testing"

	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/policytest"
)

// BenchmarkOptimize is the time to compile the measured policies, for the
// workloads that come with them and without any.
func BenchmarkOptimize(b *testing.B) {
	for _, name := range policytest.Performance {
		for _, o := range []compile.Objective{compile.Unc, compile.All, compile.Inst} {
			p := policytest.PerformancePolicy(b, name)
			w := weights(o, policytest.Workload(b, name))
			for how, w := range map[string]compile.Weights{"workload": w, "default": {Objective: o}} {
				b.Run(name+"/"+o.String()+"/"+how, func(b *testing.B) {
					for b.Loop() {
						if _, err := compile.Optimize(p, w); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

func weights(o compile.Objective, work []policytest.Sample) compile.Weights {
	w := compile.Weights{Objective: o}
	for _, s := range work {
		w.Calls = append(w.Calls, compile.Seen{Nr: s.Nr, Args: s.Args[:], Count: int64(s.N)})
	}
	return w
}
