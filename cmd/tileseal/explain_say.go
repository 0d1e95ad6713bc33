package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/emit"
)

// say writes an explanation for people.
func (e *subjectAnswer) say(c *command) {
	fmt.Fprintf(c.stdout, "%s", e.Subject)
	switch n := len(e.Filters); {
	case n == 0:
		fmt.Fprintf(c.stdout, " has no seccomp filter\n")
	case n > 1:
		fmt.Fprintf(c.stdout, " has %d filters, the first installed first; of their verdicts the strictest counts\n", n)
		for _, f := range e.Filters {
			fmt.Fprintf(c.stdout, "\n%s", f.Name)
			f.say(c)
		}
	default:
		e.Filters[0].say(c)
	}
}

func (f *filterAnswer) say(c *command) {
	if f.Insns > 0 {
		fmt.Fprintf(c.stdout, ": %d instructions, proven to mean for every call:\n", f.Insns)
	} else {
		fmt.Fprintf(c.stdout, ":\n")
	}
	if f.OthersAs != "" {
		fmt.Fprintf(c.stdout, "\nCalls of architectures it does not name are judged by their numbers, as if they were of %s.\n", f.OthersAs)
	}
	for _, a := range f.Archs {
		a.say(c)
	}
	if f.Foreign != "" {
		fmt.Fprintf(c.stdout, "\nEvery call of %s: %s\n", f.others(), f.Foreign)
	}
}

// others names the architectures that are not listed.
func (f *filterAnswer) others() string {
	listed := func(name string) bool {
		return slices.ContainsFunc(f.Archs, func(a archAnswer) bool { return a.Arch == name })
	}
	switch {
	case len(f.Archs) == 0:
		return "every architecture"
	case listed(arch.X86_64.String()) && !listed(arch.X32.String()):
		return "x32 and of other architectures"
	}
	return "other architectures"
}

func (a *archAnswer) say(c *command) {
	if len(a.Calls) == 0 && a.Newer == nil {
		fmt.Fprintf(c.stdout, "\nEvery call of %s: %s\n", a.Arch, a.Default)
		return
	}
	fmt.Fprintf(c.stdout, "\nOn %s\n\n", a.Arch)
	rows := [][]string{{"CALL", "VERDICT", "LINE", "WHEN"}}
	for _, call := range a.Calls {
		rows = append(rows, call.rows()...)
	}
	rows = append(rows, []string{"any other", a.Default, "", ""})
	if a.Newer != nil {
		rows = append(rows, []string{fmt.Sprintf("above %d", a.Newer.Above), a.Newer.Action, "", "newer than the policy"})
	}
	table(c.stdout, rows)
	a.words(c)
}

// table writes rows with their columns below each other, leaving out columns
// that are empty but for the head.
func table(w io.Writer, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for i, row := range rows {
		for n, cell := range row {
			if i > 0 && cell != "" {
				widths[n] = max(widths[n], len(cell), len(rows[0][n]))
			}
		}
	}
	for _, row := range rows {
		line := ""
		for n, cell := range row {
			if widths[n] > 0 {
				line += fmt.Sprintf("%-*s  ", widths[n], cell)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
}

// rows are a call's lines of the table, one a case.
func (call *callAnswer) rows() [][]string {
	if len(call.Cases) == 0 {
		return [][]string{{call.Call, call.Verdict, "", ""}}
	}
	var rows [][]string
	name := call.Call
	for _, k := range call.Cases {
		when := k.When
		if when == "" && call.Verdict == conditional {
			when = "otherwise"
		}
		rows = append(rows, []string{name, k.Action, k.At, when})
		name = ""
	}
	return rows
}

// words are the calls with conditions, and what else there is to say.
func (a *archAnswer) words(c *command) {
	first := true
	for _, call := range a.Calls {
		if call.Verdict != conditional && len(call.Notes) == 0 {
			continue
		}
		if first {
			fmt.Fprintln(c.stdout)
			first = false
		}
		fmt.Fprintf(c.stdout, "%s.\n", call.Words)
		for _, n := range call.Notes {
			fmt.Fprintf(c.stdout, "\tnote: %s\n", n)
		}
	}
	fmt.Fprintf(c.stdout, "\nAny other call %s.\n", emit.Verb(a.otherwise))
}
