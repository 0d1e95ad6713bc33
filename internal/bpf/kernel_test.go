//go:build linux

package bpf_test

import (
	"flag"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/kerneltest"
)

// programs is the flag -programs: go test ./internal/bpf -run Random -args -programs=1000000
var programs = flag.Int("programs", 40000, "how many random programs the kernel is asked about")

// agree holds Check against the running kernel, both ways, and demands that
// both verdicts occur.
func agree(t *testing.T, progs [][]bpf.Insn) {
	t.Helper()
	taken, wrong := compare(t, progs)
	t.Logf("%d programs, %d accepted, %d disagreements", len(progs), taken, wrong)
	if taken == 0 || taken == len(progs) {
		t.Errorf("%d of %d programs accepted: one verdict is not tested", taken, len(progs))
	}
}

// compare counts the programs that the kernel takes, and reports those of which
// Check says something else.
func compare(t *testing.T, progs [][]bpf.Insn) (taken, wrong int) {
	t.Helper()
	for i, kernel := range kerneltest.Accepts(t, progs) {
		err := bpf.Check(progs[i])
		if kernel {
			taken++
		}
		if (err == nil) == kernel {
			continue
		}
		if wrong++; wrong <= 5 {
			listing := bpf.List(progs[i][:min(len(progs[i]), 40)], nil, nil)
			t.Errorf("the kernel accepts it: %v; Check: %v\n%s", kernel, err, listing)
		}
	}
	return taken, wrong
}

func TestCheckKernelRows(t *testing.T) {
	var progs [][]bpf.Insn
	for _, row := range bpf.CheckRows {
		progs = append(progs, row.Prog)
	}
	agree(t, progs)
}

var (
	retAllow = bpf.Insn{Code: bpf.RetK, K: 0x7fff0000}
	retKill  = bpf.Insn{Code: bpf.RetK, K: 0x80000000}
)

// TestCheckKernelOpcodes tries every opcode there can be, and the ones below
// 256 with every operand that is a limit to some opcode.
func TestCheckKernelOpcodes(t *testing.T) {
	limits := []uint32{
		0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 28, 30, 31, 32, 33, 60, 61, 62, 63, 64, 65, 68, 255, 256,
		0x7fffffff, 0x80000000, 0xffffefff, 0xfffff000, 0xfffff004, 0xfffff040, 0xfffffffc, 0xfffffffd, 0xffffffff,
	}
	var progs [][]bpf.Insn
	for code := range 1 << 16 {
		ks := limits
		if code > 255 {
			ks = []uint32{0}
		}
		for _, k := range ks {
			in := bpf.Insn{Code: uint16(code), K: k}
			progs = append(progs, []bpf.Insn{in, retKill, retKill, retAllow})
			if code <= 255 {
				// As the last one, out of reach, and with M[1] written.
				progs = append(progs, []bpf.Insn{retAllow, in},
					[]bpf.Insn{{Code: bpf.St, K: 1}, {Code: bpf.Ja, K: 1}, in, retAllow})
			}
		}
	}
	agree(t, progs)
}

// TestCheckKernelJumps tries every distance to and past the end.
func TestCheckKernelJumps(t *testing.T) {
	var progs [][]bpf.Insn
	for _, code := range []uint16{bpf.Ja, bpf.Jeq, bpf.Jgt, bpf.Jge, bpf.Jset,
		bpf.Jeq | bpf.SrcX, bpf.Jgt | bpf.SrcX, bpf.Jge | bpf.SrcX, bpf.Jset | bpf.SrcX} {
		for _, n := range []int{2, 3, 255, 256, 257, 258, 300, bpf.MaxInsns} {
			for d := max(0, n-4); d < n+2; d++ {
				near := uint8(min(d, 255))
				for _, in := range []bpf.Insn{
					{Code: code, Jt: near, K: uint32(d)},
					{Code: code, Jf: near, K: uint32(d)},
				} {
					prog := slices.Repeat([]bpf.Insn{retAllow}, n)
					prog[0] = in
					progs = append(progs, prog)
				}
			}
		}
	}
	agree(t, progs)
}

