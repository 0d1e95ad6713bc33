package program

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
)

// A branch is a conditional jump by name; swap means that bpf_asm has it for
// the reverse of the opcode.
type branch struct {
	code uint16
	swap bool
}

var branches = map[string]branch{
	"jeq": {bpf.Jeq, false}, "jneq": {bpf.Jeq, true}, "jne": {bpf.Jeq, true},
	"jgt": {bpf.Jgt, false}, "jle": {bpf.Jgt, true},
	"jge": {bpf.Jge, false}, "jlt": {bpf.Jge, true},
	"jset": {bpf.Jset, false},
}

var arithmetic = map[string]uint16{
	"add": bpf.Add, "sub": bpf.Sub, "mul": bpf.Mul, "div": bpf.Div, "or": bpf.Or, "and": bpf.And,
	"lsh": bpf.Lsh, "rsh": bpf.Rsh, "xor": bpf.Xor,
}

var alone = map[string]uint16{"tax": bpf.Tax, "txa": bpf.Txa, "neg": bpf.Neg}

// instruction reads one, its word being w.
func (a *assembler) instruction(w field, in *prove.Insn, ops []field) {
	want := func(n int) {
		if len(ops) != n {
			a.fail(w.off, "%s takes %s, found %d", w.text, map[int]string{0: "no operand", 1: "one operand"}[n], len(ops))
		}
	}
	b, isBranch := branches[w.text]
	code, isArithmetic := arithmetic[w.text]
	lone, isAlone := alone[w.text]
	switch {
	case isBranch:
		a.branch(w, b, in, ops)
	case isArithmetic:
		want(1)
		in.Code = code
		a.operand(ops[0], in)
	case isAlone:
		want(0)
		in.Code = lone
	case w.text == "ja" || w.text == "jmp":
		want(1)
		in.Code = bpf.Ja
		a.target(ops[0], 1<<32-1, func(in *prove.Insn, skip uint32) { in.K = skip }, in)
	case w.text == "ret":
		want(1)
		if in.Code = bpf.RetK; ops[0].text == "a" || ops[0].text == "%a" {
			in.Code = bpf.RetA
			return
		}
		a.immediate(ops[0], in)
	default:
		if _, ok := loads[w.text]; !ok {
			a.fail(w.off, "%q is no instruction seccomp takes", w.text)
		}
		want(1)
		a.load(w.text, ops[0], in)
	}
}

// branch reads the operands of a conditional jump: what to compare with, where to
// go if it is so, and where to go if not, which may be left out.
func (a *assembler) branch(w field, b branch, in *prove.Insn, ops []field) {
	if len(ops) != 2 && len(ops) != 3 {
		a.fail(w.off, "write it as: %s #NUMBER, LABEL, LABEL", w.text)
	}
	in.Code = b.code
	a.operand(ops[0], in)
	taken := func(in *prove.Insn, skip uint32) { in.Jt = uint8(skip) }
	not := func(in *prove.Insn, skip uint32) { in.Jf = uint8(skip) }
	if b.swap {
		taken, not = not, taken
	}
	a.target(ops[1], 255, taken, in)
	if len(ops) == 3 {
		a.target(ops[2], 255, not, in)
	}
}

// operand is X or a number.
func (a *assembler) operand(f field, in *prove.Insn) {
	if f.text == "x" || f.text == "%x" {
		in.Code |= bpf.SrcX
		return
	}
	a.immediate(f, in)
}

// A loadForm is the opcodes a load or store has by what it loads.
type loadForm struct{ imm, abs, mem, length int }

const none = -1

var loads = map[string]loadForm{
	"ld": {bpf.LdImm, bpf.LdAbs, bpf.LdMem, bpf.LdLen}, "ldi": {bpf.LdImm, none, none, none},
	"ldx": {bpf.LdxImm, none, bpf.LdxMem, bpf.LdxLen}, "ldxi": {bpf.LdxImm, none, none, none},
	"st": {none, none, bpf.St, none}, "stx": {none, none, bpf.Stx, none},
}

var inBrackets = regexp.MustCompile(`^(M?)\[\s*(\w+)\s*\]$`)

func (a *assembler) load(word string, f field, in *prove.Insn) {
	form := loads[word]
	code := none
	switch m := inBrackets.FindStringSubmatch(f.text); {
	case m != nil:
		if code = form.abs; m[1] != "" {
			code = form.mem
		}
		in.K = uint32(a.number(field{m[2], f.off + strings.Index(f.text, m[2])}, 32))
	case f.text == "len":
		code = form.length
	case strings.HasPrefix(f.text, "#"):
		if code = form.imm; code != none {
			a.immediate(f, in)
		}
	}
	if code == none {
		a.fail(f.off, "%s does not take %q", word, f.text)
	}
	in.Code = uint16(code)
}

var (
	parameter = regexp.MustCompile(`^\$([A-Za-z_]\w*)(>>32)?$`)
	sorting   = regexp.MustCompile(`^sort\((.*)\)\[(\d+)\]$`)
)

// immediate reads #NUMBER, #$PARAMETER, #$PARAMETER>>32 or
// #sort($A, $B, NUMBER)[INDEX].
func (a *assembler) immediate(f field, in *prove.Insn) {
	text, ok := strings.CutPrefix(f.text, "#")
	if !ok {
		a.fail(f.off, "%q: an operand begins with #, as in #0x3", f.text)
	}
	f = field{text, f.off + 1}
	if m := parameter.FindStringSubmatch(text); m != nil {
		in.Slot = &prove.Slot{Param: a.out.paramIndex(m[1]), High: m[2] != ""}
		return
	}
	m := sorting.FindStringSubmatchIndex(text)
	if m == nil {
		v, bad := a.env.value(f.text)
		if bad != nil {
			a.fail(f.off+bad.Off, "%v", bad)
		}
		in.K = v
		return
	}
	in.Slot = &prove.Slot{}
	for _, x := range operands(field{text[m[2]:m[3]], f.off + m[2]}) {
		o := rule.Operand{Param: -1}
		if p := parameter.FindStringSubmatch(x.text); p != nil && p[2] == "" {
			o.Param = a.out.paramIndex(p[1])
		} else {
			o.Value = a.number(x, 32)
		}
		in.Slot.Sort = append(in.Slot.Sort, o)
	}
	var err error
	if in.Slot.Index, err = strconv.Atoi(text[m[4]:m[5]]); err != nil || in.Slot.Index >= len(in.Slot.Sort) {
		a.fail(f.off+m[4], "%s: of %d there is 0 to %d", text[m[4]:m[5]], len(in.Slot.Sort), len(in.Slot.Sort)-1)
	}
}
