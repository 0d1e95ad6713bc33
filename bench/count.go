//go:build linux && amd64

package main

import (
	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
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
	var n, nUncached float64
	for _, s := range work {
		path, _ := m.Trace(vm.Call(s.data()))
		count := float64(s.N)
		all += count * float64(len(path))
		n += count
		if allowed, _ := emulate(prog, arch.X86_64.Audit(), s.Nr); !allowed {
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
	total := 0
	for _, a := range []arch.Arch{arch.X86_64, arch.X86} {
		for nr := range uint32(emulated) {
			_, n := emulate(prog, a.Audit(), nr)
			total += n
		}
	}
	return total
}

// emulate runs prog as seccomp_is_const_allow (kernel/seccomp.c) does, which
// knows the number and the architecture of a call and nothing else. An
// instruction it cannot run counts as a step, and ends it.
func emulate(prog []bpf.Insn, audit, nr uint32) (allowed bool, steps int) {
	var a uint32
	for pc := 0; pc < len(prog); pc++ {
		steps++
		in := prog[pc]
		var taken bool
		switch in.Code {
		case bpf.LdAbs:
			switch in.K {
			case bpf.OffNr:
				a = nr
			case bpf.OffArch:
				a = audit
			default:
				return false, steps
			}
			continue
		case bpf.RetK:
			return rule.Action(in.K) == rule.Allow, steps
		case bpf.Ja:
			pc += int(in.K)
			continue
		case bpf.And:
			a &= in.K
			continue
		case bpf.Jeq:
			taken = a == in.K
		case bpf.Jge:
			taken = a >= in.K
		case bpf.Jgt:
			taken = a > in.K
		case bpf.Jset:
			taken = a&in.K != 0
		default:
			return false, steps
		}
		if taken {
			pc += int(in.Jt)
		} else {
			pc += int(in.Jf)
		}
	}
	return false, steps
}
