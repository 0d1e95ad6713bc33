package gen

import (
	"slices"
	"strings"
)

// A clause is one form of a condition as it is laid out: a node with the comments
// around it.
type clause struct {
	text   string    // of an atom, quotes included
	list   []*clause // of a list, else nil
	above  []string  // comments before it
	beside string    // the comment behind it
	below  []string  // of a list: those before its closing parenthesis
}

// A clauseReader reads the condition of an entry that is known to be well
// formed.
type clauseReader struct {
	text  string
	off   int
	marks []mark  // not yet taken
	last  *clause // what a comment would be behind
}

// readClause reads the condition that begins at off or later.
func readClause(text string, off int, marks []mark) *clause {
	r := &clauseReader{text: text, off: off, marks: marks}
	f, _ := r.next()
	r.take(len(text))
	f.lift()
	return f
}

// take hands out the comments before off: those behind something to that, the
// others to the caller.
func (r *clauseReader) take(off int) (above []string) {
	for len(r.marks) > 0 && r.marks[0].off <= off {
		m := r.marks[0]
		r.marks = r.marks[1:]
		if m.own || r.last == nil || r.last.beside != "" {
			above = append(above, m.text)
		} else {
			r.last.beside = m.text
		}
	}
	return above
}

// next reads one form, or the comments before a closing parenthesis.
func (r *clauseReader) next() (f *clause, below []string) {
	for strings.IndexByte(" \t\n\r\v\f", r.text[r.off]) >= 0 {
		r.off++
	}
	above, start := r.take(r.off), r.off
	switch r.text[start] {
	case ')':
		r.off++
		return nil, above
	case '(':
		f = r.readList()
	case '"':
		for r.off++; r.text[r.off] != '"'; r.off++ {
			if r.text[r.off] == '\\' {
				r.off++
			}
		}
		r.off++
		f = &clause{text: oneLine(r.text[start:r.off])}
	default:
		n := strings.IndexAny(r.text[start:]+" ", " \t\n\r\v\f()")
		r.off += n
		f = &clause{text: r.text[start:r.off]}
	}
	f.above = append(above, f.above...)
	r.last = f
	return f, nil
}

func (r *clauseReader) readList() *clause {
	f := &clause{list: []*clause{}}
	r.last = nil
	for r.off++; ; {
		c, below := r.next()
		if c == nil {
			f.below = below
			break
		}
		f.list = append(f.list, c)
	}
	if len(f.list) > 0 { // nothing can stand before an operator
		f.above, f.list[0].above = f.list[0].above, nil
	}
	return f
}

// lift moves a comment behind the last form of a list behind the list, which
// ends on the same line.
func (f *clause) lift() {
	for _, c := range f.list {
		c.lift()
	}
	if len(f.list) == 0 {
		return
	}
	last := f.list[len(f.list)-1]
	switch {
	case last.beside == "":
	case f.beside == "" && f.below == nil:
		f.beside, last.beside = last.beside, ""
	case f.below == nil:
		f.below, last.beside = []string{last.beside}, ""
	}
}

// remarked reports whether there are comments inside of f.
func (f *clause) remarked() bool {
	return f.below != nil || slices.ContainsFunc(f.list, func(c *clause) bool {
		return c.above != nil || c.beside != "" || c.remarked()
	})
}

// op is the operator of a list.
func (f *clause) op() string {
	if len(f.list) == 0 {
		return ""
	}
	return f.list[0].text
}

// junction reports whether f joins conditions, each of which can have a line of
// its own.
func (f *clause) junction() bool {
	switch f.op() {
	case "and", "or":
		return len(f.list) > 2
	case "not":
		return len(f.list) == 2 && f.list[1].junction()
	}
	return false
}

// breaks reports whether f may be broken where it is too long.
func (f *clause) breaks() bool {
	switch f.op() {
	case "in":
		return len(f.list) > 2
	case "not":
		return len(f.list) == 2 && f.list[1].breaks()
	}
	return f.junction()
}

// String is f on one line.
func (f *clause) String() string {
	if f.list == nil {
		return f.text
	}
	words := make([]string, len(f.list))
	for i, c := range f.list {
		words[i] = c.String()
	}
	return "(" + strings.Join(words, " ") + ")"
}
