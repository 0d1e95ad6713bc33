package compile_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/policytest"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/vm"
)

// emulate is what the kernel does with a program at install for one number of
// one architecture (seccomp_is_const_allow, kernel/seccomp.c): the number of
// instructions, the one it cannot run included, and whether the number will be
// allowed without running the program.
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
	all, unc float64
	inst     int
}

func measure(t *testing.T, prog []bpf.Insn, work []policytest.Sample) figure {
	t.Helper()
	f := figure{size: len(prog)}
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
	f.all, f.unc = float64(all)/float64(allN), float64(unc)/float64(uncN)
	for nr := range uint32(471) {
		for _, audit := range []uint32{x86, arch.X86.Audit()} {
			n, _ := emulate(prog, nr, audit)
			f.inst += n
		}
	}
	return f
}

func TestPerformance(t *testing.T) {
	for _, name := range policytest.Performance {
		for _, x32 := range []bool{false, true} {
			p := policytest.PerformancePolicy(t, name)
			p.Target.X32Shares = x32
			work := policytest.Workload(t, name)
			w := compile.Weights{}
			for _, s := range work {
				w.Calls = append(w.Calls, compile.Seen{Nr: s.Nr, Args: s.Args[:], Count: int64(s.N)})
			}
			for _, o := range []compile.Objective{compile.All, compile.Unc, compile.Inst} {
				w.Objective = o
				start := time.Now()
				prog, err := compile.Optimize(p, w)
				if err != nil {
					t.Fatal(err)
				}
				took := time.Since(start)
				f := measure(t, prog.Fill(nil), work)
				fmt.Printf("%s x32=%-5v %-4v size %3d all %.4f unc %.4f inst %d  %v\n", name, x32, o, f.size, f.all, f.unc, f.inst, took)
			}
		}
	}
}
