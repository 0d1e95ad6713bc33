package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// An explanation says why a survivor changes nothing that a test could see. It
// names the mutant by texts, which stay when lines move.
type explanation struct {
	file          string
	before, after string // the line
	reason        string
	used          bool
}

// explainedFile has a paragraph for each reason: the file, the line as it is behind
// "- ", as it becomes behind "+ ", as many such pairs as the reason holds for, and
// the reason, over as many lines as it takes. Lines that start with # are remarks.
const explainedFile = "internal/mutants/explained.txt"

func readExplanations(root string) ([]*explanation, error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(explainedFile)))
	if err != nil {
		return nil, err
	}
	return parseExplanations(string(text))
}

func parseExplanations(text string) ([]*explanation, error) {
	var all []*explanation
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		var lines []string
		for line := range strings.Lines(paragraph) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				lines = append(lines, line)
			}
		}
		if len(lines) == 0 {
			continue
		}
		var pairs []*explanation
		reason := lines[1:]
		for len(reason) > 2 && strings.HasPrefix(reason[0], "- ") && strings.HasPrefix(reason[1], "+ ") {
			pairs = append(pairs, &explanation{file: lines[0], before: reason[0][2:], after: reason[1][2:]})
			reason = reason[2:]
		}
		if pairs == nil || strings.HasPrefix(reason[0], "- ") || strings.HasPrefix(reason[0], "+ ") {
			return nil, fmt.Errorf("%s: %q: want a file, lines with - and + in turn, and a reason", explainedFile, lines[0])
		}
		for _, e := range pairs {
			e.reason = strings.Join(reason, " ")
		}
		all = append(all, pairs...)
	}
	return all, nil
}

// explain finds the explanation of a mutant, or nil.
func explain(all []*explanation, m *mutant) *explanation {
	before, after := m.lines()
	for _, e := range all {
		if e.file == m.file.name && e.before == before && e.after == after {
			e.used = true
			return e
		}
	}
	return nil
}
