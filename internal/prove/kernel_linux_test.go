package prove_test

import (
	"errors"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/kerneltest"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
)

// TestKernel makes the calls that refute mutants on the running kernel, under
// the mutant: its verdict is the one the counterexample foretells.
func TestKernel(t *testing.T) {
	a := arch.Native()
	if a != arch.X86_64 && a != arch.AArch64 {
		t.Skipf("the kernel here makes no calls of %v to judge", a)
	}
	judged, n := 0, 0
	for _, layout := range []compile.Layout{compile.Plain, compile.Optimized} {
		for _, name := range policies(t) {
			for _, target := range targets(t, name, layout) {
				if target.Arch != a {
					continue
				}
				mutants(gen.Provable(target.Program), func(what string, m *prove.Program) {
					if n++; n%499 != 0 {
						return
					}
					_, err := prove.Equal(m, target.Policy)
					var c *prove.Counterexample
					if !errors.As(err, &c) || c.Data.Arch != a.Audit() || c.Data.IP != 0 {
						return // equal, or a call that cannot be made here
					}
					prog := m.Fill(c.Params)
					ret := kerneltest.Judge(t, a, prog, []kerneltest.Call{{Nr: c.Data.Nr, Args: c.Data.Args}})[0]
					if got := rule.Action(prog[ret].K); got != c.Got {
						t.Errorf("%s, layout %v: %s: %v, but the kernel says %v", name, layout, what, c, got)
					}
					judged++
				})
			}
		}
	}
	if judged < 20 {
		t.Errorf("only %d calls were judged", judged)
	}
	t.Logf("%d calls judged by the kernel", judged)
}
