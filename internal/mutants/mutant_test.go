package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

const scale = `package scale

// Level is from 0 to 3.
func Level(n int) int {
	for ; n > 3; n-- {
		if n&^7 == 0 { continue }
	}
	return -n
}

func Both(a, b bool) bool { return a && b }
`

func source1(t *testing.T, text string) *source {
	t.Helper()
	s, err := readSource("deep/scale/scale.go", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestReplace(t *testing.T) {
	s := source1(t, scale)
	for _, row := range []struct {
		operator  string
		line, col int
		want      string // of the line; or the error
	}{
		{"CONDITIONALS_BOUNDARY", 5, 10, "for ; n >= 3; n-- {"},
		{"CONDITIONALS_NEGATION", 5, 10, "for ; n <= 3; n-- {"},
		{"INCREMENT_DECREMENT", 5, 16, "for ; n > 3; n++ {"},
		{"INVERT_BITWISE", 6, 7, "if n&7 == 0 { continue }"},
		{"INVERT_LOOPCTRL", 6, 18, "if n&^7 == 0 { break }"},
		{"INVERT_NEGATIVES", 8, 9, "return +n"},
		{"INVERT_LOGICAL", 11, 38, "func Both(a, b bool) bool { return a || b }"},
		{"INVERT_LOGICAL", 5, 10, "deep/scale/scale.go:5:10: nothing that INVERT_LOGICAL replaces"},
		{"UNHEARD_OF", 5, 10, "deep/scale/scale.go:5:10: nothing that UNHEARD_OF replaces"},
		{"INVERT_LOGICAL", 12, 9, "deep/scale/scale.go has no line 12, column 9"},
	} {
		m, err := s.replace(row.operator, row.line, row.col)
		got := fmt.Sprint(err)
		if err == nil {
			var before string
			before, got = m.lines()
			if want := strings.TrimSpace(strings.Split(scale, "\n")[row.line-1]); before != want {
				t.Errorf("%s: line %q, want %q", row.operator, before, want)
			}
			if rest := strings.Replace(m.mutated(), got, before, 1); rest != scale {
				t.Errorf("%s changes more than its line:\n%s", row.operator, m.mutated())
			}
		}
		if got != row.want {
			t.Errorf("%s: %s\nwant %s", row.operator, got, row.want)
		}
	}
}

// A key is a mutant's own: it outlasts what happens to its neighbours, and no more.
func TestKey(t *testing.T) {
	at := func(text, operator, before string) string {
		s := source1(t, text)
		offset := strings.Index(text, before)
		line := 1 + strings.Count(text[:offset], "\n")
		m, err := s.replace(operator, line, offset-strings.LastIndex(text[:offset], "\n"))
		if err != nil {
			t.Fatal(err)
		}
		return m.key()
	}
	level, both := at(scale, "CONDITIONALS_BOUNDARY", "> 3"), at(scale, "INVERT_LOGICAL", "&&")
	if !strings.HasPrefix(level, "scale-") || level == both || level == at(scale, "CONDITIONALS_NEGATION", "> 3") {
		t.Errorf("keys %s and %s", level, both)
	}
	changed := strings.Replace(scale, "0 to 3", "0 to three", 1)
	if at(changed, "INVERT_LOGICAL", "&&") != both {
		t.Error("a comment above another function changes the key")
	}
	if at(changed, "CONDITIONALS_BOUNDARY", "> 3") == level {
		t.Error("a change of the declaration leaves the key")
	}
}

func TestRead(t *testing.T) {
	const report = `{"files": [
		{"file_name": "scale.go", "mutations": [
			{"type": "INVERT_LOGICAL", "status": "NOT COVERED", "line": 11, "column": 38},
			{"type": "INVERT_NEGATIVES", "status": "NOT COVERED", "line": 8, "column": 9},
			{"type": "ARITHMETIC_BASE", "status": "RUNNABLE", "line": 8, "column": 9},
			{"type": "CONDITIONALS_NEGATION", "line": 5, "column": 10},
			{"type": "CONDITIONALS_BOUNDARY", "line": 5, "column": 10}]},
		{"file_name": "testdata/other.go", "mutations": [{"type": "INVERT_LOGICAL", "line": 1, "column": 1}]}]}`
	files := map[string]*source{"scale.go": source1(t, scale)}
	all, err := read([]byte(report), "deep/scale", files)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"deep/scale/scale.go:5:10: > to <=", "deep/scale/scale.go:5:10: > to >=",
		"deep/scale/scale.go:8:9: - to +", "deep/scale/scale.go:11:38: && to ||",
	}
	var got []string
	for _, m := range all {
		got = append(got, m.String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	for _, bad := range []string{"{", strings.Replace(report, `"line": 11`, `"line": 4`, 1)} {
		if _, err := read([]byte(bad), "deep/scale", files); err == nil || !strings.Contains(err.Error(), "the report of gremlins") {
			t.Errorf("a report that cannot be: %v", err)
		}
	}
}
