package vm

import (
	"math/rand/v2"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
)

const (
	allow = uint32(Allow)
	kill  = uint32(KillProcess)
)

// archiver is the program of the archiver's writer, laid out as its policy is
// (classic): write to standard error, the archive and the log, fsync of the
// archive and of the log.
func archiver(a arch.Arch, archiveFD, logFD uint32) []bpf.Insn {
	write, _ := a.Number("write")
	fsync, _ := a.Number("fsync")
	fd := bpf.ArgWord(0, false, a.BigEndian())
	return []bpf.Insn{
		{Code: bpf.LdAbs, K: bpf.OffArch},
		{Code: bpf.Jeq, Jt: 0, Jf: 12, K: a.Audit()},
		{Code: bpf.LdAbs, K: bpf.OffNr},
		{Code: bpf.Jeq, Jt: 2, Jf: 0, K: write},
		{Code: bpf.Jeq, Jt: 7, Jf: 0, K: fsync},
		{Code: bpf.Ja, K: 8},
		{Code: bpf.LdAbs, K: fd},
		{Code: bpf.Jeq, Jt: 7, Jf: 0, K: 2},
		{Code: bpf.LdAbs, K: fd},
		{Code: bpf.Jeq, Jt: 5, Jf: 0, K: archiveFD},
		{Code: bpf.LdAbs, K: fd},
		{Code: bpf.Jeq, Jt: 3, Jf: 2, K: logFD},
		{Code: bpf.LdAbs, K: fd},
		{Code: bpf.Jeq, Jt: 1, Jf: 0, K: logFD},
		{Code: bpf.RetK, K: kill},
		{Code: bpf.RetK, K: allow},
	}
}

// opcodes are all that seccomp takes, but for loads of the call, RET and JA.
var opcodes = []uint16{
	bpf.LdImm, bpf.LdxImm, bpf.LdMem, bpf.LdxMem, bpf.LdLen, bpf.LdxLen, bpf.St, bpf.Stx, bpf.Tax, bpf.Txa,
	bpf.Add, bpf.Sub, bpf.Mul, bpf.Div, bpf.Or, bpf.And, bpf.Lsh, bpf.Rsh, bpf.Xor, bpf.Neg,
	bpf.Add | bpf.SrcX, bpf.Sub | bpf.SrcX, bpf.Mul | bpf.SrcX, bpf.Div | bpf.SrcX, bpf.Or | bpf.SrcX,
	bpf.And | bpf.SrcX, bpf.Lsh | bpf.SrcX, bpf.Rsh | bpf.SrcX, bpf.Xor | bpf.SrcX,
	bpf.Jeq, bpf.Jgt, bpf.Jge, bpf.Jset,
	bpf.Jeq | bpf.SrcX, bpf.Jgt | bpf.SrcX, bpf.Jge | bpf.SrcX, bpf.Jset | bpf.SrcX,
}

// edges are operands at which something changes.
var edges = []uint32{0, 1, 2, 3, 5, 31, 32, 33, 63, 64, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff}

// randomProgram is an acceptable program of n instructions, of which every
// second loads a word or compares it, so that the verdict depends on the call.
// It returns by RET K only, and never loads the instruction pointer.
func randomProgram(r *rand.Rand, n int, a arch.Arch) []bpf.Insn {
	prog := make([]bpf.Insn, n)
	for pc := range prog {
		prog[pc] = randomInsn(r, n-pc-2, a)
	}
	prog[n-1] = bpf.Insn{Code: bpf.RetK, K: allow}
	for {
		err, ok := bpf.Check(prog).(*bpf.Error)
		if !ok {
			return prog
		}
		prog[err.PC] = randomLoad(r)
	}
}

// randomInsn is an instruction that has left others between it and the last.
func randomInsn(r *rand.Rand, left int, a arch.Arch) bpf.Insn {
	in := bpf.Insn{Code: opcodes[r.IntN(len(opcodes))], K: edges[r.IntN(len(edges))]}
	switch r.IntN(12) {
	case 0, 1, 2:
		return randomLoad(r)
	case 3:
		return bpf.Insn{Code: bpf.RetK, K: r.Uint32()}
	case 4:
		return bpf.Insn{Code: bpf.Ja, K: uint32(r.IntN(max(1, min(left, 6))))}
	case 5, 6:
		in.Code = []uint16{bpf.Jeq, bpf.Jgt, bpf.Jge, bpf.Jset}[r.IntN(4)]
	case 7:
		in.Code = bpf.Jeq
		in.K = a.Audit()
	}
	switch in.Code {
	case bpf.LdMem, bpf.LdxMem, bpf.St, bpf.Stx:
		in.K %= 4
	case bpf.Lsh, bpf.Rsh:
		in.K %= 32
	}
	in.Jt = uint8(r.IntN(max(1, min(left, 12))))
	in.Jf = uint8(r.IntN(max(1, min(left, 12))))
	return in
}

// randomLoad loads any word of the call but the instruction pointer.
func randomLoad(r *rand.Rand) bpf.Insn {
	off := 4 * uint32(r.IntN(16))
	if off == bpf.OffIP || off == bpf.OffIP+4 {
		off = bpf.OffNr
	}
	return bpf.Insn{Code: bpf.LdAbs, K: off}
}

// randomCalls are n calls of a whose words are mostly operands of prog, or one
// more or less.
func randomCalls(r *rand.Rand, n int, prog []bpf.Insn, a arch.Arch) []Call {
	pool := append([]uint32(nil), edges...)
	for _, in := range prog {
		if in.Code == bpf.RetK || in.Code == bpf.LdAbs {
			continue
		}
		pool = append(pool, in.K-1, in.K, in.K+1)
	}
	word := func() uint32 {
		if r.IntN(8) == 0 {
			return r.Uint32()
		}
		return pool[r.IntN(len(pool))]
	}
	calls := make([]Call, n)
	for i := range calls {
		c := &calls[i]
		c.Nr, c.Arch = word(), a.Audit()
		for j := range c.Args {
			c.Args[j] = uint64(word())
			if a.Bits() == 64 && r.IntN(2) == 0 {
				c.Args[j] |= uint64(word()) << 32
			}
		}
	}
	return calls
}
