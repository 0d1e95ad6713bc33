package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tileseal/tileseal/internal/trust"
)

// recordName is the record's name in docs/trust.
const recordName = "kernels"

// columns of the record. A row is one pass over the tests of a set, on one target.
var columns = []string{"Target", "GOARCH", "Kernel", "Programs", "JIT", "Form", "Struck under", "Calls struck", "Tests", "Date", "Result"}

// Places in a row.
const (
	colTarget = iota
	colGOARCH
	colKernel
	colSet
	colJIT
	colForm
	colPrograms
	colCalls
	colTests
	colDate
	colResult
)

// The sets of suites that a record is kept of, by what they are about; their order is
// the table's.
var sets = []struct{ packages, about string }{
	{"default", "strict"},
	{"go", "for Go"},
}

// setOf is what the tests of these packages are about. A record of a choice of tests
// would look like one of all of them, so there is none.
func setOf(packages, run string) (string, error) {
	for _, set := range sets {
		if packages == set.packages && run == "" {
			return set.about, nil
		}
	}
	return "", errors.New("a record is of all tests of -package default or of -package go, and with -run or other packages there is none")
}

// keep puts a result into the record, as soon as there is one: those of other
// targets may take an hour.
func (s *session) keep(res *result) error {
	if s.set == "" {
		return nil
	}
	s.printing.Lock()
	defer s.printing.Unlock()
	old, err := trust.Load(s.root, recordName)
	if err != nil {
		return err
	}
	r := newRecord()
	if old != nil {
		r.Tables[0].Rows = old.Tables[0].Rows
	}
	r.Tables[0].Rows = merge(r.Tables[0].Rows, s.recordRows(res, time.Now()))
	r.Result = sum(r.Tables[0].Rows)
	if err := r.Save(s.root, recordName); err != nil {
		return err
	}
	return writeREADME(s.root, r.Tables[0].Rows)
}

func newRecord() *trust.Record {
	r := trust.New("Real kernels", "go run ./internal/kernels -target all -build-kernels -record",
		`Kernels of Debian's boot in QEMU, without any hardware's help, and run this module's tests as programs of their architecture, with
the kernel's compiler of filters (JIT) on and off.

"strict" are the tests of packages policy, internal/kerneltest and, on amd64, arm64 and 386, install: every program of package
policy is judged by the kernel, package vm and the policy's meaning on the same calls, and struck with calls that have to return
and calls that have to end in SIGSYS, those of another architecture and of x32 among them. The full form judges ten times as
many calls of a program's rules as the short one, and strikes the calls of every rule; the short form does that for one program in ten,
and strikes those of one rule under the others.

"for Go" are the tests of package gotile, which judge and strike one program in ten in either form, and every tile's
work done by a Go program under its own filter, the runtime under stress; in the short form that is one tile in ten.`)
	r.Tables = []trust.Table{{Head: columns}}
	r.Notes = notes
	return r
}

// notes are what the rows do not say.
var notes = []string{
	"A row's date is that of its own run: targets may be tried one at a time.",
	"Struck under: the different programs, those for foreign architectures included; some policies have the same program.",
	"The names of targets ending in -built are kernels built from Debian's source package in the smallest configuration that will do: Debian has no big-endian ones for mips64 and ppc64.",
	"GOARCH=mips is not tried: Go programs for it hang at random on the kernel built for mips64, without any filter.",
	"On loong64 one Go program in sixty dies when it starts, filter or no filter, of an error of QEMU 10.0 or the kernel with floating point: the tests are run again. One guest of 2026-11-29 ended in its second pass, with nothing on its console that says why; a later one is on record.",
	"Debian's kernels for s390x have no compiler of filters, so there is one pass.",
}

// recordRows are a result as the record has it, a row for each pass; one if the
// target could not be tried, or not to its end.
func (s *session) recordRows(res *result, now time.Time) [][]string {
	t := res.target
	row := func(kernel, jit, form, programs, calls, tests, verdict string) []string {
		return []string{t.name, strings.Join(t.goarchs(), ", "), kernel, s.set, jit, form, programs, calls, tests, now.Format(time.DateOnly), verdict}
	}
	var rows [][]string
	if res.log != nil {
		for _, r := range res.rows() {
			rows = append(rows, row(res.log.Release, r.jit, s.form(r.jit), strconv.Itoa(r.programs), strconv.Itoa(r.calls), strconv.Itoa(r.passed), r.verdict()))
		}
	}
	switch err := res.problem(); {
	case res.skipped != nil:
		rows = append(rows, row("", "", "", "", "", "", "skip: "+firstLine(res.skipped)))
	case err != nil:
		rows = append(rows, row(res.kernel.pkg, "", "", "", "", "", "FAIL: "+firstLine(err)))
	}
	return rows
}

// form is how much the tests of a pass do.
func (b *builder) form(jit string) string {
	if b.short || jit == "off" && !b.full {
		return "short"
	}
	return "full"
}

// merge puts a target's new rows in the place of its old ones. A skip says nothing
// of the kernel, and replaces no row but another skip.
func merge(old, rows [][]string) [][]string {
	if len(rows) == 0 {
		return old
	}
	same := func(r []string) bool {
		return r[colTarget] == rows[0][colTarget] && r[colSet] == rows[0][colSet]
	}
	tried := func(r []string) bool { return same(r) && !skipped(r) }
	if skipped(rows[0]) && slices.ContainsFunc(old, tried) {
		return old
	}
	all := append(slices.DeleteFunc(slices.Clone(old), same), rows...)
	slices.SortStableFunc(all, func(a, b []string) int {
		if d := targetIndex(a[colTarget]) - targetIndex(b[colTarget]); d != 0 {
			return d
		}
		return setIndex(a[colSet]) - setIndex(b[colSet])
	})
	return all
}

func skipped(row []string) bool { return strings.HasPrefix(row[colResult], "skip") }

func targetIndex(name string) int {
	return slices.IndexFunc(targets, func(t *target) bool { return t.name == name })
}

func setIndex(about string) int {
	for i, set := range sets {
		if set.about == about {
			return i
		}
	}
	return len(sets)
}

// sum is the record in one line.
func sum(rows [][]string) string {
	tried, failed, skips := map[string]bool{}, map[string]bool{}, map[string]bool{}
	goarchs := map[string]bool{}
	calls := 0
	for _, r := range rows {
		if skipped(r) {
			skips[r[colTarget]] = true
			continue
		}
		tried[r[colTarget]] = true
		for goarch := range strings.SplitSeq(r[colGOARCH], ", ") {
			goarchs[goarch] = true
		}
		if r[colResult] != "pass" {
			failed[r[colTarget]] = true
		}
		n, _ := strconv.Atoi(r[colCalls])
		calls += n
	}
	return fmt.Sprintf("%d kernels, programs of %d architectures of Go: %d calls struck; %d kernels failed, %d skipped",
		len(tried), len(goarchs), calls, len(failed), len(skips))
}
