package compile_test

import (
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/policytest"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/vm"
)

// emulate is what the kernel does with a program at install for one number of
// one architecture (seccomp_is_const_allow, kernel/seccomp.c): the number of
// instructions, the one it cannot run included, and whether it will allow the
// number without running the program.
func emulate(prog []bpf.Insn, nr, audit uint32) (steps int, allow bool) {
	var a uint32
	for pc := 0; ; pc++ {
		steps++
		in := prog[pc]
		taken := false
		switch in.Code {
		case bpf.LdAbs:
			switch in.K {
			case bpf.OffNr:
				a = nr
			case bpf.OffArch:
				a = audit
			default:
				return steps, false
			}
			continue
		case bpf.And:
			a &= in.K
			continue
		case bpf.RetK:
			return steps, in.K == uint32(rule.Allow)
		case bpf.Ja:
			pc += int(in.K)
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
			return steps, false
		}
		if taken {
			pc += int(in.Jt)
		} else {
			pc += int(in.Jf)
		}
	}
}

// A figure is what one program costs.
type figure struct {
	size     int
	all, unc float64 // mean number of instructions executed
	inst     int     // instructions emulated for numbers 0 to 470 of x86_64 and of i386
}

// measure runs a workload through the VM and the numbers through emulate.
func measure(t *testing.T, prog []bpf.Insn, work []policytest.Sample) figure {
	t.Helper()
	m, err := vm.New(prog, arch.X86_64)
	if err != nil {
		t.Fatal(err)
	}
	x86 := arch.X86_64.Audit()
	var all, allN, unc, uncN int
	for _, s := range work {
		path, _ := m.Trace(vm.Call(s.Data()))
		all += len(path) * s.N
		allN += s.N
		if _, cached := emulate(prog, s.Nr, x86); !cached {
			unc += len(path) * s.N
			uncN += s.N
		}
	}
	f := figure{len(prog), float64(all) / float64(allN), float64(unc) / float64(uncN), 0}
	for nr := range uint32(471) {
		for _, audit := range []uint32{x86, arch.X86.Audit()} {
			n, _ := emulate(prog, nr, audit)
			f.inst += n
		}
	}
	return f
}
