package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
)

// A place is where a block that does not run is, without the line's number,
// which changes with every line before it.
type place struct{ file, fn, text string }

// A reason is an explanation: why a block does not run.
type reason struct {
	place
	why  string
	line int // in explained.txt
}

// parseReasons reads explained.txt: explanations with a blank line after each,
// of a line "file function", the first line of the block, and the reason.
// Lines that begin with # are comments.
func parseReasons(text string) ([]reason, error) {
	var list []reason
	var lines []string
	first := 0
	flush := func() error {
		if len(lines) == 0 {
			return nil
		}
		words := strings.Fields(lines[0])
		if len(words) != 2 || len(lines) < 3 {
			return fmt.Errorf("explained.txt:%d: not three lines: file and function, the block's first line, the reason", first)
		}
		list = append(list, reason{place{words[0], words[1], lines[1]}, strings.Join(lines[2:], " "), first})
		lines = nil
		return nil
	}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "#"):
		case line == "":
			if err := flush(); err != nil {
				return nil, err
			}
		default:
			if len(lines) == 0 {
				first = n
			}
			lines = append(lines, line)
		}
	}
	return list, flush()
}

// notRun lists the blocks that do not run, each with its function and text.
func notRun(root string, blocks []block) ([]block, error) {
	var list []block
	sources := map[string][]byte{}
	for _, b := range blocks {
		if b.ran || b.statements == 0 {
			continue
		}
		src, known := sources[b.file]
		if !known {
			var err error
			if src, err = os.ReadFile(filepath.Join(root, filepath.FromSlash(b.file))); err != nil {
				return nil, err
			}
			sources[b.file] = src
		}
		var err error
		if b.fn, err = function(src, b.line); err != nil {
			return nil, fmt.Errorf("%s: %w", b.file, err)
		}
		if b.text, err = firstLine(src, b); err != nil {
			return nil, fmt.Errorf("%s: %w", b.file, err)
		}
		list = append(list, b)
	}
	return list, nil
}

// function names the declaration that a line is in: "Exec", "(*program).load".
func function(src []byte, line int) (string, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", src, parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	for _, d := range f.Decls {
		fd, ok := d.(*ast.FuncDecl)
		if !ok || line < fset.Position(fd.Pos()).Line || line > fset.Position(fd.End()).Line {
			continue
		}
		if fd.Recv == nil {
			return fd.Name.Name, nil
		}
		typ := fd.Recv.List[0].Type
		text := string(src[fset.Position(typ.Pos()).Offset:fset.Position(typ.End()).Offset])
		if strings.HasPrefix(text, "*") {
			text = "(" + text + ")"
		}
		return text + "." + fd.Name.Name, nil
	}
	return "", fmt.Errorf("line %d is in no function", line)
}

// firstLine is the line of a block's first statement, as it is in the file.
func firstLine(src []byte, b block) (string, error) {
	lines := bytes.Split(src, []byte("\n"))
	if b.line < 1 || b.endLine > len(lines) || b.col < 1 || b.col-1 > len(lines[b.line-1]) {
		return "", errors.New("the profile is of another version of the file")
	}
	for n := b.line; n <= b.endLine; n++ {
		line := lines[n-1]
		rest := line
		if n == b.line {
			rest = line[b.col-1:] // from the brace or the colon on
		}
		code, _, _ := strings.Cut(string(rest), "//")
		if strings.Trim(code, "{:}, \t\r") != "" {
			return strings.TrimSpace(string(line)), nil
		}
	}
	return "", fmt.Errorf("there is nothing in the block at line %d", b.line)
}

// explain finds to each block its reason. Each reason is for one block: where two
// of a function read alike, there are two.
func explain(open []block, reasons []reason) (why map[int]string, problems []string) {
	why = map[int]string{}
	used := make([]bool, len(reasons))
	for i, b := range open {
		for j, r := range reasons {
			if !used[j] && r.place == (place{b.file, b.fn, b.text}) {
				used[j], why[i] = true, r.why
				break
			}
		}
		if why[i] == "" {
			problems = append(problems, fmt.Sprintf("%s:%d: %s: does not run, and explained.txt does not say why: %s", b.file, b.line, b.fn, b.text))
		}
	}
	for j, r := range reasons {
		if !used[j] {
			problems = append(problems, fmt.Sprintf("explained.txt:%d: explains what runs, or is not there: %s %s: %s", r.line, r.file, r.fn, r.text))
		}
	}
	return why, problems
}
