package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The table in README.md stands between these.
const (
	tableBegin = "<!-- kernels -->\n"
	tableEnd   = "<!-- /kernels -->"
)

// writeREADME puts the table of the record's rows into README.md.
func writeREADME(root string, rows [][]string) error {
	name := filepath.Join(root, "README.md")
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	head, _, tail, err := cutTable(string(text))
	if err != nil {
		return err
	}
	return os.WriteFile(name, []byte(head+readmeTable(rows)+tail), 0o666)
}

// cutTable is README.md before, in and behind the table.
func cutTable(text string) (head, table, tail string, err error) {
	head, rest, found := strings.Cut(text, tableBegin)
	table, tail, closed := strings.Cut(rest, tableEnd)
	if !found || !closed {
		return "", "", "", fmt.Errorf("README.md has no %q and %q", tableBegin, tableEnd)
	}
	return head + tableBegin, table, tableEnd + tail, nil
}

// readmeTable has a line for each kernel, with all that was tried there.
func readmeTable(rows [][]string) string {
	var b strings.Builder
	b.WriteString("| programs for | kernel | strict programs | calls struck | programs for Go | date |\n|---|---|---|--:|---|---|\n")
	for len(rows) > 0 {
		n := slices.IndexFunc(rows, func(r []string) bool { return r[colTarget] != rows[0][colTarget] })
		if n < 0 {
			n = len(rows)
		}
		b.WriteString(readmeLine(rows[:n]))
		rows = rows[n:]
	}
	return b.String()
}

// readmeLine is the line of one target, of its rows in the record.
func readmeLine(rows [][]string) string {
	var kernel, date string
	var calls []string
	for _, r := range rows {
		kernel, date = cmp.Or(kernel, r[colKernel]), max(date, r[colDate])
		if r[colSet] == sets[0].about && r[colCalls] != "" {
			calls = append(calls, r[colCalls])
		}
	}
	cells := []string{rows[0][colGOARCH], kernel, readmeResult(rows, sets[0].about), strings.Join(calls, " + "),
		readmeResult(rows, sets[1].about), date}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

// readmeResult is what came of a set, passes of one result and form together: "pass
// (JIT on; JIT off, short)" or "pass (no JIT)".
func readmeResult(rows [][]string, set string) string {
	var results []string
	with := map[string][]string{}
	for _, r := range rows {
		if r[colSet] != set {
			continue
		}
		if !slices.Contains(results, r[colResult]) {
			results = append(results, r[colResult])
		}
		switch pass := map[string]string{"on": "JIT on", "off": "JIT off", "none": "no JIT"}[r[colJIT]]; {
		case pass != "" && r[colForm] == "short":
			with[r[colResult]] = append(with[r[colResult]], pass+", short")
		case pass != "":
			with[r[colResult]] = append(with[r[colResult]], pass)
		}
	}
	for i, result := range results {
		if passes := strings.Join(with[result], "; "); passes == "JIT on, short; JIT off, short" {
			results[i] += " (short)"
		} else if passes != "" {
			results[i] += " (" + passes + ")"
		}
	}
	return strings.Join(results, ", ")
}
