package gen

import (
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
)

// unexpectedHead explains a second word before the colon.
func unexpectedHead(e *Entry, w field, errs *ErrorList) {
	switch {
	case strings.HasPrefix(w.text, "("):
		errs.add(e.line.pos(w.off), "a colon is missing between %s and its condition", e.Name)
	case strings.HasPrefix(w.text, "#"), strings.HasPrefix(w.text, ";"):
		errs.add(e.line.pos(w.off), "no comment can follow an entry here; put it on a line of its own")
	default:
		errs.add(e.line.pos(w.off), "unexpected %q after %s", w.text, e.Name)
	}
}

func badName(e *Entry, errs *ErrorList) {
	name, _, paren := strings.Cut(e.Name, "(")
	if paren && identifier.MatchString(strings.TrimPrefix(name, "@")) {
		errs.add(e.Pos, "a colon is missing between %s and its condition", name)
		return
	}
	errs.add(e.Pos, "%q is no name of a system call", e.Name)
}

// readHead reads what dialect tileseal allows between the name and the colon:
// a guard and an action.
func (e *Entry) readHead(words []field, errs *ErrorList) bool {
	if e.Name == "default" || e.Name == "newer" {
		if e.Kind = DefaultEntry; e.Name == "newer" {
			e.Kind = NewerEntry
		}
		if len(words) != 2 || words[0].text != "->" {
			errs.add(e.Pos, "write %s as in: %s -> errno(ENOSYS)", e.Name, e.Name)
			return false
		}
	}
	for len(words) > 0 {
		w := words[0]
		words = words[1:]
		switch {
		case w.text == "on" && e.On == nil:
			for len(words) > 0 && words[0].text != "->" {
				e.guard(words[0], errs)
				words = words[1:]
			}
			if len(e.On) == 0 {
				errs.add(e.line.pos(w.off), "on needs architectures, as in: %s on i386 x86_64", e.Name)
				return false
			}
		case w.text == "->" && e.Action == "" && len(words) > 0:
			e.Action, e.acted = words[0].text, e.line.pos(words[0].off)
			words = words[1:]
		default:
			unexpectedHead(e, w, errs)
			return false
		}
	}
	return true
}

// guard reads one word of a guard: an architecture, all of a word size, or with
// a ! an architecture to leave out again. One that begins with what to leave out
// begins with all.
func (e *Entry) guard(w field, errs *ErrorList) {
	if bits, ok := map[string]int{"32-bit": 32, "64-bit": 64}[w.text]; ok {
		for _, a := range arch.All() {
			if a.Bits() == bits {
				e.On = append(e.On, a)
			}
		}
		return
	}
	name, out := strings.CutPrefix(w.text, "!")
	a, err := arch.ByName(name)
	switch {
	case err != nil:
		errs.add(e.line.pos(w.off), "unknown architecture %q%s", name, suggest(name, archNames))
	case !out:
		e.On = append(e.On, a)
	default:
		if e.On == nil {
			e.On = arch.All()
		}
		e.On = slices.DeleteFunc(e.On, func(b arch.Arch) bool { return a == b })
	}
}

func archNames(yield func(string) bool) {
	for _, a := range arch.All() {
		if !yield(ArchName(a)) {
			return
		}
	}
}

// ArchName is the name of an architecture in policies: libseccomp's, but i386
// for x86.
func ArchName(a arch.Arch) string {
	if a == arch.X86 {
		return "i386"
	}
	return a.String()
}

// A field is a word of a line and where it starts.
type field struct {
	text string
	off  int
}

func fields(s string) []field {
	var out []field
	off := 0
	for _, w := range strings.Fields(s) {
		off += strings.Index(s[off:], w)
		out = append(out, field{w, off})
		off += len(w)
	}
	return out
}
