package gen

import (
	"fmt"
	"strings"
)

// A Dialect is a way of reading a policy text.
type Dialect int

const (
	Tileseal Dialect = iota // ours
	Classic                 // upstream until 2025: expressions in EDN
	Current                 // upstream since 2026: its own reader
)

var dialects = []string{Tileseal: "tileseal", Classic: "classic", Current: "current"}

func (d Dialect) String() string { return dialects[d] }

// DialectByName is the inverse of Dialect.String.
func DialectByName(name string) (Dialect, error) {
	for d, n := range dialects {
		if n == name {
			return Dialect(d), nil
		}
	}
	return 0, fmt.Errorf("unknown dialect %q; there are tileseal, classic and current", name)
}

// A line is one logical line: a physical one and those that continue it,
// joined by line breaks.
type line struct {
	text string
	file string
	segs []seg
}

// A seg is the physical line that a part of a logical line came from.
type seg struct {
	off  int // where it starts in line.text
	line int // its number, from 1
}

// pos is the place of a byte of l.text.
func (l *line) pos(off int) Pos {
	s := l.segs[0]
	for _, next := range l.segs[1:] {
		if next.off > off {
			break
		}
		s = next
	}
	return Pos{l.file, s.line, off - s.off + 1}
}

// append joins a physical line to l.
func (l *line) append(text string, number int) {
	if len(l.segs) > 0 {
		l.text += "\n"
	}
	l.segs = append(l.segs, seg{len(l.text), number})
	l.text += text
}

// splitLines cuts a text into logical lines, as its dialect does: comments
// and blank lines go, continuations are joined.
func splitLines(file, text string, d Dialect, errs *ErrorList) []*line {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	var lines []*line
	for i, phys := range strings.Split(text, "\n") {
		if isComment(phys, d) {
			continue
		}
		if d == Tileseal {
			phys = strings.TrimRight(stripTrailing(phys), " \t")
			if phys == "" {
				continue
			}
		}
		at := Pos{file, i + 1, 1}
		if !continues(phys, d) || len(lines) == 0 {
			if continues(phys, d) && d == Classic && strings.TrimSpace(phys) != "" {
				errs.add(at, "an indented line before the signature would be read as the end of the last entry; start it in column 1")
				continue
			}
			lines = append(lines, &line{file: file})
		} else if lines[len(lines)-1].text == "" && strings.TrimSpace(phys) != "" {
			errs.add(at, "the blank line above ends the entry, so this line continues nothing; remove the blank line")
			continue
		}
		last := lines[len(lines)-1]
		if first := strings.TrimLeft(phys, " \t"); d == Classic && strings.HasPrefix(first, "#") && !strings.HasPrefix(first, "#_") {
			errs.add(at, "dialect classic reads an indented comment as part of the entry; start it in column 1")
			continue
		}
		last.append(phys, i+1)
	}
	kept := lines[:0]
	for _, l := range lines {
		if strings.TrimSpace(l.text) != "" {
			kept = append(kept, l)
		}
	}
	return kept
}

func isComment(phys string, d Dialect) bool {
	if d != Classic {
		phys = strings.TrimLeft(phys, " \t")
	}
	return strings.HasPrefix(phys, "#")
}

func continues(phys string, d Dialect) bool {
	return strings.HasPrefix(phys, " ") || d != Classic && strings.HasPrefix(phys, "\t")
}

// stripTrailing drops a comment that follows white space outside a string.
func stripTrailing(phys string) string {
	quoted := false
	for i := 0; i < len(phys); i++ {
		switch c := phys[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == '#' && !quoted && i > 0 && (phys[i-1] == ' ' || phys[i-1] == '\t'):
			return phys[:i]
		}
	}
	return phys
}
