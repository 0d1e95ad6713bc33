package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/internal/trust"
)

const source = `package p

import "fmt"

func f(x int) error {
	if x > 1 {
		// why
		return fmt.Errorf("x is %d", x)
	}
	switch x {
	case 1:
		return nil
	}
	return fmt.Errorf("x")
}

type T struct{}

func (t *T) g() string { return "{g}" }
func (T) h() {
	if true { // never mind
		println()
	}
}
`

const profile = `mode: set
github.com/tileseal/tileseal/p/p.go:14.2,14.24 1 1
github.com/tileseal/tileseal/p/p.go:5.21,6.11 1 1
github.com/tileseal/tileseal/p/p.go:6.11,9.3 1 0
github.com/tileseal/tileseal/p/p.go:10.2,10.11 1 1
github.com/tileseal/tileseal/p/p.go:11.9,12.13 2 0
github.com/tileseal/tileseal/p/p.go:19.24,19.40 1 0
github.com/tileseal/tileseal/p/p.go:20.14,21.10 1 1
github.com/tileseal/tileseal/p/p.go:21.10,23.3 1 0
github.com/tileseal/tileseal/p/p.go:10.2,10.11 1 0
github.com/tileseal/tileseal/p/p.go:11.9,12.13 2 1
`

// module1 is the directory of a module with that source.
func module1(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "p"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "p", "p.go"), []byte(source), 0o666); err != nil {
		t.Fatal(err)
	}
	return root
}

func parsed(t *testing.T) []block {
	t.Helper()
	blocks, err := parseProfile(profile)
	if err != nil {
		t.Fatal(err)
	}
	return blocks
}

// A block that two processes report has run if it ran in one of them.
func TestParseProfile(t *testing.T) {
	blocks := parsed(t)
	if len(blocks) != 8 || !slices.IsSortedFunc(blocks, func(a, b block) int { return a.line*100 + a.col - b.line*100 - b.col }) {
		t.Errorf("%d blocks, want 8 in order: %+v", len(blocks), blocks)
	}
	s := add("p", blocks)
	if s.statements != 9 || s.covered != 6 || s.percent() != "66.6 %" {
		t.Errorf("%+v, %s", s, s.percent())
	}
	for _, bad := range []string{
		"github.com/tileseal/tileseal/p/p.go:5.21,6.11 1",
		"github.com/tileseal/tileseal/p/p.go",
		"github.com/other/p/p.go:5.21,6.11 1 1",
	} {
		if _, err := parseProfile("mode: set\n" + bad + "\n"); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestTooFew(t *testing.T) {
	list := tooFew([]sum{{"a", 1000, 950}, {"b", 1000, 949}, {"c", 0, 0}})
	if len(list) != 2 || !strings.HasPrefix(list[0], "b: 949 of 1000 statements run, 94.9 %; at least 95 %") || !strings.HasPrefix(list[1], "c: 0 of 0") {
		t.Errorf("%q", list)
	}
	if p := (sum{"d", 1000000, 999999}).percent(); p != "99.9 %" {
		t.Errorf("all but one of a million: %s", p)
	}
}

func TestNotRun(t *testing.T) {
	open, err := notRun(module1(t), parsed(t))
	if err != nil {
		t.Fatal(err)
	}
	want := []place{
		{"p/p.go", "f", `return fmt.Errorf("x is %d", x)`},
		{"p/p.go", "(*T).g", `func (t *T) g() string { return "{g}" }`},
		{"p/p.go", "T.h", "println()"},
	}
	var got []place
	for _, b := range open {
		got = append(got, place{b.file, b.fn, b.text})
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	for _, line := range []string{"99.1,99.2", "6.99,9.3", "16.1,16.2"} {
		blocks, err := parseProfile("github.com/tileseal/tileseal/p/p.go:" + line + " 1 0\n")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := notRun(module1(t), blocks); err == nil || !strings.HasPrefix(err.Error(), "p/p.go: ") {
			t.Errorf("a block at %s, which the file does not have: %v", line, err)
		}
	}
}

const reasons = `# comment

p/p.go f
	return fmt.Errorf("x is %d", x)
	nobody asks
	for that

p/p.go (*T).g
	func (t *T) g() string { return "{g}" }
	because`

func TestExplain(t *testing.T) {
	open, err := notRun(module1(t), parsed(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, more string
		problems   []string // their beginnings
	}{
		{"one without", "", []string{"p/p.go:21: T.h: does not run"}},
		{"each", "\n\np/p.go T.h\nprintln()\nnever", nil},
		{"of another function", "\n\np/p.go T.g\nprintln()\nnever", []string{"p/p.go:21: T.h: does not run", "explained.txt:12: explains what runs"}},
		{"one twice", "\n\np/p.go T.h\nprintln()\nnever\n\np/p.go T.h\nprintln()\nnever\n", []string{"explained.txt:16: explains what runs"}},
	} {
		list, err := parseReasons(reasons + tc.more)
		if err != nil {
			t.Fatal(err)
		}
		why, problems := explain(open, list)
		if why[0] != "nobody asks for that" || why[1] != "because" {
			t.Errorf("%s: reasons %v", tc.name, why)
		}
		same := func(have, want string) bool { return strings.HasPrefix(have, want) }
		if !slices.EqualFunc(problems, tc.problems, same) {
			t.Errorf("%s: %q, want %q", tc.name, problems, tc.problems)
		}
	}
}

// Two blocks that read alike need two reasons.
func TestExplainAlike(t *testing.T) {
	b := block{file: "a.go", fn: "f", text: "return err", line: 7}
	r := reason{place{"a.go", "f", "return err"}, "never fails", 1}
	if _, problems := explain([]block{b, b}, []reason{r}); len(problems) != 1 {
		t.Errorf("one reason for two: %q", problems)
	}
	if why, problems := explain([]block{b, b}, []reason{r, r}); len(problems) != 0 || why[1] != "never fails" {
		t.Errorf("one each: %v, %q", why, problems)
	}
}

func TestParseReasons(t *testing.T) {
	for _, bad := range []string{"a.go f\nreturn", "\n\na.go\nreturn\nwhy\n", "a.go f g\nreturn\nwhy"} {
		if _, err := parseReasons(bad); err == nil || !strings.HasPrefix(err.Error(), "explained.txt:") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// What is checked in is read, and names files that are there.
func TestExplained(t *testing.T) {
	list, err := parseReasons(explained)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		if _, err := os.Stat(filepath.Join("..", "..", filepath.FromSlash(r.file))); err != nil {
			t.Errorf("explained.txt:%d: %v", r.line, err)
		}
	}
}

func TestRecord(t *testing.T) {
	var r trust.Record
	sums := []sum{{"a", 100, 97}, {"b", 200, 200}}
	record(&r, sums, []block{{file: "a/a.go", fn: "f", text: "return err"}}, map[int]string{0: "never fails"})
	if !strings.HasPrefix(r.Result, "99.0 % of 300 statements run (no package has less than 97.0 %)") {
		t.Errorf("result: %s", r.Result)
	}
	if len(r.Tables) != 2 || !slices.Equal(r.Tables[0].Rows[0], []string{"`a`", "100", "97", "97.0 %"}) ||
		!slices.Equal(r.Tables[1].Rows[0], []string{"`a/a.go`: `f`", "`return err`", "never fails"}) {
		t.Errorf("tables: %+v", r.Tables)
	}
	record(&r, sums, nil, nil)
	if len(r.Tables) != 1 {
		t.Errorf("with nothing to explain: %+v", r.Tables)
	}
}
