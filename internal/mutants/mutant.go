package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// A mutant is one file with one token replaced.
type mutant struct {
	file      *source
	offset    int
	line, col int
	from, to  string // tokens
}

// A source is a file that has mutants.
type source struct {
	name string // from the module's directory, with slashes
	text string

	// Where each of the declarations ends, by its offset.
	ends []int
}

func readFile(root, name string) (*source, error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		return nil, err
	}
	return readSource(name, text)
}

func readSource(name string, text []byte) (*source, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	s := &source{name: name, text: string(text)}
	for _, d := range file.Decls {
		s.ends = append(s.ends, set.Position(ast.Node(d).End()).Offset)
	}
	return s, nil
}

// declaration is the text of the one around an offset, with the comment above it,
// and where it starts.
func (s *source) declaration(offset int) (text string, start int) {
	for _, end := range s.ends {
		if offset < end {
			return s.text[start:end], start
		}
		start = end
	}
	return s.text[start:], start
}

// mutated is the text of the file with the token replaced.
func (m *mutant) mutated() string {
	return m.file.text[:m.offset] + m.to + m.file.text[m.offset+len(m.from):]
}

// lines are the line of the mutant as it is and as it becomes.
func (m *mutant) lines() (before, after string) {
	line := func(text string) string {
		start := strings.LastIndexByte(text[:m.offset], '\n') + 1
		rest, _, _ := strings.Cut(text[start:], "\n")
		return strings.TrimSpace(rest)
	}
	return line(m.file.text), line(m.mutated())
}

func (m *mutant) String() string {
	return fmt.Sprintf("%s:%d:%d: %s to %s", m.file.name, m.line, m.col, m.from, m.to)
}

// key names the mutant in the cache: by its declaration, so that a change
// elsewhere in the file does not send all of its mutants through the tests again.
func (m *mutant) key() string {
	text, start := m.file.declaration(m.offset)
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d\x00%s", m.file.name, text, m.offset-start, m.to))
	return path.Base(path.Dir(m.file.name)) + "-" + hex.EncodeToString(sum[:12])
}

// replacements are what the operators of Gremlins put in place of a token.
var replacements = map[string]map[string]string{
	"ARITHMETIC_BASE":         {"+": "-", "-": "+", "*": "/", "/": "*", "%": "*"},
	"CONDITIONALS_BOUNDARY":   {">=": ">", ">": ">=", "<=": "<", "<": "<="},
	"CONDITIONALS_NEGATION":   {"==": "!=", "!=": "==", ">=": "<", "<": ">=", "<=": ">", ">": "<="},
	"INCREMENT_DECREMENT":     {"++": "--", "--": "++"},
	"INVERT_ASSIGNMENTS":      {"+=": "-=", "-=": "+=", "*=": "/=", "/=": "*="},
	"INVERT_BITWISE":          {"&": "|", "|": "&", "^": "&", "&^": "&", "<<": ">>", ">>": "<<"},
	"INVERT_BWASSIGN":         {"&=": "|=", "|=": "&=", "^=": "&=", "&^=": "&=", "<<=": ">>=", ">>=": "<<="},
	"INVERT_LOGICAL":          {"&&": "||", "||": "&&"},
	"INVERT_LOOPCTRL":         {"break": "continue", "continue": "break"},
	"INVERT_NEGATIVES":        {"-": "+"},
	"REMOVE_SELF_ASSIGNMENTS": {"+=": "=", "-=": "=", "*=": "=", "/=": "=", "%=": "=", "&=": "=", "|=": "=", "^=": "=", "&^=": "=", "<<=": "=", ">>=": "="},
}

// replace finds the mutant that an operator makes at a place.
func (s *source) replace(operator string, line, col int) (*mutant, error) {
	m := &mutant{file: s, line: line, col: col}
	for range line - 1 {
		m.offset += strings.IndexByte(s.text[m.offset:], '\n') + 1
	}
	m.offset += col - 1
	if m.offset >= len(s.text) {
		return nil, fmt.Errorf("%s has no line %d, column %d", s.name, line, col)
	}
	for from, to := range replacements[operator] {
		if strings.HasPrefix(s.text[m.offset:], from) && len(from) > len(m.from) {
			m.from, m.to = from, to
		}
	}
	if m.from == "" {
		return nil, fmt.Errorf("%s:%d:%d: nothing that %s replaces", s.name, line, col, operator)
	}
	return m, nil
}
