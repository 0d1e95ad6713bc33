//go:build linux && amd64

package main

import (
	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/vm"
)

// counts takes the figures that are exact: size, instructions executed and
// instructions emulated at install.
func counts(rep *report, p *policy, all []contender) {
	for _, c := range all {
		for _, m := range []metric{size, executedAll, executedUncached, installSteps} {
			if c.prog == nil {
				rep.absent(p, m, c.name, c.why)
			}
		}
		if c.prog == nil {
			continue
		}
		rep.add(p, size, c.name, float64(len(c.prog)))
		mean, uncached := executed(c.prog, p.work)
		rep.add(p, executedAll, c.name, mean)
		rep.add(p, executedUncached, c.name, uncached)
		rep.add(p, installSteps, c.name, float64(steps(c.prog)))
	}
}

// executed is the mean number of instructions that a call of the workload
// executes: over all calls, and over those that the kernel does not answer
// from its cache.
func executed(prog []bpf.Insn, work []sample) (all, uncached float64) {
	m, err := vm.New(prog, arch.X86_64)
	if err != nil {
		panic(err) // the kernel would not take it either
	}
	insns := prove.Concrete(prog)
	var n, nUncached float64
	for _, s := range work {
		path, _ := m.Trace(vm.Call(s.data()))
		count := float64(s.N)
		all += count * float64(len(path))
		n += count
		if allowed, _ := prove.Emulated(insns, arch.X86_64.Audit(), s.Nr); !allowed {
			uncached += count * float64(len(path))
			nUncached += count
		}
	}
	if nUncached > 0 {
		uncached /= nUncached
	}
	return all / n, uncached
}

// emulated is how many numbers of each architecture the kernel emulates when a
// program is installed: NR_syscalls of Linux 6.18 on x86_64, the same for its
// 32-bit calls (SECCOMP_ARCH_NATIVE_NR, arch/x86/include/asm/seccomp.h).
const emulated = 471

// steps is the number of instructions the kernel emulates to install prog.
func steps(prog []bpf.Insn) int {
	n, _ := prove.Install(prove.Concrete(prog), []prove.Table{
		{Audit: arch.X86_64.Audit(), Count: emulated}, {Audit: arch.X86.Audit(), Count: emulated},
	})
	return n
}