// TestCheckKernelRandom tries programs about half of which are acceptable:
// good ones, and the same with a few fields changed.
func TestCheckKernelRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var taken, wrong int
	const batch = 40000 // not to hold a million programs at once
	for done := 0; done < *programs; done += batch {
		var progs [][]bpf.Insn
		for len(progs) < min(batch, *programs-done) {
			good := randomGood(r)
			bad := slices.Clone(good)
			for range 1 + r.IntN(3) {
				mutate(r, &bad[r.IntN(len(bad))])
			}
			progs = append(progs, good, bad)
		}
		n, w := compare(t, progs)
		taken, wrong = taken+n, wrong+w
	}
	t.Attr("programs", strconv.Itoa(*programs))
	t.Attr("accepted", strconv.Itoa(taken))
	t.Attr("disagreements", strconv.Itoa(wrong))
	if taken < *programs/4 || taken > *programs*3/4 {
		t.Errorf("%d of %d programs accepted: one verdict is hardly tested", taken, *programs)
	}
}

// TestCheckKernelMemory tries programs of jumps, loads and stores only, where
// what is written on which path decides.
func TestCheckKernelMemory(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var progs [][]bpf.Insn
	for range 30000 {
		n := 4 + r.IntN(12)
		prog := make([]bpf.Insn, n)
		for pc := range prog {
			left := n - pc - 1
			switch k := uint32(r.IntN(2)); r.IntN(8) {
			case 0:
				prog[pc] = bpf.Insn{Code: bpf.LdMem, K: k}
			case 1:
				prog[pc] = bpf.Insn{Code: bpf.LdxMem, K: k}
			case 2, 3:
				prog[pc] = bpf.Insn{Code: bpf.St, K: k}
			case 4:
				prog[pc] = bpf.Insn{Code: bpf.Stx, K: k}
			case 5:
				prog[pc] = bpf.Insn{Code: bpf.Ja, K: uint32(r.IntN(max(left, 1)))}
			case 6:
				prog[pc] = bpf.Insn{Code: bpf.Jeq | uint16(r.IntN(2)*bpf.SrcX), Jt: uint8(r.IntN(max(left, 1))), Jf: uint8(r.IntN(max(left, 1)))}
			case 7:
				prog[pc] = retKill
			}
		}
		prog[n-1] = retAllow
		progs = append(progs, prog)
	}
	agree(t, progs)
}

// randomGood is a program of any accepted opcodes that Check has no fault to
// find in: a faulty instruction is replaced by a load.
func randomGood(r *rand.Rand) []bpf.Insn {
	prog := make([]bpf.Insn, 2+r.IntN(30))
	for pc := range prog {
		mutate(r, &prog[pc])
	}
	prog[len(prog)-1] = bpf.Insn{Code: bpf.RetK, K: r.Uint32()}
	for {
		err, ok := bpf.Check(prog).(*bpf.Error)
		if !ok {
			return prog
		}
		prog[err.PC] = bpf.Insn{Code: bpf.LdAbs, K: 4 * uint32(r.IntN(16))}
	}
}

var someCodes = []uint16{
	bpf.LdAbs, bpf.LdImm, bpf.LdxImm, bpf.LdMem, bpf.LdxMem, bpf.LdLen, bpf.LdxLen, bpf.St, bpf.Stx,
	bpf.Tax, bpf.Txa, bpf.Neg, bpf.Ja, bpf.RetK, bpf.RetA,
	bpf.Add, bpf.Sub, bpf.Mul, bpf.Div, bpf.Or, bpf.And, bpf.Lsh, bpf.Rsh, bpf.Xor,
	bpf.Jeq, bpf.Jgt, bpf.Jge, bpf.Jset,
}

// mutate changes one field of an instruction to something likely to matter.
func mutate(r *rand.Rand, in *bpf.Insn) {
	switch r.IntN(6) {
	case 0:
		in.Jt, in.Jf = uint8(r.IntN(20)), uint8(r.IntN(20))
	case 1:
		in.K = r.Uint32()
	case 2:
		in.K = uint32(r.IntN(70))
	case 3:
		in.Code = uint16(r.IntN(256))
	default:
		in.Code = someCodes[r.IntN(len(someCodes))]
		if r.IntN(2) == 0 {
			in.Code |= bpf.SrcX
		}
		in.K = uint32(r.IntN(20))
	}
}
