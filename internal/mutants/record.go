package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/tileseal/tileseal/internal/trust"
)

// A result is what became of the mutants of a package.
type result struct {
	*suite
	mutants  []*mutant
	verdicts []verdict // on each of these
}

// count is how many mutants had an outcome.
func (r *result) count(outcome string) int {
	n := 0
	for _, v := range r.verdicts {
		if v.Outcome == outcome {
			n++
		}
	}
	return n
}

// valid is how many mutants compiled.
func (r *result) valid() int { return len(r.mutants) - r.count(invalid) }

func (r *result) took() time.Duration {
	var sum time.Duration
	for _, v := range r.verdicts {
		sum += v.Took
	}
	return sum
}

func (r *result) String() string {
	return fmt.Sprintf("%s: %d mutants (%d more do not compile), killed by quick tests %d, slow %d, timed out %d, survived %d; %v",
		r.dir, r.valid(), r.count(invalid), r.count("quick"), r.count("slow"), r.count(timedOut), r.count(survived), r.took().Round(time.Second))
}

// errOpen ends the command when the report has said why.
var errOpen = errors.New("there are survivors without an explanation, or explanations without a survivor")

// judge holds the survivors against the explanations.
func (s *session) judge(results []*result) error {
	open := false
	seen := map[string]bool{}
	for _, r := range results {
		for i, m := range r.mutants {
			seen[m.file.name] = true
			if r.verdicts[i].Outcome == survived && explain(s.explains, m) == nil {
				before, after := m.lines()
				fmt.Fprintf(s.out, "\nsurvived, line %d:\n%s\n- %s\n+ %s\n", m.line, m.file.name, before, after)
				open = true
			}
		}
	}
	for _, e := range s.explains {
		if seen[e.file] && !e.used {
			fmt.Fprintf(s.out, "\nexplained, but no survivor:\n%s\n- %s\n+ %s\n", e.file, e.before, e.after)
			open = true
		}
	}
	if open {
		return errOpen
	}
	return nil
}

const about = `A test is worth what it notices. Gremlins lists what can be changed in the code by one token: < to <=, == to !=,
&& to ||, + to -, break to continue and the like. Each mutant is compiled in place of the file, and meets the tests of its
package: first the quick ones, then, if it lives, those that start children or take a second, in their short form where they
have one. What lives through them either has an explanation in ` + "`internal/mutants/explained.txt`" + `, or is a hole in the tests,
and fails the command. Mutants that do not compile are not counted; one whose tests do not end counts as noticed.`

// record saves docs/trust/mutants.json.
func (s *session) record(ctx context.Context, results []*result) error {
	version, err := gremlinsVersion(ctx, s.root)
	if err != nil {
		return fmt.Errorf("the version of gremlins: %w", err)
	}
	rec := trust.New("Mutants of our own code", "make mutants", about)
	s.tally(rec, results)
	rec.Notes = append(rec.Notes,
		fmt.Sprintf("The mutants are those of all operators of Gremlins %s.", version),
		"Verdicts are kept between runs: a mutant is tried again when its declaration changes, and one that survived also when a test of its package does.")
	return rec.Save(s.root, "mutants")
}

// tally fills in the tables and what they come to.
func (s *session) tally(rec *trust.Record, results []*result) {
	counts := trust.Table{Head: []string{"package", "mutants", "noticed by quick tests", "by slow tests", "timed out", "survived, explained", "survived"}}
	lived := trust.Table{Title: "The survivors:", Head: []string{"line", "change", "why no test can tell, or need not"}}
	var valid, explained, open int
	var took time.Duration
	for _, r := range results {
		rows, mine := s.survivors(r)
		lived.Rows = append(lived.Rows, rows...)
		row := []string{"`" + r.dir + "`"}
		for _, n := range []int{r.valid(), r.count("quick"), r.count("slow"), r.count(timedOut), mine, len(rows) - mine} {
			row = append(row, strconv.Itoa(n))
		}
		counts.Rows = append(counts.Rows, row)
		valid, explained, open, took = valid+r.valid(), explained+mine, open+len(rows)-mine, took+r.took()
	}
	rec.Took = fmt.Sprintf("%v, the times of all mutants added up", took.Round(time.Second))
	rec.Result = fmt.Sprintf("%d mutants: %d noticed, %s explained, %d not", valid, valid-explained-open, survivors(explained), open)
	rec.Tables = []trust.Table{counts, lived}
}

func survivors(n int) string {
	if n == 1 {
		return "1 survivor"
	}
	return fmt.Sprintf("%d survivors", n)
}

// survivors are the rows of a package's, and how many have an explanation.
func (s *session) survivors(r *result) (rows [][]string, explained int) {
	for i, m := range r.mutants {
		if r.verdicts[i].Outcome != survived {
			continue
		}
		reason := "**not known yet**"
		if e := explain(s.explains, m); e != nil {
			reason = e.reason
			explained++
		}
		before, _ := m.lines()
		rows = append(rows, []string{fmt.Sprintf("`%s`: `%s`", m.file.name, before), fmt.Sprintf("`%s` to `%s`", m.from, m.to), reason})
	}
	return rows, explained
}
