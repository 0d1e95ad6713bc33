package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A module of one package, whose tests leave holes on purpose.
var module = map[string]string{
	"go.mod": "module example\n\ngo 1.26\n",
	"scale/scale.go": `package scale

func Level(n int) int {
	for n > 3 {
		n -= 2
	}
	if n > 2 {
		n = 2
	}
	return n + len([]int{})
}

func Word() string { return "a" + "b" }
`,
	"scale/scale_test.go": `package scale

import "testing"

func TestLevel(t *testing.T) {
	for _, n := range []int{0, 1, 2} {
		if Level(n) != n {
			t.Error(n)
		}
	}
}

func TestSlow(t *testing.T) {
	if Level(5) != 2 {
		t.Error(5)
	}
}
`,
}

func writeModule(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "scale"), 0o777); err != nil {
		t.Fatal(err)
	}
	for name, text := range module {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestTry(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a test binary a mutant")
	}
	root := writeModule(t)
	s, err := readFile(root, "scale/scale.go")
	if err != nil {
		t.Fatal(err)
	}
	try := &trier{suite: &suite{dir: "scale", slow: []string{"^TestSlow"}}, root: root}
	if err := try.measure(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range try.limits {
		try.limits[i] = 5 * time.Second
	}
	for _, row := range []struct {
		operator  string
		line, col int
		want, by  string
	}{
		{"CONDITIONALS_NEGATION", 4, 8, timedOut, ""},
		{"CONDITIONALS_NEGATION", 7, 7, "quick", "TestLevel"},
		{"CONDITIONALS_BOUNDARY", 4, 8, "slow", "TestSlow"},
		{"ARITHMETIC_BASE", 10, 11, survived, ""},
		{"ARITHMETIC_BASE", 13, 33, invalid, ""},
	} {
		m, err := s.replace(row.operator, row.line, row.col)
		if err != nil {
			t.Fatal(err)
		}
		v, err := try.try(t.Context(), m)
		if err != nil || v.Outcome != row.want || v.By != row.by {
			t.Errorf("%v: %+v, %v; want %s by %s", m, v, err, row.want, row.by)
		}
	}
}

// Tests that fail on the code as it is say nothing about mutants.
func TestMeasure(t *testing.T) {
	root := writeModule(t)
	file := filepath.Join(root, "scale", "scale.go")
	try := &trier{suite: &suite{dir: "scale", slow: []string{"^TestSlow"}}, root: root}
	for _, text := range []string{"package scale\n\nfunc Level(n int) int { return 1 }\n", "package scale\n\nfunc\n"} {
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := try.measure(t.Context()); err == nil {
			t.Errorf("no error with\n%s", text)
		}
	}
}

// A run that is broken off leaves no verdict.
func TestBrokenOff(t *testing.T) {
	root := writeModule(t)
	s, err := readFile(root, "scale/scale.go")
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.replace("CONDITIONALS_BOUNDARY", 7, 7)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if v, err := (&trier{suite: &suite{dir: "scale"}, root: root}).try(ctx, m); err == nil {
		t.Errorf("verdict %+v", v)
	}
}

func TestCache(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	c, err := newCache()
	if err != nil {
		t.Fatal(err)
	}
	m, err := source1(t, scale).replace("CONDITIONALS_BOUNDARY", 5, 10)
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := c.load(m, "a"); ok {
		t.Errorf("%+v before there is one", v)
	}
	for _, row := range []struct {
		outcome, tests string
		holds          bool
	}{
		{survived, "a", true}, {survived, "b", false}, {"slow", "b", true}, {timedOut, "b", true}, {invalid, "b", true},
	} {
		if err := c.save(m, verdict{Outcome: row.outcome, Tests: "a"}); err != nil {
			t.Fatal(err)
		}
		if v, ok := c.load(m, row.tests); ok != row.holds || v.Outcome != row.outcome {
			t.Errorf("%s with tests %s: %+v, %v", row.outcome, row.tests, v, ok)
		}
	}
}
