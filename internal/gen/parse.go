package gen

import (
	"regexp"
	"strings"

	"github.com/tileseal/tileseal/arch"
)

// A File is a policy text, read but not yet resolved for an architecture.
type File struct {
	Name    string // as messages name it
	Text    string
	Dialect Dialect
	Summary string // the first comment line of the text
	Levels  string // a directory to read the Go runtime's levels from; "": those built in
	Params  []Param
	Entries []*Entry
	broken  bool // something of it could not be read
}

// A Param is a parameter as the signature declares it.
type Param struct {
	Name string
	Bits int // 32 or 64
	Pos  Pos
}

// An Entry is one line of a policy after the signature.
type Entry struct {
	Kind   EntryKind
	Name   string      // of the system call or the file to include; "@" and the group's of a use
	On     []arch.Arch // the guard; nil: everywhere
	Action string      // as written; "" for allow
	Pos    Pos
	acted  Pos   // of Action
	when   *node // the condition; nil: none
	line   *line
	group  *group // of GroupEntry
	from   string // the group whose use this call is part of
}

// An EntryKind tells entries apart.
type EntryKind int

const (
	CallEntry EntryKind = iota
	IncludeEntry
	WithinEntry  // a policy that has to allow what this one allows
	DefaultEntry // the action for calls nothing else decides
	NewerEntry   // the action for calls newer than the tables
	GroupEntry   // a named set of calls
	UseEntry     // an entry for each call of a group
)

// Parse reads a policy text. The list holds everything wrong with it; the
// file is what could be read all the same.
func Parse(name, text string, d Dialect) (*File, ErrorList) {
	f := &File{Name: name, Text: text, Dialect: d, Summary: summary(text)}
	var errs ErrorList
	lines := splitLines(name, text, d, &errs)
	if len(lines) == 0 {
		errs.add(Pos{name, 1, 1}, "the policy is empty; it begins with a line of parameters, as in: uint logfile_fd (or: noarg)")
		f.broken = true
		return f, errs.sorted()
	}
	f.signature(lines[0], &errs)
	for _, l := range lines[1:] {
		f.entry(l, &errs)
	}
	f.broken = errs.Err() != nil
	return f, errs.sorted()
}

