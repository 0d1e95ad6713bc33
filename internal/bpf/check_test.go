package bpf

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

const (
	allow = 0x7fff0000
	kill  = 0x80000000
)

var (
	retAllow = Insn{Code: RetK, K: allow}
	retKill  = Insn{Code: RetK, K: kill}
)

// checkRows are programs whose fate is known. The kernel test holds the
// running kernel to them too.
var checkRows = []struct {
	Name string
	Prog []Insn
	Want string // the error, or "" if it is acceptable
}{
	{"empty", nil, "program is empty; the kernel wants at least one instruction"},
	{"one ret", []Insn{retAllow}, ""},
	{"ret a", []Insn{{Code: RetA}}, ""},
	{"ret x", []Insn{{Code: RetK | SrcX}}, "instruction 0 has opcode 0x0e, which seccomp does not take"},
	{"longest", long(MaxInsns), ""},
	{"too long", long(MaxInsns + 1), "program has 4097 instructions; the kernel takes at most 4096"},
	{"no ret at the end", []Insn{retAllow, {Code: LdAbs, K: 4}}, "instruction 1 (ld [4]) is the last one; a program ends with ret"},
	{"only a jump", []Insn{{Code: Ja}}, "instruction 0 jumps to 1, past the last instruction 0"},

	{"last word", []Insn{{Code: LdAbs, K: 60}, retAllow}, ""},
	{"past the data", []Insn{{Code: LdAbs, K: 64}, retAllow}, "instruction 0 loads offset 64, past struct seccomp_data of 64 bytes"},
	{"packet extension", []Insn{{Code: LdAbs, K: 0xfffff000}, retAllow}, "instruction 0 loads offset 4294963200, past struct seccomp_data of 64 bytes"},
	{"misaligned", []Insn{{Code: LdAbs, K: 18}, retAllow}, "instruction 0 loads offset 18, which is not a multiple of 4"},
	{"half word", []Insn{{Code: 0x28, K: 16}, retAllow}, "instruction 0 has opcode 0x28, which seccomp does not take"},
	{"indirect", []Insn{{Code: 0x40, K: 16}, retAllow}, "instruction 0 has opcode 0x40, which seccomp does not take"},
	{"ldx msh", []Insn{{Code: 0xb1, K: 0}, retAllow}, "instruction 0 has opcode 0xb1, which seccomp does not take"},
	{"len", []Insn{{Code: LdLen, K: 9}, {Code: LdxLen, K: 1 << 30}, retAllow}, ""},

	{"jump to the last", []Insn{{Code: Jeq, Jt: 1, Jf: 0}, retKill, retAllow}, ""},
	{"true branch leaves", []Insn{{Code: Jeq, Jt: 2}, retKill, retAllow}, "instruction 0 jumps to 3, past the last instruction 2"},
	{"false branch leaves", []Insn{{Code: Jset | SrcX, Jf: 255}, retKill, retAllow}, "instruction 0 jumps to 256, past the last instruction 2"},
	{"ja to the last", []Insn{{Code: Ja, K: 1}, retKill, retAllow}, ""},
	{"ja leaves", []Insn{{Code: Ja, K: 2}, retKill, retAllow}, "instruction 0 jumps to 3, past the last instruction 2"},
	{"ja wraps to itself", []Insn{{Code: Ja, K: 0xffffffff}, retAllow}, "instruction 0 jumps to 4294967296, past the last instruction 1"},
	{"ja wraps to the first", []Insn{retKill, {Code: Ja, K: 0xfffffffe}, retAllow}, "instruction 1 jumps to 4294967296, past the last instruction 2"},
	{"jt and jf elsewhere", []Insn{{Code: LdAbs, Jt: 200, Jf: 200}, {Code: RetK, Jt: 1, Jf: 9}}, ""},

	{"div by 0", []Insn{{Code: Div}, retAllow}, "instruction 0 divides by zero"},
	{"div by x", []Insn{{Code: Div | SrcX}, retAllow}, ""},
	{"mod", []Insn{{Code: 0x94, K: 3}, retAllow}, "instruction 0 has opcode 0x94, which seccomp does not take"},
	{"mod x", []Insn{{Code: 0x9c}, retAllow}, "instruction 0 has opcode 0x9c, which seccomp does not take"},
	{"neg x", []Insn{{Code: Neg | SrcX}, retAllow}, "instruction 0 has opcode 0x8c, which seccomp does not take"},
	{"shift 31", []Insn{{Code: Lsh, K: 31}, {Code: Rsh, K: 31}, retAllow}, ""},
	{"shift left 32", []Insn{{Code: Lsh, K: 32}, retAllow}, "instruction 0 shifts by 32; at most 31"},
	{"shift right 32", []Insn{{Code: Rsh, K: 32}, retAllow}, "instruction 0 shifts by 32; at most 31"},
	{"shift x", []Insn{{Code: Lsh | SrcX, K: 99}, retAllow}, ""},

	{"memory", []Insn{{Code: St, K: 15}, {Code: LdxMem, K: 15}, retAllow}, ""},
	{"no such word", []Insn{{Code: Stx, K: 16}, retAllow}, "instruction 0 uses M[16]; scratch memory has words 0 to 15"},
	{"never written", []Insn{{Code: LdMem, K: 3}, retAllow}, "instruction 0 reads M[3], which not every path to it has written"},
	{"written on one path", []Insn{{Code: Jeq, Jt: 1}, {Code: St}, {Code: LdMem}, retAllow}, "instruction 2 reads M[0], which not every path to it has written"},
	{"written on both paths", []Insn{{Code: Jeq, Jt: 2}, {Code: St}, {Code: Ja, K: 1}, {Code: Stx}, {Code: LdMem}, retAllow}, ""},
	{"written, but before a ret", []Insn{
		{Code: Jeq, Jt: 0, Jf: 2}, {Code: St}, {Code: Ja, K: 1}, retKill, {Code: LdMem}, retAllow,
	}, "instruction 4 reads M[0], which not every path to it has written"},

	{"fault out of reach", []Insn{retAllow, {Code: LdAbs, K: 2}, retAllow}, "instruction 1 loads offset 2, which is not a multiple of 4"},
	{"memory out of reach after ja", []Insn{{Code: Ja, K: 1}, {Code: LdMem, K: 7}, retAllow}, ""},
	{"memory out of reach after ret", []Insn{retAllow, {Code: LdMem, K: 7}, retAllow}, "instruction 1 reads M[7], which not every path to it has written"},
	// Each of these becomes five instructions of the kernel's own machine,
	// whose jumps have 16 bits: the longest jump there is.
	{"ja over divisions", append(append([]Insn{{Code: Ja, K: MaxInsns - 2}}, slices.Repeat([]Insn{{Code: Div | SrcX}}, MaxInsns-2)...), retAllow), ""},
}

