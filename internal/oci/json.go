package oci

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/tileseal/tileseal/internal/gen"
)

// A node is a JSON value that knows where it stands in its file.
type node struct {
	off    int
	value  any      // string, json.Number, bool, nil; '{' or '[' for the two below
	keys   []*node  // of an object: strings
	elems  []*node  // of an object, one a key; of an array
	reader *textual // for messages
}

// A textual is a file being read and what is wrong with it.
type textual struct {
	name string
	text []byte
	errs gen.ErrorList
}

func (t *textual) fail(off int, format string, args ...any) {
	t.errs = append(t.errs, &gen.Error{Pos: t.pos(off), Msg: fmt.Sprintf(format, args...)})
}

func (t *textual) pos(off int) gen.Pos {
	before := t.text[:min(off, len(t.text))]
	return gen.Pos{File: t.name, Line: bytes.Count(before, []byte("\n")) + 1, Col: len(before) - bytes.LastIndexByte(before, '\n')}
}

// tree reads the one JSON value of the file. It is nil after an error.
func (t *textual) tree() *node {
	d := json.NewDecoder(bytes.NewReader(t.text))
	d.UseNumber()
	n, err := t.node(d)
	off := t.skip(int(d.InputOffset()))
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return n
		}
		err = errors.New("something follows the end of the JSON value")
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		off, err = len(t.text), errors.New("the file ends in the middle of a JSON value")
	}
	t.fail(off, "%v", err)
	return nil
}

// node reads one value.
func (t *textual) node(d *json.Decoder) (*node, error) {
	off := t.skip(int(d.InputOffset()))
	tok, err := d.Token()
	if err != nil {
		return nil, err
	}
	n := &node{off: off, value: tok, reader: t}
	delim, ok := tok.(json.Delim)
	if !ok {
		return n, nil
	}
	n.value = rune(delim)
	for d.More() {
		if delim == '{' {
			key, err := t.node(d)
			if err != nil {
				return nil, err
			}
			if n.get(key.text()) != nil {
				t.fail(key.off, "%q stands twice in one object", key.text())
			}
			n.keys = append(n.keys, key)
		}
		elem, err := t.node(d)
		if err != nil {
			return nil, err
		}
		n.elems = append(n.elems, elem)
	}
	_, err = d.Token() // the closing one
	return n, err
}

// skip is the offset of the value at or after off.
func (t *textual) skip(off int) int {
	for off < len(t.text) && strings.IndexByte(" \t\r\n,:", t.text[off]) >= 0 {
		off++
	}
	return off
}

func (n *node) fail(format string, args ...any) { n.reader.fail(n.off, format, args...) }

func (n *node) pos() gen.Pos { return n.reader.pos(n.off) }

// text is the string n is, or "".
func (n *node) text() string {
	s, _ := n.value.(string)
	return s
}

// get is the value of a key of an object, or nil.
func (n *node) get(key string) *node {
	for i, k := range n.keys {
		if k.text() == key && i < len(n.elems) {
			return n.elems[i]
		}
	}
	return nil
}

// has reports whether an object has a value for a key. null is none.
func (n *node) has(key string) bool {
	v := n.get(key)
	return v != nil && v.value != nil
}

// fields calls the function for each key an object has. Other keys are
// errors, and so is anything but an object.
func (n *node) fields(what string, known map[string]func(*node)) {
	if n.value != '{' {
		n.fail("%s is an object", what)
		return
	}
	for i, k := range n.keys {
		read, ok := known[k.text()]
		switch {
		case !ok:
			k.fail("%s has no field %q", what, k.text())
		case n.elems[i].value != nil && read != nil:
			read(n.elems[i])
		}
	}
}

// each calls f for each element of an array.
func (n *node) each(what string, f func(*node)) {
	if n.value != '[' {
		n.fail("%s is an array", what)
		return
	}
	for _, e := range n.elems {
		f(e)
	}
}

// str is a string that must not be empty; "" after an error.
func (n *node) str(what string) string {
	s, ok := n.value.(string)
	if !ok || s == "" {
		n.fail("%s is a string that is not empty", what)
	}
	return s
}

// number is an integer from 0 to limit.
func (n *node) number(what string, limit uint64) uint64 {
	s, ok := n.value.(json.Number)
	v, err := strconv.ParseUint(string(s), 10, 64)
	if !ok || err != nil || v > limit {
		n.fail("%s is a whole number from 0 to %d", what, limit)
		return 0
	}
	return v
}

// oneOf looks a string up among names.
func oneOf[T any](n *node, what string, names map[string]T) (v T) {
	s := n.str(what)
	v, ok := names[s]
	if s != "" && !ok {
		all := make([]string, 0, len(names))
		for name := range names {
			all = append(all, name)
		}
		slices.Sort(all)
		n.fail("there is no %s %q; there are %s", what, s, strings.Join(all, ", "))
	}
	return v
}
