package gen

import (
	"fmt"
	"slices"
	"strings"
)

// Format is a policy text of dialect tileseal in its canonical form. The list
// is what is wrong with a text that cannot be read; such a text has no
// canonical form.
//
// The form depends on the entries and comments alone, not on how they were
// laid out before. An entry is on one line if that is no longer than 80
// columns. A longer condition is broken after each operator:
//
//	write: (or
//	  (eq (arg 0) 2)
//	  (and (>= (arg 0) pool_min_fd) (<= (arg 0) pool_max_fd)))
//
// Comments stay where they are: above what follows them, or behind what they
// follow, where those of successive lines are aligned. Blank lines between
// entries stay, one where there were several; those inside an entry go. Two
// texts with the same form mean the same.
func Format(name, text string) (string, ErrorList) {
	f, errs := Parse(name, text, Tileseal)
	if errs.Err() != nil {
		return "", errs
	}
	w := &printer{}
	pieces := split(text)
	for i, p := range pieces {
		w.piece(p, i == slices.IndexFunc(pieces, piece.isEntry))
	}
	out := w.String()
	g, errs := Parse(name, out, Tileseal)
	if errs.Err() != nil || !sameText(f, g) || !slices.Equal(remarks(pieces), remarks(split(out))) {
		errs.add(Pos{name, 1, 1}, "the formatted text would not say the same; the file is left as it is, please report this")
		return "", errs
	}
	return out, nil
}

// sameText reports whether two files have the same parameters and entries.
func sameText(f, g *File) bool {
	say := func(f *File) []string {
		var out []string
		for _, p := range f.Params {
			out = append(out, fmt.Sprint(p.Name, p.Bits))
		}
		for _, e := range f.Entries {
			s := fmt.Sprint(e.Kind, " ", e.Name, " ", e.On, " ", e.Action)
			if e.group != nil {
				s += " " + e.group.name
				for _, m := range e.group.calls {
					s += fmt.Sprint(" ", m.name, m.optional)
				}
			}
			if e.when != nil {
				s += ": " + oneLine(e.when.String())
			}
			out = append(out, s)
		}
		return out
	}
	return slices.Equal(say(f), say(g))
}

// A piece is an entry (or the signature) with the comments inside it, a comment
// between entries, or a blank line.
type piece struct {
	text  string // of an entry, without its comments; lines joined by line breaks
	marks []mark // its comments, or the one comment, or none
	first int    // its first line, from 1
	last  int    // of an entry: its last
}

func (p piece) isEntry() bool { return p.text != "" }

// A mark is a comment and its place in the text of its entry.
type mark struct {
	text string
	off  int
	own  bool // on a line of its own
	line int
	col  int
}

// split cuts a text into pieces, as splitLines cuts it into lines.
func split(text string) []piece {
	var pieces []piece
	last := -1 // the entry that a continuation continues
	number := 0
	for phys := range strings.SplitSeq(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n") {
		number++
		if isComment(phys, Tileseal) {
			m := mark{text: strings.TrimSpace(phys), own: true, line: number, col: 1 + strings.IndexByte(phys, '#')}
			pieces = append(pieces, piece{marks: []mark{m}, first: number})
			continue
		}
		code := stripTrailing(phys)
		col := len(code) + 1
		comment := strings.TrimSpace(phys[len(code):])
		code = strings.TrimRight(code, " \t")
		switch {
		case code == "":
			pieces = append(pieces, piece{})
			continue
		case last < 0 || !continues(code, Tileseal):
			last = len(pieces)
			pieces = append(pieces, piece{text: code, first: number})
		default: // what stood in between is inside the entry
			e := &pieces[last]
			for _, p := range pieces[last+1:] {
				for _, m := range p.marks {
					m.off = len(e.text) + 1
					e.marks = append(e.marks, m)
				}
			}
			e.text += "\n" + code
			pieces = pieces[:last+1]
		}
		e := &pieces[last]
		if e.last = number; comment != "" {
			e.marks = append(e.marks, mark{text: comment, off: len(e.text), line: number, col: col})
		}
	}
	return slices.DeleteFunc(pieces, func(p piece) bool { return p.text != "" && strings.TrimSpace(p.text) == "" })
}

// remarks are the comments of a text, each with the number of the entry it is
// about, sorted.
func remarks(pieces []piece) []string {
	var all []string
	entries := 0
	for i, p := range pieces {
		if p.isEntry() {
			entries++
		}
		about := 0 // of one between entries, what follows it: see Comments
		if p.isEntry() {
			about = entries
		} else if follows(pieces[i:]).isEntry() {
			about = entries + 1
		}
		for _, m := range p.marks {
			all = append(all, fmt.Sprint(about, " ", m.text))
		}
	}
	slices.Sort(all)
	return all
}

// oneLine joins the lines of a string that was written on several.
func oneLine(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		if i > 0 {
			lines[i] = strings.TrimLeft(lines[i], " \t")
		}
		if i < len(lines)-1 {
			lines[i] = strings.TrimRight(lines[i], " \t")
		}
	}
	return strings.Join(lines, " ")
}
