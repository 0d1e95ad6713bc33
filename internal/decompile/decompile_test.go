package decompile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/decompile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/prove"
)

// TestPrebuilt decompiles every prebuilt program in every layout, parameters
// filled in, and compiles what came out again: the same program by the prover,
// and one that decompiles to the same.
func TestPrebuilt(t *testing.T) {
	files, err := filepath.Glob("../../policy/*" + gen.Ending)
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	// Of those with the Go runtime's calls, a few.
	more, err := filepath.Glob("../../policy/gotile/archiver_*" + gen.Ending)
	if err != nil || len(more) == 0 {
		t.Fatal(more, err)
	}
	files = append(files, more...)
	archs := []arch.Arch{arch.X86_64, arch.X86, arch.AArch64, arch.S390X}
	programs := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, layout := range compile.Layouts() {
			for _, a := range archs {
				_, targets, errs := gen.Read(file, string(text), gen.Tileseal, []arch.Arch{a}, layout)
				if errs.Err() != nil {
					continue // not every layout takes every policy
				}
				target := targets[0]
				values := make([]uint64, len(target.Params))
				for i := range values {
					values[i] = uint64(i) + 3
				}
				programs++
				t.Run(fmt.Sprintf("%s/%v/%v", target.Name, layout, a), func(t *testing.T) {
					roundTrip(t, target.Program.Fill(values), a)
				})
			}
		}
	}
	if t.Logf("%d programs", programs); programs < 100 {
		t.Errorf("only %d programs were decompiled", programs)
	}
}

// roundTrip decompiles a program, compiles what it means and proves the two to
// be the same.
func roundTrip(t *testing.T, prog []bpf.Insn, a arch.Arch) *decompile.Meaning {
	t.Helper()
	m, err := decompile.Decompile(prog, a)
	if err != nil {
		t.Fatalf("%v\n%s", err, bpf.List(prog, nil, nil))
	}
	if m.Blind {
		return m
	}
	again, err := compile.Multi(m.Multi, compile.Plain)
	if err != nil {
		t.Fatal(err)
	}
	concrete := func(p []bpf.Insn) *prove.Program { return &prove.Program{Insns: prove.Concrete(p)} }
	if _, err := prove.Same(concrete(prog), concrete(again.Fill(nil)), a.BigEndian()); err != nil {
		t.Errorf("compiled again: %v", err)
	}
	return m
}
