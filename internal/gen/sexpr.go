package gen

import (
	"strings"
	"unicode/utf8"
)

// A node is a form of an expression: a list, or an atom.
type node struct {
	kind nodeKind
	text string // of an atom; a string without its quotes
	list []*node
	off  int // in the line
	raw  int // where the content of a string begins
}

type nodeKind int

const (
	nList nodeKind = iota
	nWord
	nString
)

// head is the word or string a list begins with, or "". Operators may be
// quoted in both upstream dialects.
func (n *node) head() string {
	if n.kind == nList && len(n.list) > 0 && n.list[0].kind != nList {
		return n.list[0].text
	}
	return ""
}

// A reader reads the forms of one logical line.
type reader struct {
	*line
	d     Dialect
	off   int
	errs  *ErrorList
	depth int
}

// maxDepth bounds the nesting of lists, so that no text overflows the stack.
const maxDepth = 200

// readExpr reads the one form that the line must hold from off on. It is nil
// if there is none, after reporting why.
func readExpr(l *line, off int, d Dialect, errs *ErrorList) *node {
	r := &reader{line: l, d: d, off: off, errs: errs}
	n, ok := r.form()
	if !ok || n == nil {
		return nil
	}
	r.space()
	if r.off == len(r.text) {
		return n
	}
	switch at := r.pos(r.off); r.text[r.off] {
	case '#':
		errs.add(at, "dialect %v has no trailing comments; put the comment on a line of its own", d)
	case ')':
		errs.add(at, "unexpected closing parenthesis; one too many")
	default:
		errs.add(at, "unexpected text after the expression; join several conditions with (and ...) or (or ...)")
	}
	return nil
}

func (r *reader) fail(off int, format string, args ...any) (*node, bool) {
	r.errs.add(r.pos(off), format, args...)
	return nil, false
}

// space skips what separates forms: white space, in EDN also commas and
// comments from a semicolon to the end of the line.
func (r *reader) space() {
	for r.off < len(r.text) {
		switch c := r.text[r.off]; {
		case strings.IndexByte(" \t\n\r\v\f", c) >= 0, c == ',' && r.d == Classic:
			r.off++
		case c == ';' && r.d == Classic:
			if n := strings.IndexByte(r.text[r.off:], '\n'); n >= 0 {
				r.off += n
			} else {
				r.off = len(r.text)
			}
		default:
			return
		}
	}
}

// form reads one form. It is nil, true before a closing parenthesis.
func (r *reader) form() (*node, bool) {
	r.space()
	if r.off == len(r.text) {
		return r.fail(len(r.text), "the expression ends in the middle; a closing parenthesis is missing")
	}
	switch off := r.off; r.text[off] {
	case '(':
		return r.listForm()
	case ')':
		if r.depth == 0 {
			return r.fail(off, "unexpected closing parenthesis; a condition is written as in (eq (arg 0) 2)")
		}
		return nil, true
	case '"':
		return r.stringForm()
	case '#':
		if r.d == Classic && strings.HasPrefix(r.text[off:], "#_") {
			return r.discard()
		}
		return r.fail(off, "unexpected #; a comment needs a line of its own in dialect %v", r.d)
	}
	return r.wordForm()
}

func (r *reader) listForm() (*node, bool) {
	n := &node{kind: nList, off: r.off}
	if r.depth++; r.depth > maxDepth {
		return r.fail(r.off, "expression is nested too deeply")
	}
	defer func() { r.depth-- }()
	r.off++
	for {
		r.space()
		if r.off == len(r.text) {
			return r.fail(n.off, "this parenthesis is never closed")
		}
		child, ok := r.form()
		if !ok {
			return nil, false
		}
		if child == nil {
			r.off++ // the closing parenthesis
			return n, true
		}
		n.list = append(n.list, child)
	}
}

// discard reads EDN's #_, which drops the form after it.
func (r *reader) discard() (*node, bool) {
	off := r.off
	r.off += 2
	n, ok := r.form()
	if ok && n == nil {
		return r.fail(off, "#_ drops the form after it, and there is none")
	}
	if !ok {
		return nil, false
	}
	return r.form()
}

func (r *reader) stringForm() (*node, bool) {
	n := &node{kind: nString, off: r.off, raw: r.off + 1}
	var b strings.Builder
	for i := r.off + 1; i < len(r.text); i++ {
		switch c := r.text[i]; c {
		case '"':
			n.text = b.String()
			r.off = i + 1
			return n, true
		case '\\':
			if i++; i == len(r.text) || strings.IndexByte(`\"`, r.text[i]) < 0 {
				return r.fail(i-1, `a string has no escapes but \\ and \"`)
			}
			b.WriteByte(r.text[i])
		default:
			b.WriteByte(c)
		}
	}
	return r.fail(n.off, "this string is never closed")
}

func (r *reader) wordForm() (*node, bool) {
	start := r.off
	for r.off < len(r.text) && !strings.ContainsRune(" \t\n\r\v\f()", rune(r.text[r.off])) {
		c := r.text[r.off]
		if r.d == Classic && (c == ',' || c == ';' || c == '"') {
			break
		}
		if r.d == Classic && !isEDNSymbol(c) {
			bad, _ := utf8.DecodeRuneInString(r.text[r.off:])
			return r.fail(r.off, "%q cannot stand in a symbol in dialect classic; quote the C expression", bad)
		}
		r.off++
	}
	return &node{kind: nWord, text: r.text[start:r.off], off: start}, true
}

func isEDNSymbol(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' ||
		strings.IndexByte("_.*+!-?$%&=:#<>@/", c) >= 0
}
