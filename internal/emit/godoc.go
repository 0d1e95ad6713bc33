package emit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/proto"
	"github.com/tileseal/tileseal/internal/rule"
)

// Summary is what a policy says of itself in its first comment, without its
// name.
func Summary(f *gen.File) string {
	return strings.TrimSpace(strings.TrimPrefix(f.Summary, gen.PolicyName(f.Name)+":"))
}

// doc writes the comment of the Populate function: the rules in words, the
// parameters, and when it panics.
func (w *goWriter) doc() {
	w.comments("Populate%s writes the %s program to the first %[1]sLen instructions of out.", w.ident, w.Name)
	if w.Multi != nil {
		w.comments("It is for calls of %s.", list(gen.NamesOf(w.Multi.Archs), "and"))
	}
	if s := Summary(w.file); s != "" {
		w.comments("")
		w.comments("The tile %s", s)
	}
	w.comments("")
	if slices.ContainsFunc(w.Calls, func(c rule.Call) bool { return c.Cases[0].Action != rule.Allow }) {
		w.comments("These calls have a rule, and are allowed if it says nothing else:")
	} else {
		w.comments("Allowed are these calls:")
	}
	if w.Multi != nil {
		w.rulesForAll()
		w.parameters()
		return
	}
	for _, c := range w.Calls {
		w.item("%s, %s", c.Name, prose{w.Policy, w.param}.rule(c))
	}
	w.comments("")
	if w.Default == rule.KillProcess {
		w.comments("Any other call kills the process, and so does any call of another architecture.")
	} else {
		w.comments("Any other call %s. One of another architecture kills the process.", verb(w.Default))
	}
	if n := w.Newer; n != nil {
		w.comments("Calls above number %d, newer than the tables, get %v.", n.Last, n.Action)
	}
	w.narrow()
	w.parameters()
}

// comments writes text as a comment, wrapped.
func (w *goWriter) comments(format string, args ...any) {
	w.wrap("//", "// ", "// ", fmt.Sprintf(format, args...))
}

func (w *goWriter) item(format string, args ...any) {
	w.wrap("//", "//   - ", "//     ", fmt.Sprintf(format, args...))
}

func (w *goWriter) wrap(empty, first, rest, text string) {
	const width = 96
	if text == "" {
		w.printf("%s\n", empty)
		return
	}
	line := first
	for i, word := range strings.Fields(text) {
		if i > 0 && len(line)+1+len(word) > width {
			w.printf("%s\n", strings.TrimRight(line, " "))
			line = rest
		}
		if line != first && line != rest {
			line += " "
		}
		line += word
	}
	w.printf("%s\n", line)
}

// narrow names the comparisons of an upstream layout that look at less of an
// argument than a 64-bit kernel does. Our layouts have none.
func (w *goWriter) narrow() {
	if w.Program.Layout == compile.Plain {
		return
	}
	var found []string
	for _, c := range w.Calls {
		args, _ := proto.Of(arch.X86_64, c.Name)
		for _, k := range c.Cases {
			rule.Walk(k.When, func(x *rule.Cmp) {
				s := fmt.Sprintf("argument %d of %s", x.Arg, c.Name)
				if x.Width == 32 && x.Arg < len(args) && args[x.Arg].Bits == 64 && !slices.Contains(found, s) {
					found = append(found, s)
				}
			})
		}
	}
	if len(found) > 0 {
		w.comments("")
		w.comments("Layout %v compares only the low 32 bits of what has 64 to a 64-bit kernel: %s.", w.Program.Layout, list(found, "and"))
	}
}

// parameters says what the function panics at.
func (w *goWriter) parameters() {
	s := "It panics if out is shorter"
	if len(w.Levels) > 0 {
		s += ", if rt was not prepared for " + w.ident + "Levels"
	}
	var ranges []string
	for _, least := range []int64{-1, 0} {
		var names []string
		for _, p := range w.Params {
			if runtimeMethod(p.Name) == "" && p.Bits == 32 && p.Min == least {
				names = append(names, paramIdent(p.Name))
			}
		}
		if len(names) > 0 {
			ranges = append(ranges, fmt.Sprintf("%s outside %d to 1<<31-1", list(names, "or"), least))
		}
	}
	for _, p := range w.Params {
		if p.Bits == 64 && p.Max < 1<<64-1 {
			ranges = append(ranges, fmt.Sprintf("%s above %d", paramIdent(p.Name), p.Max))
		}
	}
	if len(ranges) > 0 {
		s += ", or if it is given " + strings.Join(ranges, " or ")
	}
	w.comments("")
	w.comments("%s. It allocates nothing.", s)
}
