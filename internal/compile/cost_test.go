package compile_test

import (
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/policytest"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/vm"
)

// A figure is what one program costs.
type figure struct {
	size     int
	all, unc float64 // mean number of instructions executed
	inst     int     // instructions emulated for numbers 0 to 470 of x86_64 and of i386
}

// measure runs a workload through the VM, and the numbers through what the
// kernel does at install.
func measure(t *testing.T, prog []bpf.Insn, work []policytest.Sample) figure {
	t.Helper()
	m, err := vm.New(prog, arch.X86_64)
	if err != nil {
		t.Fatal(err)
	}
	x86 := arch.X86_64.Audit()
	insns := prove.Concrete(prog)
	var all, allN, unc, uncN int
	for _, s := range work {
		path, _ := m.Trace(vm.Call(s.Data()))
		all += len(path) * s.N
		allN += s.N
		if cached, _ := prove.Emulated(insns, x86, s.Nr); !cached {
			unc += len(path) * s.N
			uncN += s.N
		}
	}
	inst, _ := prove.Install(insns, []prove.Table{{Audit: x86, Count: 471}, {Audit: arch.X86.Audit(), Count: 471}})
	return figure{len(prog), float64(all) / float64(allN), float64(unc) / float64(uncN), inst}
}
