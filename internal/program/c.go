package program

import (
	"regexp"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/prove"
)

var cOpening = regexp.MustCompile(`\{|\bBPF_(STMT|JUMP)\b`)

// looksLikeC reports whether a text has initialisers.
func looksLikeC(text []byte) bool { return cOpening.Match(blank(text)) }

var (
	comments     = regexp.MustCompile(`(?s)/\*.*?(\*/|$)|//[^\n]*|"(\\.|[^"\\\n])*"`)
	directives   = regexp.MustCompile(`(?m)^[ \t]*#[ \t]*(include|define|undef|if|ifdef|ifndef|else|elif|endif|error|pragma)\b([^\n\\]|\\\n|\\.)*`)
	conditionals = regexp.MustCompile(`(?m)^[ \t]*(#)[ \t]*(?:if|ifdef|ifndef|else|elif|endif)\b`)
)

// blank is C with comments, strings and directives as white space, so that all
// else stays in its place.
func blank(text []byte) []byte {
	return directives.ReplaceAllFunc(comments.ReplaceAllFunc(text, spaces), spaces)
}

// spaces is white space in place of a text, in as many lines.
func spaces(b []byte) []byte {
	out := make([]byte, len(b))
	for i := range b {
		if out[i] = ' '; b[i] == '\n' {
			out[i] = '\n'
		}
	}
	return out
}

// A cReader collects the instructions of an array in C.
type cReader struct {
	name, text string // blanked
	names      names
	out        Program
	array      int   // where the array of the instructions begins; -1: bare initialisers
	end        int   // of the last instruction
	branches   []int // where there are directives such as #if
}

// readC reads initialisers of struct sock_filter: {0x20, 0, 0, 4}, the same with
// .code, .jt, .jf and .k, BPF_STMT(code, k) and BPF_JUMP(code, k, jt, jf). They
// are in one array, or in none. Anything else among them, such as a macro of the
// text's own or an #if, is an error: what it stands for would be missing.
func readC(name, text string, a arch.Arch) (p *Program, err error) {
	c := &cReader{name: name, text: string(blank([]byte(text))), names: names{a}}
	for _, m := range conditionals.FindAllSubmatchIndex(comments.ReplaceAllFunc([]byte(text), spaces), -1) {
		c.branches = append(c.branches, m[2])
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *Error:
			p, err = nil, r
		default:
			panic(r)
		}
	}()
	c.read()
	if len(c.out.Insns) == 0 {
		return nil, &Error{Name: name, Line: 1, Col: 1, Msg: "there is no instruction; write one as { 0x20, 0, 0, 4 } or BPF_STMT(BPF_LD|BPF_W|BPF_ABS, 4)"}
	}
	return &c.out, nil
}

func (c *cReader) fail(off int, format string, args ...any) {
	panic(textError(c.name, c.text, off, format, args...))
}

// A brace is one that is open.
type brace struct {
	off    int
	nested bool // there are others within
}

// read goes through the text once, by braces and macros.
func (c *cReader) read() {
	var open []brace
	array := func(depth int) int {
		if depth == 0 {
			return -1
		}
		return open[depth-1].off
	}
	for i := 0; i < len(c.text); i++ {
		switch {
		case c.text[i] == '{':
			if len(open) > 0 {
				open[len(open)-1].nested = true
			}
			open = append(open, brace{off: i})
		case c.text[i] == '}':
			n := len(open) - 1
			if n < 0 {
				c.fail(i, "this closes nothing")
			}
			if b := open[n]; !b.nested {
				c.group(field{c.text[b.off+1 : i], b.off + 1}, array(n))
			} else if len(c.out.Insns) > 0 && b.off == c.array {
				c.between(c.end, i)
			}
			open = open[:n]
		case strings.HasPrefix(c.text[i:], "BPF_"):
			m := macro.FindStringSubmatchIndex(c.text[i:])
			if m == nil || i > 0 && isWord(c.text[i-1]) {
				continue
			}
			if len(open) > 0 {
				open[len(open)-1].nested = true
			}
			end := c.closing(i + m[1])
			c.macro(c.text[i+m[2]:i+m[3]], i, operands(field{c.text[i+m[1] : end], i + m[1]}), end+1, array(len(open)))
			i = end
		}
	}
	if len(open) > 0 {
		c.fail(open[len(open)-1].off, "this is not closed")
	}
	if len(c.out.Insns) > 0 && c.array < 0 {
		c.between(c.end, len(c.text))
	}
}

