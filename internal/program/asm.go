package program

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/prove"
)

// An assembler reads a listing. Labels may be used before they are defined.
type assembler struct {
	name, text string
	env        names
	out        Program
	labels     map[string]int // to the instruction each is before
	jumps      []jump
}

// A jump is a place a label was used in.
type jump struct {
	pc     int
	to     string
	off    int // of the label in the text
	assign func(in *prove.Insn, skip uint32)
	most   uint32
}

// A field is part of a line and where it is in the text.
type field struct {
	text string
	off  int
}

// readAsm reads a listing in the syntax of bpf_asm, and besides it what our own
// listings have: jumps by a number of instructions to skip, operands that are
// parameters, and insn for instructions that have no other form.
func readAsm(name, text string, arc arch.Arch) (p *Program, err error) {
	a := &assembler{name: name, text: text, env: names{arc}, labels: map[string]int{}}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *Error:
			p, err = nil, r
		default:
			panic(r)
		}
	}()
	off := 0
	for line := range strings.Lines(text) {
		code, _, _ := strings.Cut(line, ";")
		a.line(field{code, off})
		off += len(line)
	}
	if len(a.out.Insns) == 0 {
		return nil, &Error{Name: name, Line: 1, Col: 1, Msg: "there is no instruction"}
	}
	a.link()
	a.out.widen()
	return &a.out, nil
}

// fail leaves readAsm with an error.
func (a *assembler) fail(off int, format string, args ...any) {
	panic(textError(a.name, a.text, off, format, args...))
}

// trim is f without the white space around it.
func (f field) trim() field {
	left := strings.TrimLeft(f.text, " \t\r\n\f\v")
	return field{strings.TrimRight(left, " \t\r\n\f\v"), f.off + len(f.text) - len(left)}
}

var labelled = regexp.MustCompile(`^([A-Za-z_]\w*):`)

func (a *assembler) line(f field) {
	f = f.trim()
	for {
		m := labelled.FindStringSubmatch(f.text)
		if m == nil {
			break
		}
		if _, twice := a.labels[m[1]]; twice {
			a.fail(f.off, "label %s is defined twice", m[1])
		}
		a.labels[m[1]] = len(a.out.Insns)
		f = field{f.text[len(m[0]):], f.off + len(m[0])}.trim()
	}
	if f.text == "" {
		return
	}
	n := strings.IndexAny(f.text, " \t#[")
	if n < 0 {
		n = len(f.text)
	}
	word, rest := f.text[:n], field{f.text[n:], f.off + n}.trim()
	var in prove.Insn
	switch {
	case word == "insn":
		a.exact(f.off, rest, &in)
	default:
		a.instruction(field{word, f.off}, &in, operands(rest))
	}
	a.out.Insns = append(a.out.Insns, in)
}

// operands are the parts between commas, but for those in parentheses.
func operands(f field) []field {
	if f.text == "" {
		return nil
	}
	var out []field
	depth, start := 0, 0
	for i, c := range f.text {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			out = append(out, field{f.text[start:i], f.off + start}.trim())
			start = i + 1
		}
	}
	return append(out, field{f.text[start:], f.off + start}.trim())
}

// exact reads the four fields of an instruction, as in: insn 0x20, 0, 0, #0x4
func (a *assembler) exact(off int, rest field, in *prove.Insn) {
	ops := operands(rest)
	if len(ops) != 4 {
		a.fail(off, "write it as: insn CODE, JT, JF, #K")
	}
	var v [3]uint64
	for i, bits := range [3]int{16, 8, 8} {
		v[i] = a.number(ops[i], bits)
	}
	in.Code, in.Jt, in.Jf = uint16(v[0]), uint8(v[1]), uint8(v[2])
	a.immediate(ops[3], in)
}

// number reads an unsigned number of so many bits.
func (a *assembler) number(f field, bits int) uint64 {
	v, err := strconv.ParseUint(f.text, 0, bits)
	if err != nil || len(f.text) > 1 && f.text[0] == '0' && f.text[1]|0x20 != 'x' {
		a.fail(f.off, "%q is no number from 0 to %d", f.text, uint64(1)<<bits-1)
	}
	return v
}

// link puts distances in the place of labels.
func (a *assembler) link() {
	for _, j := range a.jumps {
		to, ok := a.labels[j.to]
		skip := to - j.pc - 1
		switch {
		case !ok:
			a.fail(j.off, "label %s is not defined", j.to)
		case skip < 0:
			a.fail(j.off, "%s is above; jumps go forward", j.to)
		case uint64(skip) > uint64(j.most):
			a.fail(j.off, "%s is %d instructions on; a conditional jump skips at most %d, so go by way of a ja", j.to, skip, j.most)
		}
		j.assign(&a.out.Insns[j.pc], uint32(skip))
	}
}

// target is where a jump goes: a label, or a number of instructions to skip.
func (a *assembler) target(f field, most uint32, assign func(in *prove.Insn, skip uint32), in *prove.Insn) {
	if f.text != "" && f.text[0] >= '0' && f.text[0] <= '9' {
		bits := 8
		if most > 255 {
			bits = 32
		}
		assign(in, uint32(a.number(f, bits)))
		return
	}
	if !identifier.MatchString(f.text) {
		a.fail(f.off, "%q is neither a label nor a number of instructions to skip", f.text)
	}
	a.jumps = append(a.jumps, jump{len(a.out.Insns), f.text, f.off, assign, most})
}

var identifier = regexp.MustCompile(`^[A-Za-z_]\w*$`)
