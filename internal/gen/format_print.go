package gen

import (
	"strings"
	"unicode/utf8"
)

const (
	lineWidth = 80 // columns of an entry, its comments not counted
	indention = 2  // columns
)

// A printer is a text being written in its canonical form.
type printer struct {
	lines []outLine
}

// An outLine is a line of it.
type outLine struct {
	indent        int
	code, comment string // the comment behind the code, or alone
}

func (o outLine) width() int { return o.indent + utf8.RuneCountInString(o.code) }

// String is the text, with comments behind entries aligned and single blank
// lines.
func (w *printer) String() string {
	var b strings.Builder
	column, blank := 0, false
	for i, o := range w.lines {
		if o.code == "" && o.comment == "" {
			blank = b.Len() > 0
			continue
		}
		if blank {
			b.WriteByte('\n')
			blank = false
		}
		b.WriteString(strings.Repeat(" ", o.indent) + o.code)
		if o.code != "" && o.comment != "" {
			if i == 0 || !w.lines[i-1].both() {
				column = w.column(i)
			}
			b.WriteString(strings.Repeat(" ", column-o.width()))
		}
		b.WriteString(o.comment + "\n")
	}
	return b.String()
}

func (o outLine) both() bool { return o.code != "" && o.comment != "" }

// column is where the comments begin of the lines from i on that have some.
func (w *printer) column(i int) int {
	column := 0
	for ; i < len(w.lines) && w.lines[i].both(); i++ {
		column = max(column, w.lines[i].width()+1)
	}
	return column
}

func (w *printer) newline(indent int) { w.lines = append(w.lines, outLine{indent: indent}) }

func (w *printer) at() *outLine { return &w.lines[len(w.lines)-1] }

func (w *printer) write(s string) { w.at().code += s }

// above writes comments on lines of their own, before what the current line is
// for.
func (w *printer) above(comments []string) {
	for _, c := range comments {
		w.at().comment = c
		w.newline(w.at().indent)
	}
}

// beside writes a comment behind what the current line has.
func (w *printer) beside(comment string) {
	if comment != "" {
		w.at().comment = comment
	}
}

func (w *printer) fits(s string, closers int) bool {
	return w.at().width()+utf8.RuneCountInString(s)+closers <= lineWidth
}

// piece writes an entry, a comment or a blank line.
func (w *printer) piece(p piece, signature bool) {
	w.newline(0)
	if !p.isEntry() {
		if len(p.marks) > 0 {
			w.beside(p.marks[0].text)
		}
		return
	}
	head, _, hasWhen := strings.Cut(p.text, ":")
	switch first := strings.Fields(p.text)[0]; {
	case signature:
		w.words(params(p.text), p.marks, indention)
		return
	case first == "include", first == "within", first == "group", !hasWhen:
		w.words(fields(p.text), p.marks, indention)
		return
	}
	words := fields(head)
	words[len(words)-1].text += ":"
	n := 0
	when := len(p.text) - len(strings.TrimLeft(p.text[len(head)+1:], " \t\n\r\v\f"))
	for n < len(p.marks) && (p.marks[n].off <= len(head) || p.marks[n].off <= when && !p.marks[n].own) {
		n++
	}
	w.words(words, p.marks[:n], 2*indention)
	w.condition(readClause(p.text, len(head)+1, p.marks[n:]))
}

// params are the parameters of a signature, each with its comma.
func params(text string) []field {
	var out []field
	for _, f := range fields(text) {
		for i, part := range strings.SplitAfter(f.text, ",") {
			switch n := len(out); {
			case part == "":
			case part == ",", n > 0 && !strings.HasSuffix(out[n-1].text, ","):
				out[n-1].text += map[bool]string{true: part, false: " " + part}[part == ","]
			default:
				out = append(out, field{part, f.off + i})
			}
		}
	}
	return out
}

// words writes words as many to a line as fit, the later lines indented.
func (w *printer) words(words []field, marks []mark, indent int) {
	for i, f := range words {
		for len(marks) > 0 && marks[0].off <= f.off {
			w.remark(marks[0], indent)
			marks = marks[1:]
		}
		switch {
		case i == 0:
		case w.at().comment != "", !w.fits(" "+f.text, 0):
			w.newline(indent)
		default:
			w.write(" ")
		}
		w.write(f.text)
	}
	for _, m := range marks {
		w.remark(m, indent)
	}
}

// remark writes a comment between words.
func (w *printer) remark(m mark, indent int) {
	if o := w.at(); m.own && o.code != "" || o.comment != "" {
		w.newline(indent)
	}
	w.beside(m.text)
}

// condition writes that of an entry, after its head.
func (w *printer) condition(f *clause) {
	indent := w.at().indent
	if w.at().comment != "" || f.above != nil || !w.fits(" "+f.String(), 0) && !f.junction() && !f.remarked() {
		indent = indention
		w.newline(indent)
		w.above(f.above)
	} else {
		w.write(" ")
	}
	w.form(f, indent, 0)
	w.beside(f.beside)
}

// form writes f and leaves room for the parentheses that close after it. What
// is inside of it is indented more than indent.
func (w *printer) form(f *clause, indent, closers int) {
	flat := f.String()
	switch inner := f.remarked(); {
	case !inner && (w.fits(flat, closers) || !f.breaks()):
		w.write(flat)
	case f.op() == "not" && f.list[0].beside == "" && f.list[1].above == nil && f.below == nil:
		w.write("(not ")
		w.form(f.list[1], indent, closers+1)
		w.write(")")
	case f.op() == "in" && !inner:
		w.in(f, indent+indention, closers)
	default:
		w.broken(f, indent+indention, closers)
	}
}

// broken writes a list with each operand on a line of its own.
func (w *printer) broken(f *clause, indent, closers int) {
	w.write("(" + f.list[0].String())
	w.beside(f.list[0].beside)
	for i, c := range f.list[1:] {
		after := 0
		if i == len(f.list)-2 && f.below == nil {
			after = closers + 1
		}
		w.newline(indent)
		w.above(c.above)
		w.form(c, indent, after)
		w.beside(c.beside)
	}
	if f.below != nil {
		w.newline(indent)
		w.above(f.below)
	}
	w.write(")")
}

// in writes a list of values, as many to a line as fit.
func (w *printer) in(f *clause, indent, closers int) {
	w.write("(in " + f.list[1].String())
	w.newline(indent)
	for i, c := range f.list[2:] {
		after := 0
		if i == len(f.list)-3 {
			after = closers + 1
		}
		switch s := c.String(); {
		case i == 0:
			w.write(s)
		case w.fits(" "+s, after):
			w.write(" " + s)
		default:
			w.newline(indent)
			w.write(s)
		}
	}
	w.write(")")
}
