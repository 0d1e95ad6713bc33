package bpf

import (
	"fmt"
	"strings"
)

// words are bpf_asm's mnemonics (tools/bpf/bpf_exp.y) by opcode, source
// operand left out.
var words = [...]string{
	LdImm: "ld", LdAbs: "ld", LdMem: "ld", LdLen: "ld",
	LdxImm: "ldx", LdxMem: "ldx", LdxLen: "ldx",
	St: "st", Stx: "stx", Tax: "tax", Txa: "txa",
	Add: "add", Sub: "sub", Mul: "mul", Div: "div", Or: "or", And: "and",
	Lsh: "lsh", Rsh: "rsh", Neg: "neg", Xor: "xor",
	Ja: "ja", Jeq: "jeq", Jgt: "jgt", Jge: "jge", Jset: "jset",
	RetK: "ret", RetA: "ret",
}

// takesX reports whether code has a twin that works on X instead of K. neg
// works on neither, and the kernel takes one spelling of it only.
func takesX(code uint16) bool {
	switch code {
	case Add, Sub, Mul, Div, Or, And, Lsh, Rsh, Xor, Jeq, Jgt, Jge, Jset:
		return true
	}
	return false
}

// word is the mnemonic of code, or "" if seccomp takes no such opcode.
func word(code uint16) string {
	if code&SrcX != 0 && takesX(code&^SrcX) {
		code &^= SrcX
	}
	if int(code) >= len(words) {
		return ""
	}
	return words[code]
}

// branches reports whether code is a conditional jump.
func branches(code uint16) bool {
	switch code &^ SrcX {
	case Jeq, Jgt, Jge, Jset:
		return true
	}
	return false
}

// String is one instruction in the syntax of bpf_asm (tools/bpf in the kernel
// tree), but that jumps name the distances they skip: "jeq #0xc000003e, 0, 7".
// Jt and Jf of other instructions are not shown. An opcode that [Check]
// refuses reads "refused", with all four fields.
func (in Insn) String() string {
	switch {
	case branches(in.Code):
		return fmt.Sprintf("%s, %d, %d", in.text(""), in.Jt, in.Jf)
	case in.Code == Ja:
		return fmt.Sprintf("ja %d", in.K)
	}
	return in.text("")
}

// List is prog as a listing, one line an instruction, labelled l0, l1 and so
// on; jumps name the labels they go to. bpf_asm assembles it again, but for
// named operands.
//
// symbol names the operand K of instruction pc where it is not a number worth
// reading, such as "$archive_fd". note is a comment on instruction pc. Either
// may be nil, and either may answer "" for none.
func List(prog []Insn, symbol, note func(pc int) string) string {
	none := func(int) string { return "" }
	if symbol == nil {
		symbol = none
	}
	if note == nil {
		note = none
	}
	width := len(fmt.Sprintf("l%d: ", max(0, len(prog)-1)))
	var b strings.Builder
	for pc, in := range prog {
		line := fmt.Sprintf("%-*s%s", width, fmt.Sprintf("l%d:", pc), in.line(pc, symbol(pc)))
		if s := note(pc); s != "" {
			line = fmt.Sprintf("%-36s ; %s", line, s)
		}
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return b.String()
}

// line is in as instruction pc of a listing, without its label.
func (in Insn) line(pc int, symbol string) string {
	switch {
	case branches(in.Code):
		return fmt.Sprintf("%s, l%d, l%d", in.text(symbol), pc+1+int(in.Jt), pc+1+int(in.Jf))
	case in.Code == Ja:
		return fmt.Sprintf("ja l%d", uint64(pc)+1+uint64(in.K))
	}
	return in.text(symbol)
}

// text is the mnemonic and the operand.
func (in Insn) text(symbol string) string {
	w := word(in.Code)
	if w == "" {
		return fmt.Sprintf("refused %#02x, %d, %d, %#x", in.Code, in.Jt, in.Jf, in.K)
	}
	switch in.Code {
	case LdAbs:
		return fmt.Sprintf("%s [%d]", w, in.K)
	case LdMem, LdxMem, St, Stx:
		return fmt.Sprintf("%s M[%d]", w, in.K)
	case LdLen, LdxLen:
		return w + " len"
	case RetA:
		return w + " a"
	case Tax, Txa, Neg:
		return w
	}
	switch {
	case in.Code&SrcX != 0:
		return w + " x"
	case symbol != "":
		return w + " #" + symbol
	}
	return fmt.Sprintf("%s #%#x", w, in.K)
}
