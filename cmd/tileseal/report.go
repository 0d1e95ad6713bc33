package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/tileseal/tileseal/internal/gen"
)

// report writes an error, those of a policy with the line and a caret under
// the place.
func report(w io.Writer, err error) {
	var list gen.ErrorList
	if !errors.As(err, &list) {
		fmt.Fprintf(w, "tileseal: %v\n", err)
		return
	}
	for _, e := range list {
		fmt.Fprintln(w, e)
		if line, ok := sourceLine(e.Pos); ok {
			fmt.Fprintf(w, "\t%s\n\t%s^\n", line, indent(line, e.Pos.Col))
		}
	}
}

func sourceLine(p gen.Pos) (string, bool) {
	text, err := os.ReadFile(p.File)
	if err != nil {
		return "", false
	}
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(text)), "\n")
	if p.Line < 1 || p.Line > len(lines) || strings.TrimSpace(lines[p.Line-1]) == "" {
		return "", false
	}
	return lines[p.Line-1], true
}

// indent is the white space as wide as the columns before col.
func indent(line string, col int) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, line[:min(col-1, len(line))])
}
