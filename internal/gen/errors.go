package gen

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Pos is a place in a policy file. Columns count bytes from 1.
type Pos struct {
	File string
	Line int
	Col  int
}

func (p Pos) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col) }

// An Error is one thing wrong with a policy, or worth a warning.
type Error struct {
	Pos     Pos
	Msg     string
	Warning bool // the policy still compiles

	archs string // architectures it is about, which Msg goes on with
	rest  string // and what follows them
}

func (e *Error) Error() string {
	msg := e.Msg + e.archs + e.rest
	if e.Warning {
		msg = "warning: " + msg
	}
	return e.Pos.String() + ": " + msg
}

// An ErrorList is everything found in one reading, in the order of the text.
type ErrorList []*Error

func (l ErrorList) Error() string {
	lines := make([]string, len(l))
	for i, e := range l {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Err is l as an error: nil unless something in it is more than a warning.
func (l ErrorList) Err() error {
	for _, e := range l {
		if !e.Warning {
			return l
		}
	}
	return nil
}

func (l *ErrorList) add(pos Pos, format string, args ...any) {
	*l = append(*l, &Error{Pos: pos, Msg: fmt.Sprintf(format, args...)})
}

func (l *ErrorList) warn(pos Pos, format string, args ...any) {
	*l = append(*l, &Error{Pos: pos, Msg: fmt.Sprintf(format, args...), Warning: true})
}

// onArch adds an error about one architecture; sorted joins it with the same
// error about others.
func (l *ErrorList) onArch(pos Pos, a, msg, rest string) {
	*l = append(*l, &Error{Pos: pos, Msg: msg, archs: a, rest: rest})
}

// sorted puts l in the order of the text and drops repetitions, which come
// from reading one text for several architectures.
func (l ErrorList) sorted() ErrorList {
	slices.SortStableFunc(l, func(a, b *Error) int {
		return cmp.Or(strings.Compare(a.Pos.File, b.Pos.File),
			a.Pos.Line-b.Pos.Line, a.Pos.Col-b.Pos.Col, strings.Compare(a.Msg, b.Msg))
	})
	var out ErrorList
	for _, e := range l {
		if len(out) > 0 && out[len(out)-1].absorbs(e) {
			continue
		}
		out = append(out, e)
	}
	return out
}

// absorbs reports whether e says what next says, after making it speak of
// next's architecture too.
func (e *Error) absorbs(next *Error) bool {
	if e.Pos != next.Pos || e.Msg != next.Msg || e.Warning != next.Warning || e.rest != next.rest {
		return false
	}
	if next.archs != "" && !slices.Contains(strings.Split(e.archs, ", "), next.archs) {
		e.archs += ", " + next.archs
	}
	return true
}
