package prove_test

import (
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/policytest"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
)

// TestStack proves that one program for two policies does what two filters
// would, and that this is not what the inner one alone does.
func TestStack(t *testing.T) {
	narrower := 0
	for seed := range uint64(100) {
		m := policytest.NewMaker(seed, false)
		a := []arch.Arch{arch.X86_64, arch.X86, arch.AArch64, arch.S390X}[seed%4]
		outer, inner := m.Policy(a), m.Policy(a)
		for _, layout := range []compile.Layout{compile.Plain, compile.Optimized} {
			program, err := compile.Compile(rule.Stack(outer, inner), layout)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if _, err := prove.EqualStack(gen.Provable(program), outer, inner); err != nil {
				t.Fatalf("seed %d, layout %v: %v", seed, layout, err)
			}
			if _, err := prove.Equal(gen.Provable(program), inner); err != nil {
				narrower++
			}
		}
	}
	if narrower == 0 {
		t.Error("the outer policy never makes a difference")
	}
}