func long(n int) []Insn { return slices.Repeat([]Insn{retAllow}, n) }

func TestCheck(t *testing.T) {
	for _, row := range checkRows {
		t.Run(row.Name, func(t *testing.T) {
			err := Check(row.Prog)
			if got := fmt.Sprint(err); got != row.Want && (err != nil || row.Want != "") {
				t.Fatalf("got  %v\nwant %s", err, row.Want)
			}
			var e *Error
			if err != nil && (!errors.As(err, &e) || e.PC < -1 || e.PC >= len(row.Prog)) {
				t.Fatalf("error %#v has no place in the program", err)
			}
		})
	}
}

// TestOpcodes counts the opcodes: those of seccomp_check_filter's switch.
func TestOpcodes(t *testing.T) {
	var codes []string
	for code := range 1 << 16 {
		in := Insn{Code: uint16(code), K: 1}
		prog := []Insn{{Code: St, K: 1}, in, retAllow, retAllow}
		if in.Code == LdAbs {
			prog[1].K = 0
		}
		if Check(prog) == nil {
			codes = append(codes, fmt.Sprintf("%02x", code))
		}
	}
	const want = "00 01 02 03 04 05 06 07 0c 14 15 16 1c 1d 20 24 25 2c 2d 34 35 3c 3d " +
		"44 45 4c 4d 54 5c 60 61 64 6c 74 7c 80 81 84 87 a4 ac"
	if got := strings.Join(codes, " "); got != want {
		t.Errorf("accepted opcodes\n%s\nwant\n%s", got, want)
	}
}

func TestArgWord(t *testing.T) {
	for _, row := range []struct {
		n         int
		high, big bool
		want      uint32
	}{
		{0, false, false, 16}, {0, true, false, 20}, {0, false, true, 20}, {0, true, true, 16},
		{5, false, false, 56}, {5, true, false, 60}, {5, false, true, 60}, {5, true, true, 56},
	} {
		if got := ArgWord(row.n, row.high, row.big); got != row.want {
			t.Errorf("ArgWord(%d, %v, %v) = %d, want %d", row.n, row.high, row.big, got, row.want)
		}
	}
}

// FuzzCheck: whatever the bytes, Check answers, names an instruction of the
// program, and the listing has a line for each.
func FuzzCheck(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0x20, 0, 0, 0, 4, 0, 0, 0, 0x06, 0, 0, 0, 0, 0, 0xff, 0x7f})
	f.Add([]byte{0x05, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x60, 0, 0, 0, 3, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		prog := fromBytes(data)
		var e *Error
		if err := Check(prog); err != nil && (!errors.As(err, &e) || e.PC < -1 || e.PC >= len(prog)) {
			t.Errorf("%v of %d instructions", err, len(prog))
		}
		if n := strings.Count(List(prog, nil, nil), "\n"); n != len(prog) {
			t.Errorf("%d lines for %d instructions", n, len(prog))
		}
	})
}

// fromBytes reads instructions as a little-endian kernel does.
func fromBytes(data []byte) []Insn {
	var prog []Insn
	for ; len(data) >= 8; data = data[8:] {
		prog = append(prog, Insn{
			Code: uint16(data[0]) | uint16(data[1])<<8,
			Jt:   data[2],
			Jf:   data[3],
			K:    uint32(data[4]) | uint32(data[5])<<8 | uint32(data[6])<<16 | uint32(data[7])<<24,
		})
	}
	return prog
}
