package vm

import (
	"fmt"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
)

// stmt and jump are instructions, short enough for tables, as BPF_STMT and
// BPF_JUMP are in C.
func stmt(code uint16, k uint32) bpf.Insn { return bpf.Insn{Code: code, K: k} }

func jump(code uint16, k uint32, jt, jf uint8) bpf.Insn {
	return bpf.Insn{Code: code, K: k, Jt: jt, Jf: jf}
}

// rowCall is the call that the rows are run on. It is one the kernel test can
// make: the architecture is the machine's, the instruction pointer any.
var rowCall = Call{
	Nr:   0x12345,
	Arch: arch.Native().Audit(),
	IP:   0x0000_7fff_1122_3344,
	Args: [6]uint64{0x10_0000_0001, 0x20_0000_0002, 0x30_0000_0003, 0x40_0000_0004, 0x50_0000_0005, 0x80000000_ffffffff},
}

// rows are instructions and what they leave in A.
var rows = []struct {
	name string
	prog []bpf.Insn
	want uint32
}{
	{"A starts at 0", nil, 0},
	{"X starts at 0", []bpf.Insn{stmt(bpf.LdImm, 7), stmt(bpf.Txa, 0)}, 0},

	{"ld nr", []bpf.Insn{stmt(bpf.LdAbs, 0)}, 0x12345},
	{"ld arch", []bpf.Insn{stmt(bpf.LdAbs, 4)}, arch.Native().Audit()},
	{"ld arg 0, low", []bpf.Insn{stmt(bpf.LdAbs, word(0, false))}, 1},
	{"ld arg 0, high", []bpf.Insn{stmt(bpf.LdAbs, word(0, true))}, 0x10},
	{"ld arg 1, low", []bpf.Insn{stmt(bpf.LdAbs, word(1, false))}, 2},
	{"ld arg 2, high", []bpf.Insn{stmt(bpf.LdAbs, word(2, true))}, 0x30},
	{"ld arg 3, low", []bpf.Insn{stmt(bpf.LdAbs, word(3, false))}, 4},
	{"ld arg 4, high", []bpf.Insn{stmt(bpf.LdAbs, word(4, true))}, 0x50},
	{"ld arg 5, low", []bpf.Insn{stmt(bpf.LdAbs, word(5, false))}, 0xffffffff},
	{"ld arg 5, high", []bpf.Insn{stmt(bpf.LdAbs, word(5, true))}, 0x80000000},

	{"ld imm", []bpf.Insn{stmt(bpf.LdImm, 0xfffffffe)}, 0xfffffffe},
	{"ldx imm", []bpf.Insn{stmt(bpf.LdxImm, 5), stmt(bpf.Txa, 0)}, 5},
	{"ld len", []bpf.Insn{stmt(bpf.LdLen, 3)}, 64},
	{"ldx len", []bpf.Insn{stmt(bpf.LdxLen, 3), stmt(bpf.Txa, 0)}, 64},
	{"st, ld mem", []bpf.Insn{stmt(bpf.LdImm, 5), stmt(bpf.St, 15), stmt(bpf.LdImm, 1), stmt(bpf.LdMem, 15)}, 5},
	{"stx, ldx mem", []bpf.Insn{stmt(bpf.LdxImm, 5), stmt(bpf.Stx, 0), stmt(bpf.LdxImm, 1), stmt(bpf.LdxMem, 0), stmt(bpf.Txa, 0)}, 5},
	{"two words", []bpf.Insn{stmt(bpf.LdImm, 5), stmt(bpf.St, 0), stmt(bpf.LdImm, 6), stmt(bpf.St, 1), stmt(bpf.LdMem, 0)}, 5},
	{"tax", []bpf.Insn{stmt(bpf.LdImm, 5), stmt(bpf.Tax, 0), stmt(bpf.LdImm, 1), stmt(bpf.Add|bpf.SrcX, 0)}, 6},
	{"txa", []bpf.Insn{stmt(bpf.LdxImm, 9), stmt(bpf.Txa, 0)}, 9},

	{"add wraps", []bpf.Insn{stmt(bpf.LdImm, 0xffffffff), stmt(bpf.Add, 3)}, 2},
	{"sub wraps", []bpf.Insn{stmt(bpf.LdImm, 2), stmt(bpf.Sub, 3)}, 0xffffffff},
	{"mul keeps 32 bits", []bpf.Insn{stmt(bpf.LdImm, 0x10001), stmt(bpf.Mul, 0x10001)}, 0x20001},
	{"div is unsigned", []bpf.Insn{stmt(bpf.LdImm, 0x80000000), stmt(bpf.Div, 0xffffffff)}, 0},
	{"div truncates", []bpf.Insn{stmt(bpf.LdImm, 0xffffffff), stmt(bpf.Div, 10)}, 429496729},
	{"or", []bpf.Insn{stmt(bpf.LdImm, 0xc), stmt(bpf.Or, 0xa)}, 0xe},
	{"and", []bpf.Insn{stmt(bpf.LdImm, 0xc), stmt(bpf.And, 0xa)}, 0x8},
	{"xor", []bpf.Insn{stmt(bpf.LdImm, 0xc), stmt(bpf.Xor, 0xa)}, 0x6},
	{"lsh", []bpf.Insn{stmt(bpf.LdImm, 3), stmt(bpf.Lsh, 31)}, 0x80000000},
	{"rsh is logical", []bpf.Insn{stmt(bpf.LdImm, 0x80000000), stmt(bpf.Rsh, 31)}, 1},
	{"neg", []bpf.Insn{stmt(bpf.LdImm, 5), stmt(bpf.Neg, 0)}, 0xfffffffb},
	{"neg of 0", []bpf.Insn{stmt(bpf.LdImm, 0), stmt(bpf.Neg, 0)}, 0},

	{"sub x", []bpf.Insn{stmt(bpf.LdxImm, 3), stmt(bpf.LdImm, 2), stmt(bpf.Sub|bpf.SrcX, 99)}, 0xffffffff},
	{"mul x", []bpf.Insn{stmt(bpf.LdxImm, 6), stmt(bpf.LdImm, 7), stmt(bpf.Mul|bpf.SrcX, 99)}, 42},
	{"div x", []bpf.Insn{stmt(bpf.LdxImm, 6), stmt(bpf.LdImm, 43), stmt(bpf.Div|bpf.SrcX, 99)}, 7},
	{"or x", []bpf.Insn{stmt(bpf.LdxImm, 0xa), stmt(bpf.LdImm, 0xc), stmt(bpf.Or|bpf.SrcX, 0)}, 0xe},
	{"and x", []bpf.Insn{stmt(bpf.LdxImm, 0xa), stmt(bpf.LdImm, 0xc), stmt(bpf.And|bpf.SrcX, 0)}, 0x8},
	{"xor x", []bpf.Insn{stmt(bpf.LdxImm, 0xa), stmt(bpf.LdImm, 0xc), stmt(bpf.Xor|bpf.SrcX, 0)}, 0x6},
	{"lsh x", []bpf.Insn{stmt(bpf.LdxImm, 4), stmt(bpf.LdImm, 3), stmt(bpf.Lsh|bpf.SrcX, 0)}, 0x30},
	{"rsh x", []bpf.Insn{stmt(bpf.LdxImm, 4), stmt(bpf.LdImm, 0x30), stmt(bpf.Rsh|bpf.SrcX, 0)}, 3},
	{"lsh x, five bits of it", []bpf.Insn{stmt(bpf.LdxImm, 33), stmt(bpf.LdImm, 3), stmt(bpf.Lsh|bpf.SrcX, 0)}, 6},
	{"rsh x, five bits of it", []bpf.Insn{stmt(bpf.LdxImm, 0xffffffe0), stmt(bpf.LdImm, 3), stmt(bpf.Rsh|bpf.SrcX, 0)}, 3},

	{"ja", []bpf.Insn{stmt(bpf.Ja, 1), stmt(bpf.LdImm, 1), stmt(bpf.Add, 2)}, 2},
	{"ja 0", []bpf.Insn{stmt(bpf.Ja, 0), stmt(bpf.LdImm, 1)}, 1},
	{"jeq taken", []bpf.Insn{stmt(bpf.LdImm, 4), jump(bpf.Jeq, 4, 1, 0), stmt(bpf.Add, 1), stmt(bpf.Add, 2)}, 6},
	{"jeq not taken", []bpf.Insn{stmt(bpf.LdImm, 4), jump(bpf.Jeq, 5, 1, 0), stmt(bpf.Add, 1), stmt(bpf.Add, 2)}, 7},
	{"jt and jf elsewhere mean nothing", []bpf.Insn{{Code: bpf.LdImm, K: 4, Jt: 1, Jf: 1}, stmt(bpf.Add, 1), stmt(bpf.Add, 2)}, 7},
}

