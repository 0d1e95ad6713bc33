package learn

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Policy is a text that allows what was seen. title becomes its first comment.
func (t *Trace) Policy(title string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", title)
	entries, params := t.entries(t.rows())
	t.describe(&b, params)
	b.WriteString("\n" + signature(params) + "\n")
	if t.levels != nil {
		b.WriteString("\n# What the Go runtime needs itself.\ninclude " + strings.Join(t.levels.includes(), " ") + "\n")
	}
	for _, e := range entries {
		b.WriteString("\n" + comment(e) + e.String() + "\n")
	}
	return b.String()
}

func signature(params []string) string {
	if len(params) == 0 {
		return "noarg"
	}
	return "uint " + strings.Join(params, ", uint ")
}

// comment says how often a call was seen, and what of it is not compared.
func comment(e Entry) string {
	times := fmt.Sprintf("%d times", e.Count)
	if e.Count == 1 {
		times = "once"
	}
	text := "# Seen " + times + ".\n"
	if len(e.Paths) > 0 {
		text += "# Names: " + some(e.Paths) + ".\n"
	}
	return text + notes(e)
}

// notes are the notes of an entry as lines of comment.
func notes(e Entry) string {
	text := ""
	for _, n := range e.Notes {
		text += "# " + strings.ToUpper(n[:1]) + n[1:] + ".\n"
	}
	return text
}

// entries are what the policy says of rows, in the order of the calls' names, and
// the parameters they name.
func (t *Trace) entries(rows map[string][]*row) ([]Entry, []string) {
	anyFD := t.manyFDs()
	var list []Entry
	names := map[string]bool{}
	for _, call := range slices.Sorted(maps.Keys(rows)) {
		list = append(list, t.entry(rows[call], anyFD))
		for _, r := range rows[call] {
			for _, a := range r.args {
				if text := t.text(a, anyFD); (a.kind == descriptor || a.kind == ownID) && text != above && text != aboveDir {
					names[text] = true
				}
			}
		}
	}
	// An argument with too many values is not compared, parameters included.
	params := slices.SortedFunc(maps.Keys(names), byValue)
	return list, slices.DeleteFunc(params, func(p string) bool { return !mentioned(list, p) })
}

func mentioned(list []Entry, param string) bool {
	return slices.ContainsFunc(list, func(e Entry) bool { return mentions(e.When, param) })
}

// manyFDs reports whether there are too many descriptors without a name to give
// each a parameter.
func (t *Trace) manyFDs() bool {
	fds := map[uint64]bool{}
	for _, r := range t.seen {
		for _, a := range r.args {
			if _, named := t.Names[int(a.num)]; a.kind == descriptor && !named {
				fds[a.num] = true
			}
		}
	}
	return len(fds) > maxFDs
}

// describe says what the parameters stood for.
func (t *Trace) describe(b *strings.Builder, params []string) {
	if t.Foreign > 0 {
		fmt.Fprintf(b, "#\n# %d calls of another architecture are left out: a policy is for one.\n", t.Foreign)
	}
	for _, nr := range slices.Sorted(maps.Keys(t.Unnamed)) {
		fmt.Fprintf(b, "#\n# Call number %d, seen %d times, is left out: the tables do not know it.\n", nr, t.Unnamed[nr])
	}
	if len(params) > 0 {
		b.WriteString("#\n")
	}
	for _, p := range params {
		text := t.fileNames(p)
		if p == "pid" {
			text = "the process's own id"
		}
		fmt.Fprintf(b, "# %s: %s\n", p, text)
	}
}

// fileNames are the files that a parameter's descriptor stood for.
func (t *Trace) fileNames(param string) string {
	var fd int
	if _, err := fmt.Sscanf(param, "fd%d", &fd); err != nil {
		fd = -1
	}
	for v, name := range t.Names {
		if name == param {
			fd = v
		}
	}
	text := fmt.Sprintf("descriptor %d", fd)
	if list := t.files[int32(fd)]; len(list) > 0 {
		text += ", which was " + some(list)
	}
	return text
}

// some is a few of the names in a list, in order.
func some(list []string) string {
	const most = 3
	list = slices.Sorted(slices.Values(list))
	for i, name := range list {
		if strings.ContainsFunc(name, unicode.IsControl) {
			list[i] = strconv.Quote(name)
		}
	}
	if more := len(list) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), more)
	}
	return strings.Join(list, ", ")
}
