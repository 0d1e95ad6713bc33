//go:build linux

package main

import (
	"fmt"
	"strings"

	"github.com/tileseal/tileseal/goruntime/baseline"
)

// A report is what was found with one release.
type report struct {
	goVersion toolchain
	benches   []*bench // by GOARCH
}

// drifted reports whether some run was not as it should be.
func (r report) drifted() bool {
	for _, b := range r.benches {
		for _, res := range b.results {
			if len(res.faults)+len(res.missing) > 0 {
				return true
			}
		}
	}
	return false
}

// summary says in Markdown how the runs went.
func summary(reports []report, kernel string) (string, error) {
	var s strings.Builder
	fmt.Fprintf(&s, `# What Go programs were seen to call

Written by `+"`make runtime-baseline`"+` (command goruntime/measure) on Linux %s. Each run is a program that works under the policy of its levels, killed for
any other call, on all threads; "outside" counts the calls that a recorder saw outside of these levels.

| release | arch | level set | ended | seconds | outside | rounds |
|---|---|---|---|---|---|---|
`, kernel)
	for _, rep := range reports {
		for _, b := range rep.benches {
			for _, r := range b.results {
				end := r.ended
				if r.withouts != "" {
					end += fmt.Sprintf(" (without %s: %s)", strings.Join(r.run.lack, ", "), r.withouts)
				}
				fmt.Fprintf(&s, "| %s | %s | %s | %s | %.1f | %d | %s |\n",
					b.release(), b.goarch, r.run.set, end, r.seconds, len(r.missing), r.rounds)
			}
		}
	}
	if err := needs(&s, reports); err != nil {
		return "", err
	}
	problems(&s, reports)
	return s.String(), nil
}

// needs says what removal showed.
func needs(s *strings.Builder, reports []report) error {
	s.WriteString(`
## Removal

Each row of a level was taken out, value by value, answers by an errno too; "needed" counts those without which a run was killed.

| release | arch | level | values | needed | not triggered |
|---|---|---|---|---|---|
`)
	for _, rep := range reports {
		for _, b := range rep.benches {
			for _, level := range baseline.Names() {
				if err := b.need(s, level); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// need is the line of one level.
func (b *bench) need(s *strings.Builder, level string) error {
	t, err := readTable(level, b.arch)
	if err != nil || !b.ran(level) {
		return err
	}
	all, not := 0, []string{}
	for _, e := range t.entries {
		for _, a := range t.atoms(e) {
			if all++; b.needed[part{level, a}] == "" {
				not = append(not, string(a))
			}
		}
	}
	fmt.Fprintf(s, "| %s | %s | %s | %d | %d | %s |\n", b.release(), b.goarch, level, all, all-len(not), strings.Join(not, "; "))
	return nil
}

// release is the Go release of b as tables have it, as in "1.26.8".
func (b *bench) release() string { return strings.TrimPrefix(string(b.goVersion), "go") }

// problems says what was not as it should be, and what could not be done.
func problems(s *strings.Builder, reports []report) {
	var lines []string
	for _, rep := range reports {
		for _, b := range rep.benches {
			at := fmt.Sprintf("- %s %s: ", b.release(), b.goarch)
			for _, r := range b.results {
				for _, f := range r.faults {
					lines = append(lines, at+r.run.set+": "+f)
				}
				for _, m := range r.missing {
					lines = append(lines, at+r.run.set+": outside: "+m)
				}
			}
			for _, why := range b.skipped {
				lines = append(lines, at+"not done: "+why)
			}
		}
	}
	if len(lines) > 0 {
		fmt.Fprintf(s, "\n## Exceptions\n\n%s\n", strings.Join(lines, "\n"))
	}
}
