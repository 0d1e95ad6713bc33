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

// explainedFile has a paragraph for each: the file, the line as it is behind "- ",
// as it becomes behind "+ ", and the reason, over as many lines as it takes. Lines
// that start with # are remarks.
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
		if len(lines) < 4 || !strings.HasPrefix(lines[1], "- ") || !strings.HasPrefix(lines[2], "+ ") {
			return nil, fmt.Errorf("%s: %q: want a file, a line with -, one with +, and a reason", explainedFile, lines[0])
		}
		all = append(all, &explanation{
			file: lines[0], before: lines[1][2:], after: lines[2][2:],
			reason: strings.Join(lines[3:], " "),
		})
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