// word is the offset of half an argument on the machine.
func word(n int, high bool) uint32 { return bpf.ArgWord(n, high, arch.Native().BigEndian()) }

func TestOpcodes(t *testing.T) {
	for _, row := range rows {
		prog := append(append([]bpf.Insn(nil), row.prog...), stmt(bpf.RetA, 0))
		p, err := New(prog, arch.Native())
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		if got := p.Run(rowCall); got != Action(row.want) {
			t.Errorf("%s: A = %#x, want %#x\n%v", row.name, uint32(got), row.want, p)
		}
	}
}

// jumps are the conditional jumps and what they mean.
var jumps = map[uint16]func(a, v uint32) bool{
	bpf.Jeq:  func(a, v uint32) bool { return a == v },
	bpf.Jgt:  func(a, v uint32) bool { return a > v },
	bpf.Jge:  func(a, v uint32) bool { return a >= v },
	bpf.Jset: func(a, v uint32) bool { return a&v != 0 },
}

// TestJumps compares every two of the edges, with K and with X.
func TestJumps(t *testing.T) {
	for code, holds := range jumps {
		for _, a := range edges {
			for _, v := range edges {
				testJump(t, code, a, v, holds(a, v))
				testJump(t, code|bpf.SrcX, a, v, holds(a, v))
			}
		}
	}
}

