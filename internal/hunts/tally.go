package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tileseal/tileseal/internal/trust"
)

// A tally is what became of tests.
type tally struct {
	packages []string // that had tests
	rows     []*row
	at       map[string]*row // by package and test
	failed   []string        // tests and packages, with what was printed
}

// A row is a test or a subtest.
type row struct {
	pkg, test string
	outcome   string // pass, fail, skip
	took      time.Duration
	figures   []string
	output    []string
	parent    bool // it has subtests
}

// add counts an event.
func (all *tally) add(e event) {
	pkg := strings.TrimPrefix(e.Package, trust.Module)
	if e.Test == "" {
		if e.Action == "fail" && !slices.ContainsFunc(all.rows, func(r *row) bool { return r.pkg == pkg && r.outcome == "fail" }) {
			all.failed = append(all.failed, pkg)
		}
		return
	}
	r := all.row(pkg, e.Test)
	switch e.Action {
	case "attr":
		r.figures = append(r.figures, e.Key+" "+grouped(e.Value))
	case "output":
		r.output = append(r.output, e.Output)
	case "pass", "fail", "skip":
		r.outcome, r.took = e.Action, time.Duration(e.Elapsed*float64(time.Second))
		if e.Action == "fail" {
			all.failed = append(all.failed, pkg+" "+e.Test+"\n"+strings.Join(r.output[max(0, len(r.output)-20):], ""))
		}
	}
}

// row finds the row of a test.
func (all *tally) row(pkg, test string) *row {
	key := pkg + " " + test
	if r := all.at[key]; r != nil {
		return r
	}
	if all.at == nil {
		all.at = map[string]*row{}
	}
	r := &row{pkg: pkg, test: test}
	all.at[key] = r
	all.rows = append(all.rows, r)
	if !slices.Contains(all.packages, pkg) {
		all.packages = append(all.packages, pkg)
	}
	if i := strings.LastIndexByte(test, '/'); i >= 0 {
		all.row(pkg, test[:i]).parent = true
	}
	return r
}

// below are a test's cases: its subtests that have none, or itself.
func (all *tally) below(r *row) (cases []*row) {
	for _, x := range all.rows {
		if x.pkg == r.pkg && !x.parent && (x == r || strings.HasPrefix(x.test, r.test+"/")) {
			cases = append(cases, x)
		}
	}
	return cases
}

func count(rows []*row, outcome string) (n int) {
	for _, r := range rows {
		if r.outcome == outcome {
			n++
		}
	}
	return n
}

// cases are all of the tests' cases.
func (all *tally) cases() []*row {
	return slices.DeleteFunc(slices.Clone(all.rows), func(r *row) bool { return r.parent })
}

// result is the tally in one line.
func (all *tally) result() string {
	cases := all.cases()
	unfinished := len(cases) - count(cases, "pass") - count(cases, "fail") - count(cases, "skip")
	line := fmt.Sprintf("%s passed, %d failed, %d skipped", grouped(fmt.Sprint(count(cases, "pass"))), count(cases, "fail"), count(cases, "skip"))
	if unfinished > 0 {
		line += fmt.Sprintf(", %d did not end", unfinished)
	}
	return line
}

// table has a row for each test and for each subtest that has figures; if there are
// many packages, one for each package.
func (all *tally) table() trust.Table {
	const many = 5
	if len(all.packages) > many {
		return all.byPackage()
	}
	t := trust.Table{Head: []string{"package", "test", "cases passed", "failed", "skipped", "took", "figures"}}
	for _, r := range all.rows {
		cases := all.below(r)
		own := len(r.figures) > 0
		ofSubtests := slices.ContainsFunc(cases, func(x *row) bool { return x != r && len(x.figures) > 0 })
		if !own && (ofSubtests || strings.Contains(r.test, "/")) {
			continue
		}
		t.Rows = append(t.Rows, []string{
			r.pkg, r.test, fmt.Sprint(count(cases, "pass")), fmt.Sprint(count(cases, "fail")), fmt.Sprint(count(cases, "skip")),
			r.took.Round(100 * time.Millisecond).String(), strings.Join(r.figures, ", "),
		})
	}
	return t
}

func (all *tally) byPackage() trust.Table {
	t := trust.Table{Head: []string{"package", "cases passed", "failed", "skipped"}}
	for _, pkg := range slices.Sorted(slices.Values(all.packages)) {
		cases := slices.DeleteFunc(all.cases(), func(r *row) bool { return r.pkg != pkg })
		t.Rows = append(t.Rows, []string{pkg, fmt.Sprint(count(cases, "pass")), fmt.Sprint(count(cases, "fail")), fmt.Sprint(count(cases, "skip"))})
	}
	return t
}

// skips are the cases that were skipped, by test and the reason they gave: what was
// not shown.
func (all *tally) skips() (notes []string) {
	type skip struct{ pkg, test, reason string }
	var order []skip
	cases := map[skip]int{}
	for _, r := range all.cases() {
		if r.outcome != "skip" {
			continue
		}
		test, _, _ := strings.Cut(r.test, "/")
		k := skip{r.pkg, test, r.reason()}
		if cases[k]++; cases[k] == 1 {
			order = append(order, k)
		}
	}
	for _, k := range order {
		notes = append(notes, fmt.Sprintf("skipped: %s %s (%d): %s", k.pkg, k.test, cases[k], k.reason))
	}
	return notes
}

// reason is what a test printed last of its own, without the place.
func (r *row) reason() string {
	for _, line := range slices.Backward(r.output) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "===") || strings.HasPrefix(line, "---") || line == "" {
			continue
		}
		if _, text, ok := strings.Cut(line, ".go:"); ok {
			_, line, _ = strings.Cut(text, ": ")
		}
		return line
	}
	return "no reason given"
}

func (all *tally) err() error {
	if len(all.rows) == 0 {
		return errors.New("no test ran")
	}
	if len(all.failed) > 0 {
		return fmt.Errorf("failed:\n%s", strings.Join(all.failed, "\n"))
	}
	return nil
}

// grouped sets commas into a whole number of five digits or more.
func grouped(s string) string {
	if len(s) < 5 || strings.Trim(s, "0123456789") != "" {
		return s
	}
	head := (len(s)-1)%3 + 1
	b := s[:head]
	for i := head; i < len(s); i += 3 {
		b += "," + s[i:i+3]
	}
	return b
}
