package gen_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/policytest"
)

// TestMultiMeaning makes programs for several architectures of the prebuilt
// policies, and holds each, in package vm, against what its text means on every
// architecture.
func TestMultiMeaning(t *testing.T) {
	names, err := filepath.Glob(filepath.Join("..", "..", "policy", "*"+gen.Ending))
	if err != nil || len(names) == 0 {
		t.Fatal("there are no policies", err)
	}
	programs, calls, step := 0, 0, 3
	if testing.Short() {
		step = 12
	}
	for i, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for j, archs := range [][]arch.Arch{
			{arch.X86_64, arch.X86, arch.X32}, {arch.X32, arch.X86}, {arch.AArch64, arch.ARM, arch.RISCV64}, {arch.S390X, arch.MIPS64, arch.MIPS},
		} {
			if (i+j)%step != 0 {
				continue
			}
			set, err := arch.NewSet(archs...)
			if err != nil {
				t.Fatal(err)
			}
			_, target, errs := gen.ReadMulti(name, string(text), gen.Tileseal, set, []compile.Layout{compile.Plain, compile.Optimized}[i%2])
			if errs.Err() != nil {
				continue // on one of them it lacks a call
			}
			programs++
			for _, in := range instances(target) {
				calls += policytest.Meaning(t, in, false)
			}
		}
	}
	t.Logf("%d programs, %d calls", programs, calls)
	if programs < 15 {
		t.Errorf("only %d of the policies compile", programs)
	}
}

// instances are a program for several architectures once for the rules of each.
func instances(target gen.Target) []*policytest.Instance {
	var list []*policytest.Instance
	for i, part := range target.Multi.Parts {
		one := target
		one.Resolved, one.Arch = &gen.Resolved{Policy: part.Policy}, target.Multi.Archs[i]
		if one.Arch == arch.X32 {
			one.Arch = arch.X86_64 // its numbers are too far apart to try all
		}
		params := make([]uint64, len(target.Params))
		for n := range params {
			params[n] = uint64(10 + n)
		}
		list = append(list, &policytest.Instance{Target: one, Params: params})
	}
	return list
}