func testJump(t *testing.T, code uint16, a, v uint32, holds bool) {
	t.Helper()
	k := v
	if code&bpf.SrcX != 0 {
		k = ^v // must not be looked at
	}
	p, err := New([]bpf.Insn{
		stmt(bpf.LdImm, a), stmt(bpf.LdxImm, v), jump(code, k, 2, 1), // over one that no path takes
		stmt(bpf.RetK, 9), stmt(bpf.RetK, 1), stmt(bpf.RetK, 2),
	}, arch.X86_64)
	if err != nil {
		t.Fatal(err)
	}
	want := Action(1)
	if holds {
		want = 2
	}
	if got := p.Run(Call{}); got != want {
		t.Errorf("%v with A = %#x, X = %#x: %d, want %d", p.insns[2], a, v, got, want)
	}
}

// TestOpcodesCovered holds the tables against what Check accepts.
func TestOpcodesCovered(t *testing.T) {
	tested := map[uint16]bool{bpf.RetA: true, bpf.RetK: true}
	for code := range jumps {
		tested[code], tested[code|bpf.SrcX] = true, true
	}
	for _, row := range rows {
		for _, in := range row.prog {
			tested[in.Code] = true
		}
	}
	for code := range 1 << 16 {
		in := bpf.Insn{Code: uint16(code), K: 1}
		if in.Code == bpf.LdAbs {
			in.K = 0
		}
		err := bpf.Check([]bpf.Insn{stmt(bpf.St, 1), in, stmt(bpf.RetA, 0), stmt(bpf.RetA, 0)})
		if (err == nil) != tested[in.Code] {
			t.Errorf("opcode %#02x: tested %v, Check: %v", code, tested[in.Code], err)
		}
	}
}

func TestLoads(t *testing.T) {
	c := Call{Nr: 0xa0000000, Arch: 0xa0000004, IP: 0xa000000c_a0000008}
	for i := range c.Args {
		low := 0xa0000000 + uint64(16+8*i)
		c.Args[i] = (low+4)<<32 | low
	}
	for off := uint32(0); off < bpf.DataLen; off += 4 {
		for _, a := range arch.All() {
			p, err := New([]bpf.Insn{stmt(bpf.LdAbs, off), stmt(bpf.RetA, 0)}, a)
			if err != nil {
				t.Fatal(err)
			}
			want := 0xa0000000 + off
			if off >= 8 && a.BigEndian() {
				want ^= 4
			}
			if got := p.Run(c); got != Action(want) {
				t.Errorf("%v: ld [%d] is %#x, want %#x", a, off, uint32(got), want)
			}
		}
	}
}

func TestDivisionByZero(t *testing.T) {
	p, err := New([]bpf.Insn{stmt(bpf.LdImm, 7), stmt(bpf.Div|bpf.SrcX, 0), stmt(bpf.RetK, allow)}, arch.X86_64)
	if err != nil {
		t.Fatal(err)
	}
	path, got := p.Trace(Call{})
	if got != KillThread || fmt.Sprint(path) != "[0 1]" {
		t.Errorf("%v by %v, want %v by [0 1]", got, path, KillThread)
	}
}
