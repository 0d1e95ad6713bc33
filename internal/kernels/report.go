package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tileseal/tileseal/internal/kernels/console"
)

// A report is what came of all targets.
type report struct{ results []*result }

// text tells of a result in a few lines; of a failure, with what was printed last.
func (res *result) text() string {
	name := res.target.name
	if res.skipped != nil {
		return fmt.Sprintf("SKIP %s: %v", name, res.skipped)
	}
	var lines []string
	if err := res.problem(); err != nil {
		lines = append(lines, fmt.Sprintf("FAIL %s: %v", name, err))
	}
	for _, row := range res.rows() {
		lines = append(lines, fmt.Sprintf("%s %s jit %s: %d tests, %d calls struck under %d programs",
			row.verdict(), name, row.jit, row.passed, row.calls, row.programs))
		for _, line := range row.failures {
			lines = append(lines, "\t"+line)
		}
	}
	return strings.Join(append(lines, fmt.Sprintf("%s: %v", name, res.took.Round(time.Second))), "\n")
}

// A row is what one target showed with the kernel's compiler on, off or absent.
type row struct {
	jit             string
	passed          int // tests
	calls, programs int
	failures        []string
}

func (r *row) verdict() string {
	if len(r.failures) > 0 {
		return "FAIL"
	}
	return "pass"
}

// rows sums up the runs of a target.
func (res *result) rows() []*row {
	if res.log == nil {
		return nil
	}
	var rows []*row
	for _, run := range res.log.Runs {
		i := slices.IndexFunc(rows, func(r *row) bool { return r.jit == run.JIT })
		if i < 0 {
			i = len(rows)
			rows = append(rows, &row{jit: run.JIT})
		}
		rows[i].add(&run, res.tests[[2]string{run.Package, run.GOARCH}])
	}
	return rows
}

func (r *row) add(run *console.Run, want wanted) {
	r.passed += run.Passed()
	r.calls += run.Calls
	r.programs += run.Programs
	if err := run.Check(want.tests, want.partly); err != nil {
		r.failures = append(r.failures, fmt.Sprintf("%s for %s: %v", run.Package, run.GOARCH, err))
		const enough = 60
		r.failures = append(r.failures, run.Output[max(0, len(run.Output)-enough):]...)
	}
}

// problem is what kept the target from being tried to the end: an error, a test
// binary that was to run and did not, or no test at all.
func (res *result) problem() error {
	if res.err != nil || res.skipped != nil {
		return res.err
	}
	ran := map[[2]string]bool{}
	for _, run := range res.log.Runs {
		ran[[2]string{run.Package, run.GOARCH}] = true
	}
	for what := range res.tests {
		if !ran[what] {
			return fmt.Errorf("%s for %s did not run", what[0], what[1])
		}
	}
	if !slices.ContainsFunc(res.rows(), func(r *row) bool { return r.passed > 0 }) {
		return errors.New("no test passed")
	}
	return nil
}

// failed reports whether anything did; a skip is no failure, and no success.
func (r *report) failed() bool {
	return slices.ContainsFunc(r.results, func(res *result) bool { return res.verdict() == "FAIL" })
}

func (res *result) verdict() string {
	bad := func(r *row) bool { return len(r.failures) > 0 }
	switch {
	case res.skipped != nil:
		return "SKIP"
	case res.problem() != nil || slices.ContainsFunc(res.rows(), bad):
		return "FAIL"
	}
	return "pass"
}

// count counts the targets that a verdict was given of.
func (r *report) count(verdict string) (n int) {
	for _, res := range r.results {
		if res.verdict() == verdict {
			n++
		}
	}
	return n
}

// summary counts the targets.
func (r *report) summary() string {
	return fmt.Sprintf("%d targets: %d passed, %d failed, %d skipped", len(r.results), r.count("pass"), r.count("FAIL"), r.count("SKIP"))
}

// markdown is the report as a table, a row for each pass over a target's tests.
func (r *report) markdown() string {
	var b strings.Builder
	b.WriteString("| Target | GOARCH | Kernel | JIT | Programs | Calls struck | Tests | Result |\n|---|---|---|---|---|---|---|---|\n")
	for _, res := range r.results {
		t := res.target
		line := func(kernel, jit, programs, calls, tests, verdict any) {
			fmt.Fprintf(&b, "| %s | %s | %v | %v | %v | %v | %v | %v |\n", t.name, strings.Join(t.goarchs(), ", "), kernel, jit, programs, calls, tests, verdict)
		}
		rows := res.rows()
		for _, row := range rows {
			line(res.log.Release, row.jit, row.programs, row.calls, row.passed, row.verdict())
		}
		if res.skipped != nil {
			line("", "", "", "", "", "SKIP: "+firstLine(res.skipped))
		} else if err := res.problem(); err != nil {
			line(res.kernel.pkg, "", "", "", "", "FAIL: "+firstLine(err))
		}
	}
	return b.String()
}

// firstLine is enough of an error for a cell of a table.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return strings.ReplaceAll(line, "|", "\\|")
}
