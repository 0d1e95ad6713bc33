package bpf

import (
	"fmt"
	"testing"
)

func TestString(t *testing.T) {
	for _, row := range []struct {
		in   Insn
		want string
	}{
		{Insn{Code: LdAbs, K: 20}, "ld [20]"},
		{Insn{Code: LdImm, K: 5}, "ld #0x5"},
		{Insn{Code: LdxImm, K: 1 << 31}, "ldx #0x80000000"},
		{Insn{Code: LdMem, K: 3}, "ld M[3]"},
		{Insn{Code: LdxMem, K: 15}, "ldx M[15]"},
		{Insn{Code: LdLen, K: 7}, "ld len"},
		{Insn{Code: LdxLen}, "ldx len"},
		{Insn{Code: St, K: 1}, "st M[1]"},
		{Insn{Code: Stx, K: 2}, "stx M[2]"},
		{Insn{Code: Tax}, "tax"},
		{Insn{Code: Txa}, "txa"},
		{Insn{Code: Add, K: 1}, "add #0x1"},
		{Insn{Code: Sub | SrcX, K: 1}, "sub x"},
		{Insn{Code: Mul, K: 10}, "mul #0xa"},
		{Insn{Code: Div | SrcX}, "div x"},
		{Insn{Code: Or, K: 8}, "or #0x8"},
		{Insn{Code: And, K: 0xff}, "and #0xff"},
		{Insn{Code: Lsh, K: 4}, "lsh #0x4"},
		{Insn{Code: Rsh | SrcX}, "rsh x"},
		{Insn{Code: Xor, K: 1}, "xor #0x1"},
		{Insn{Code: Neg, K: 4}, "neg"},
		{Insn{Code: Jeq, Jf: 7, K: 0xc000003e}, "jeq #0xc000003e, 0, 7"},
		{Insn{Code: Jgt | SrcX, Jt: 1, Jf: 2, K: 3}, "jgt x, 1, 2"},
		{Insn{Code: Jge, Jt: 255, K: 3}, "jge #0x3, 255, 0"},
		{Insn{Code: Jset, Jt: 255, K: 3}, "jset #0x3, 255, 0"},
		{Insn{Code: Ja, K: 300}, "ja 300"},
		{Insn{Code: RetK, K: 0x7fff0000}, "ret #0x7fff0000"},
		{Insn{Code: RetA, K: 1}, "ret a"},
		{Insn{Code: 0x94, Jt: 1, Jf: 2, K: 3}, "refused 0x94, 1, 2, 0x3"},
		{Insn{Code: 0x0d}, "refused 0x0d, 0, 0, 0x0"},
		{Insn{Code: 0xffff, K: 3}, "refused 0xffff, 0, 0, 0x3"},
	} {
		if got := row.in.String(); got != row.want {
			t.Errorf("%#v reads %q, want %q", row.in, got, row.want)
		}
	}
}

func ExampleList() {
	prog := []Insn{
		{Code: LdAbs, K: OffArch},
		{Code: Jeq, Jt: 0, Jf: 7, K: 0xc000003e},
		{Code: LdAbs, K: OffNr},
		{Code: Jeq, Jt: 1, Jf: 0, K: 1},
		{Code: Ja, K: 4},
		{Code: LdAbs, K: 16},
		{Code: Jeq, Jt: 3, Jf: 0, K: 2},
		{Code: Jeq, Jt: 2, Jf: 1, K: 0xffffffff},
		{Code: Jeq | SrcX, Jt: 0, Jf: 0},
		{Code: RetK, K: 0x80000000},
		{Code: RetK, K: 0x7fff0000},
	}
	symbol := func(pc int) string {
		if pc == 7 {
			return "$log_fd"
		}
		return ""
	}
	note := func(pc int) string {
		switch pc {
		case 3:
			return "write"
		case 10:
			return "allow"
		}
		return ""
	}
	fmt.Print(List(prog, symbol, note))
	// Output:
	// l0:  ld [4]
	// l1:  jeq #0xc000003e, l2, l9
	// l2:  ld [0]
	// l3:  jeq #0x1, l5, l4                ; write
	// l4:  ja l9
	// l5:  ld [16]
	// l6:  jeq #0x2, l10, l7
	// l7:  jeq #$log_fd, l10, l9
	// l8:  jeq x, l9, l9
	// l9:  ret #0x80000000
	// l10: ret #0x7fff0000                 ; allow
}