// between is what may stand between two instructions.
var between = regexp.MustCompile(`^[\s,;]*(\(\s*struct\s+sock_filter\s*\)\s*)?`)

// between demands that a part of the text among the instructions, or at either
// end of them, has no more of them in a form that is not read here. Bare
// instructions may be in an #if as a whole.
func (c *cReader) between(from, to int) {
	part := c.text[from:to]
	if n := len(between.FindString(part)); n < len(part) {
		word, _, _ := strings.Cut(part[n:], "\n")
		c.fail(from+n, "%q is no instruction in a form that is known here; if it is a macro, hand over what the preprocessor makes of it (cc -E -P)", strings.TrimRight(word, " \t\r,"))
	}
	for _, at := range c.branches {
		if whole := c.array < 0 && (from == 0 || to == len(c.text)); from <= at && at <= to && !whole {
			c.fail(at, "which instructions there are is up to the preprocessor; hand over what it makes of this (cc -E -P)")
		}
	}
}

var macro = regexp.MustCompile(`^BPF_(STMT|JUMP)\s*\(`)

func isWord(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'z'
}

// closing is where the parenthesis closes that was opened before off.
func (c *cReader) closing(off int) int {
	depth := 1
	for i := off; i < len(c.text); i++ {
		switch c.text[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	c.fail(off-1, "this is not closed")
	return 0
}

var designator = regexp.MustCompile(`^\.\s*(\w+)\s*=`)

// group reads what is between two braces that have no others within.
func (c *cReader) group(f field, array int) {
	end := f.off + len(f.text) + 1
	ops := operands(f.trim())
	if n := len(ops); n > 1 && ops[n-1].text == "" {
		ops = ops[:n-1] // C allows a comma at the end
	}
	if len(ops) < 2 && !strings.Contains(f.text, ".code") || strings.Contains(f.text, ";") {
		return // {}, {0} or code
	}
	if before := strings.TrimRight(c.text[:f.off-1], " \t\r\n"); before != "" && isWord(before[len(before)-1]) {
		return // of a declaration, such as an enum
	}
	places := map[string]int{"code": 0, "jt": 1, "jf": 2, "k": 3}
	fields := [4]field{{"0", 0}, {"0", 0}, {"0", 0}, {"0", 0}}
	for i, op := range ops {
		m := designator.FindStringSubmatch(op.text)
		if m == nil {
			if len(ops) != 4 {
				c.fail(f.off-1, "an instruction has four values, code, jt, jf and k; found %d", len(ops))
			}
			fields[i] = op
			continue
		}
		place, ok := places[m[1]]
		if !ok {
			return // of another struct, such as sock_fprog
		}
		fields[place] = field{op.text[len(m[0]):], op.off + len(m[0])}.trim()
	}
	c.add(f.off-1, end, fields, array)
}

// macro reads the arguments of BPF_STMT or BPF_JUMP.
func (c *cReader) macro(which string, off int, ops []field, end, array int) {
	zero := field{"0", off}
	switch {
	case which == "STMT" && len(ops) == 2:
		c.add(off, end, [4]field{ops[0], zero, zero, ops[1]}, array)
	case which == "JUMP" && len(ops) == 4:
		c.add(off, end, [4]field{ops[0], ops[2], ops[3], ops[1]}, array)
	case which == "STMT":
		c.fail(off, "BPF_STMT takes 2 values, code and k; found %d", len(ops))
	default:
		c.fail(off, "BPF_JUMP takes 4 values, code, k, jt and jf; found %d", len(ops))
	}
}

// add appends the instruction from off to end, whose fields are code, jt, jf and
// k.
func (c *cReader) add(off, end int, fields [4]field, array int) {
	if len(c.out.Insns) == 0 {
		c.array, c.end = array, array+1
	}
	if c.array != array {
		c.fail(off, "this is an instruction of a second array; a program is one")
	}
	c.between(c.end, off)
	c.end = end
	var v [4]uint32
	for i, most := range [4]uint32{1<<16 - 1, 255, 255, 1<<32 - 1} {
		x, bad := c.names.value(fields[i].text)
		if bad != nil {
			c.fail(fields[i].off+bad.Off, "%v", bad)
		}
		if x > most {
			c.fail(fields[i].off, "%s does not fit; it is at most %d", strings.TrimSpace(fields[i].text), most)
		}
		v[i] = x
	}
	c.out.Insns = append(c.out.Insns, prove.Insn{Insn: bpf.Insn{Code: uint16(v[0]), Jt: uint8(v[1]), Jf: uint8(v[2]), K: v[3]}})
}
