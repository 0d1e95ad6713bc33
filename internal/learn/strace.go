package learn

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/cconst"
	"github.com/tileseal/tileseal/internal/cexpr"
	"github.com/tileseal/tileseal/internal/proto"
)

// Strace reads what strace printed, with -f or without, and whatever of -t, -tt,
// -r, -T, -i and -y. Calls of arch are added by add; an argument whose text it does
// not understand is unknown. skipped is how many calls it could not read at all,
// such as those the tables do not know.
func Strace(in io.Reader, a arch.Arch, add func(Call)) (read, skipped int, err error) {
	s := &straceReader{arch: a, pending: map[string]string{}}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		text, pid, ok := s.line(s.joined(lines.Text()))
		if !ok {
			continue
		}
		c, ok := s.call(text, pid)
		if !ok {
			skipped++
			continue
		}
		read++
		add(c)
	}
	return read, skipped, lines.Err()
}

// A straceReader puts calls that another interrupted together again.
type straceReader struct {
	arch    arch.Arch
	pending map[string]string // what was printed of a call, by thread
	first   string            // what was printed of a line
}

var (
	stracePID      = regexp.MustCompile(`^(?:\[pid +(\d+)\] |(\d+) +)`)
	straceStamp    = regexp.MustCompile(`^(?:\d\d:\d\d:\d\d(?:\.\d+)? |\d+\.\d+ |\[[0-9a-f]+\] )+ *`)
	straceName     = regexp.MustCompile(`^([a-z_][a-z0-9_]*)\(`)
	straceResumed  = regexp.MustCompile(`^<\.\.\. ([a-z_][a-z0-9_]*) resumed> ?`)
	straceAttached = regexp.MustCompile(`strace: Process \d+ attached$`)
	straceComment  = regexp.MustCompile(`/\*.*?\*/`)
	straceWord     = regexp.MustCompile(`\w$`)
	straceFile     = regexp.MustCompile(`^(-?\w+)<(.*)>$`)
)

// joined puts a line together again into which strace wrote that it follows a new
// process; "" for its first part.
func (s *straceReader) joined(text string) string {
	if at := straceAttached.FindStringIndex(text); at != nil {
		s.first += text[:at[0]]
		return ""
	}
	text, s.first = s.first+text, ""
	return text
}

// line is a whole call, in the text of one line or of two, and the thread that
// made it. It begins like a call that strace prints: with its name and (.
func (s *straceReader) line(text string) (call, pid string, ok bool) {
	if m := stracePID.FindStringSubmatch(text); m != nil {
		pid = m[1] + m[2]
		text = strings.TrimLeft(text[len(m[0]):], " ")
	}
	text = text[len(straceStamp.FindString(text)):]
	if m := straceResumed.FindString(text); m != "" {
		begun, had := s.pending[pid]
		delete(s.pending, pid)
		return begun + text[len(m):], pid, had
	}
	if begun, unfinished := strings.CutSuffix(text, "<unfinished ...>"); unfinished {
		s.pending[pid] = strings.TrimRight(begun, " ")
		// What never comes back was called all the same: exit_group, or a last wait.
		if name := straceName.FindString(text); name != "exit_group(" && name != "exit(" {
			return "", "", false
		}
		return s.pending[pid], pid, true
	}
	return text, pid, straceName.MatchString(text)
}

// call reads the name and the arguments.
func (s *straceReader) call(text, pid string) (Call, bool) {
	name := strings.TrimSuffix(straceName.FindString(text), "(")
	nr, ok := s.arch.Number(name)
	protos, known := proto.Of(s.arch, name)
	if !ok || !known {
		return Call{}, false
	}
	c := Call{Arch: s.arch, Nr: nr}
	c.PID, _ = strconv.Atoi(pid)
	c.Missing = [6]Missing{Omitted, Omitted, Omitted, Omitted, Omitted, Omitted}
	for i, arg := range arguments(text[len(name)+1:]) {
		at := i
		if name == "clone" {
			var key string
			key, arg, _ = strings.Cut(arg, "=")
			if at, ok = cloneKeys[key]; !ok {
				continue
			}
		}
		if at >= len(protos) {
			break
		}
		if m := straceFile.FindStringSubmatch(arg); m != nil {
			arg, c.Files[at] = m[1], m[2]
		}
		c.Missing[at] = Unclear
		if v, ok := s.value(protos[at], arg); ok {
			c.Args[at], c.Missing[at] = v, Told
		}
		if strings.HasPrefix(arg, `"`) && strings.Contains(paths, " "+protos[at].Name+" ") {
			c.Texts[at], _ = strconv.Unquote(strings.TrimSuffix(arg, "..."))
		}
	}
	return c, true
}

// cloneKeys are the places of the arguments of clone that matter, which strace
// prints by name and in an order of its own (clone(2) has the raw one).
var cloneKeys = map[string]int{"flags": 0, "child_stack": 1}

// arguments are the texts between the commas, up to the bracket that closes the
// call.
func arguments(text string) []string {
	var list []string
	depth, start := 0, 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case '<':
			i = fileEnd(text, i)
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth < 0 {
				if arg := strings.TrimSpace(text[start:i]); arg != "" || len(list) > 0 {
					list = append(list, arg)
				}
				return list
			}
		case ',':
			if depth == 0 {
				list = append(list, strings.TrimSpace(text[start:i]))
				start = i + 1
			}
		}
	}
	return append(list, strings.TrimSpace(text[start:])) // unfinished
}

// fileEnd is where the name of a file ends that strace -y puts after a descriptor,
// from < at open on; open if there is none. Within are commas and brackets, and > as
// in TCP:[a->b].
func fileEnd(text string, open int) int {
	if open == 0 || !straceWord.MatchString(text[:open]) {
		return open
	}
	for i := open + 1; i < len(text); i++ {
		if text[i] == '>' && (i+1 == len(text) || strings.IndexByte(",)] ", text[i+1]) >= 0) {
			return i
		}
	}
	return open
}

// value is what the text of an argument stands for, as far as it is compared.
func (s *straceReader) value(p proto.Arg, text string) (uint64, bool) {
	text = strings.TrimSpace(straceComment.ReplaceAllString(text, ""))
	if p.Kind == proto.Pointer {
		return 0, true // never compared
	}
	v, err := cexpr.Eval(text, constants{s.arch})
	if err != nil {
		return 0, false
	}
	if p.Bits == 32 {
		return v.V & (1<<32 - 1), true
	}
	return v.V, true
}

// constants gives C's names their values.
type constants struct{ arch.Arch }

// Ident is the value of a constant.
func (c constants) Ident(name string) (cexpr.Value, error) {
	k, ok := cconst.Lookup(c.Arch, name)
	if !ok {
		return cexpr.Value{}, fmt.Errorf("unknown constant %s", name)
	}
	return cexpr.Of(k.Value, 8*k.Type.Size(), k.Type.Signed()), nil
}

// Sizeof knows no type: strace prints none.
func (constants) Sizeof(typ string) (uint64, error) { return 0, fmt.Errorf("unknown type %s", typ) }