// summary is the first comment of a text.
func summary(text string) string {
	for l := range strings.Lines(text) {
		if s, ok := strings.CutPrefix(strings.TrimSpace(l), "#"); ok && strings.TrimSpace(s) != "" {
			return strings.TrimSpace(s)
		}
	}
	return ""
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// paramBits is the size of the types each dialect lets a parameter have. To
// classic any C type is one; its comparisons look at 32 bits of it.
func paramBits(d Dialect, typ string) int {
	switch {
	case typ == "uint":
		return 32
	case d == Current:
		return 0
	case typ == "unsigned int", typ == "unsigned":
		return 32
	case d == Tileseal && typ == "ulong":
		return 64
	case d == Classic:
		switch typ {
		case "int", "long", "ulong", "unsigned long", "short", "ushort", "char", "uchar", "size_t",
			"int32_t", "uint32_t", "int64_t", "uint64_t":
			return 32
		}
	}
	return 0
}

func (f *File) signature(l *line, errs *ErrorList) {
	start := len(l.text) - len(strings.TrimLeft(l.text, " \t\n"))
	if strings.TrimSpace(l.text) == "noarg" {
		return
	}
	if i := strings.IndexAny(l.text, ":("); i >= 0 || len(strings.Fields(l.text)) < 2 {
		errs.add(l.pos(start), "the first line declares the parameters, as in: uint logfile_fd, uint archive_fd (or: noarg)")
		return
	}
	off := 0
	for _, part := range strings.Split(l.text, ",") {
		f.param(l, off, part, errs)
		off += len(part) + 1
	}
}

func (f *File) param(l *line, off int, part string, errs *ErrorList) {
	words := strings.Fields(part)
	at := l.pos(off + len(part) - len(strings.TrimLeft(part, " \t\n")))
	if len(words) == 0 {
		errs.add(at, "empty parameter; remove the comma")
		return
	}
	if len(words) == 1 {
		errs.add(at, "parameter %s has no type; declare it as: uint %s", words[0], words[0])
		return
	}
	name, typ := words[len(words)-1], strings.Join(words[:len(words)-1], " ")
	at = l.pos(off + strings.LastIndex(part, name))
	bits := paramBits(f.Dialect, typ)
	switch {
	case strings.Contains(part, "*"):
		name = strings.Trim(name, "*")
		errs.add(at, "parameter %s is a pointer; parameters are numbers, declare it as: uint %s", name, name)
	case !identifier.MatchString(name):
		errs.add(at, "%q is no name for a parameter", name)
	case bits == 0:
		errs.add(at, "parameter %s has type %q; dialect %v has %s", name, typ, f.Dialect, typesOf(f.Dialect))
	case f.hasParam(name):
		errs.add(at, "parameter %s is declared twice", name)
	default:
		f.Params = append(f.Params, Param{name, bits, at})
	}
}

func typesOf(d Dialect) string {
	switch d {
	case Tileseal:
		return "uint (32 bits) and ulong (64 bits)"
	case Current:
		return "uint only"
	}
	return "C's integer types, as in: unsigned int fd"
}

func (f *File) hasParam(name string) bool {
	for _, p := range f.Params {
		if p.Name == name {
			return true
		}
	}
	return false
}

// entry reads one line after the signature: what it is about, up to the first
// colon, and the condition after it.
func (f *File) entry(l *line, errs *ErrorList) {
	head, _, hasWhen := strings.Cut(l.text, ":")
	words := fields(head)
	if len(words) == 0 {
		errs.add(l.pos(0), "an entry begins with the name of a system call")
		return
	}
	e := &Entry{Name: words[0].text, Pos: l.pos(words[0].off), line: l}
	name := e.Name
	if f.Dialect == Tileseal && strings.HasPrefix(name, "@") {
		name, e.Kind = name[len("@"):], UseEntry
	}
	if !identifier.MatchString(name) {
		badName(e, errs)
		return
	}
	if f.Dialect == Tileseal {
		if f.list(l, e, errs) || !e.readHead(words[1:], errs) {
			return
		}
	} else if len(words) > 1 {
		unexpectedHead(e, words[1], errs)
		return
	}
	if hasWhen {
		if e.Kind != CallEntry && e.Kind != UseEntry {
			errs.add(l.pos(len(head)), "%s takes no condition", e.Name)
			return
		}
		if strings.TrimSpace(l.text[len(head)+1:]) == "" {
			errs.add(e.Pos, "%s has a colon but no rule; write its condition, or drop the colon to allow every %s", e.Name, e.Name)
			return
		}
		if e.when = readExpr(l, len(head)+1, f.Dialect, errs); e.when == nil {
			return
		}
	}
	f.Entries = append(f.Entries, e)
}

// list reads the entries that are lists of names. It reports whether e is one.
func (f *File) list(l *line, e *Entry, errs *ErrorList) bool {
	switch e.Name {
	case "include", "within":
		f.include(l, e, fields(l.text)[1:], errs)
	case "group":
		if e.group = f.group(l, fields(l.text)[1:], e.Pos, errs); e.group != nil {
			e.Kind = GroupEntry
			f.Entries = append(f.Entries, e)
		}
	default:
		return false
	}
	return true
}

// include reads the files an include or within entry names, each an entry of
// its own.
func (f *File) include(l *line, e *Entry, words []field, errs *ErrorList) {
	kind, levels := IncludeEntry, true
	if e.Name == "within" {
		kind, levels = WithinEntry, false
	}
	if len(words) == 0 {
		errs.add(e.Pos, `%s needs a file, as in: %[1]s "other.seccomppolicy"`, e.Name)
	}
	for _, w := range words {
		name := strings.TrimSuffix(strings.TrimPrefix(w.text, `"`), `"`)
		quoted := name != w.text
		switch {
		case name == "", !quoted && !levels:
			errs.add(l.pos(w.off), `%s %s: quote the file's name`, e.Name, w.text)
		case !quoted && !strings.HasPrefix(name, levelPrefix):
			errs.add(l.pos(w.off), `include %s: quote a file's name; unquoted are only the Go runtime's levels, as in: include go/core`, w.text)
		default:
			f.Entries = append(f.Entries, &Entry{Kind: kind, Name: name, Pos: l.pos(w.off), line: l})
		}
	}
}
