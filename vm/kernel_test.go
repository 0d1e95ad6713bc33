//go:build linux

package vm

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/kerneltest"
)

// sameAsKernel has the kernel judge the calls, which are a's, and wants every
// verdict to come from the instruction that Trace says.
func sameAsKernel(t *testing.T, a arch.Arch, prog []bpf.Insn, calls []Call) {
	t.Helper()
	p, err := New(prog, a)
	if err != nil {
		t.Fatalf("%v\n%s", err, bpf.List(prog, nil, nil))
	}
	asked := make([]kerneltest.Call, len(calls))
	for i, c := range calls {
		asked[i] = kerneltest.Call{Nr: c.Nr, Args: c.Args}
	}
	for i, pc := range kerneltest.Judge(t, a, prog, asked) {
		if got, v := p.run(&calls[i], nil); got != pc {
			t.Fatalf("%+v: %v from instruction %d, in the kernel from %d, on\n%v", calls[i], v, got, pc, p)
		}
	}
}

// TestKernelOpcodes asks the kernel what the rows leave in A. Filled up to the
// greatest length, a program is judged without a gate before it, so that A and
// X are as the kernel leaves them at the start.
func TestKernelOpcodes(t *testing.T) {
	for i, row := range rows {
		if arch.Native().Bits() == 32 && strings.HasSuffix(row.name, "high") {
			continue // the kernel has only low words to show
		}
		prog := append(slices.Clone(row.prog), jump(bpf.Jeq, row.want, 1, 0), stmt(bpf.RetK, 1), stmt(bpf.RetK, 2))
		if i < 2 {
			prog = append(prog, slices.Repeat([]bpf.Insn{stmt(bpf.LdImm, 0)}, bpf.MaxInsns-1-len(prog))...)
			prog = append(prog, stmt(bpf.RetK, 3))
		}
		c := kerneltest.Call{Nr: rowCall.Nr, Args: rowCall.Args}
		if pc := kerneltest.Judge(t, arch.Native(), prog, []kerneltest.Call{c})[0]; pc != len(row.prog)+2 {
			t.Errorf("%s: the kernel does not get A = %#x", row.name, row.want)
		}
	}
}

// TestKernelArithmetic has the kernel compute every operation on every two of
// the edges, with K and with X, and compare its result with ours.
func TestKernelArithmetic(t *testing.T) {
	var prog []bpf.Insn
	sums := 0
	flush := func() {
		prog = append(prog, stmt(bpf.RetK, allow))
		sameAsKernel(t, arch.Native(), prog, []Call{{Arch: arch.Native().Audit()}})
		p, _ := New(prog, arch.Native())
		if got := p.Run(Call{}); got != Allow {
			t.Fatalf("%v\n%v", got, p)
		}
		prog = nil
	}
	for _, code := range opcodes {
		if code&7 != bpf.Add { // the class of arithmetic
			continue
		}
		for _, a := range edges {
			for _, v := range edges {
				insns := []bpf.Insn{stmt(bpf.LdxImm, v), stmt(bpf.LdImm, a), stmt(code, v), stmt(bpf.RetA, 0)}
				p, err := New(insns, arch.Native())
				if err != nil || code == bpf.Div|bpf.SrcX && v == 0 {
					continue // refused, or ends the program
				}
				sum := uint32(p.Run(Call{}))
				prog = append(prog, insns[0], insns[1], insns[2], jump(bpf.Jeq, sum, 1, 0), stmt(bpf.RetK, uint32(sums)))
				if sums++; len(prog) > 4000 {
					flush()
				}
			}
		}
	}
	flush()
	t.Logf("%d computations", sums)
}

// TestKernelCalls compares 200,000 random calls on each of four programs, and
// as many i386 calls on one of them, as far as this machine can make them.
func TestKernelCalls(t *testing.T) {
	const n = 200000
	for _, a := range []arch.Arch{arch.X86_64, arch.X86, arch.AArch64} {
		t.Run(a.String(), func(t *testing.T) {
			r := rand.New(rand.NewPCG(9, uint64(a)))
			progs := [][]bpf.Insn{archiver(a, 8, 9)}
			for _, size := range []int{12, 60, 300} {
				progs = append(progs, randomProgram(r, size, a))
			}
			for i, prog := range progs {
				n := n
				if a == arch.X86 && i > 0 {
					n /= 10 // int 0x80 takes the kernel ten times as long
				}
				sameAsKernel(t, a, prog, survivors(t, a, prog, randomCalls(r, n, prog, a)))
			}
		})
	}
}

// TestKernelPrograms compares a few calls on many random programs.
func TestKernelPrograms(t *testing.T) {
	a := arch.Native()
	r := rand.New(rand.NewPCG(11, 12))
	calls := 0
	for range 1000 {
		prog := randomProgram(r, 3+r.IntN(60), a)
		cs := survivors(t, a, prog, randomCalls(r, 100, prog, a))
		sameAsKernel(t, a, prog, cs)
		calls += len(cs)
	}
	t.Logf("%d calls", calls)
	if calls < 50000 {
		t.Errorf("%d calls, too few", calls)
	}
}

// survivors are the calls that do not end in a division by zero, which would
// end the thread that asks (see TestKernelDivisionByZero).
func survivors(t *testing.T, a arch.Arch, prog []bpf.Insn, calls []Call) []Call {
	t.Helper()
	p, err := New(prog, a)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(calls, func(c Call) bool {
		pc, _ := p.run(&c, nil)
		return prog[pc].Code != bpf.RetK
	})
}

// TestKernelInt80 judges i386 calls that a 64-bit process makes.
func TestKernelInt80(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	for _, a := range []arch.Arch{arch.X86, arch.X86_64} { // the program's; the calls are i386's
		prog := archiver(a, 8, 9)
		p, err := New(prog, a)
		if err != nil {
			t.Fatal(err)
		}
		calls := randomCalls(r, 20000, prog, arch.X86)
		asked := make([]kerneltest.Call, len(calls))
		for i, c := range calls {
			asked[i] = kerneltest.Call{Nr: c.Nr, Args: c.Args}
		}
		for i, pc := range kerneltest.Judge80(t, prog, asked) {
			if got, v := p.run(&calls[i], nil); got != pc {
				t.Fatalf("%+v: %v from instruction %d, in the kernel from %d", calls[i], v, got, pc)
			}
		}
	}
}
