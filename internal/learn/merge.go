package learn

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/internal/sigsys"
)

// A Change is what a policy would have to say about a call to allow what was seen.
type Change struct {
	Call    string   `json:"call"`
	Count   int      `json:"count"` // of the calls it does not allow
	Verdict string   `json:"verdict"`
	Line    int      `json:"line,omitempty"` // of the entry to replace; 0 to add one
	Entry   string   `json:"entry"`
	Notes   []string `json:"notes,omitempty"`
}

// A merger holds a trace against a policy that exists.
type merger struct {
	File   *gen.File
	Trace  *Trace
	Params map[string]int64 // values of its parameters, as far as they are known

	policy  *rule.Policy
	verdict map[string]rule.Action // on calls it does not allow
	unsure  []string               // calls it may allow: that hangs on arguments that were not told
}

// Merge reads a policy and says what would have to change in it. The text that
// comes of it compiles, and allows all that was seen. unsure are the calls that the
// policy has conditions for, and that were seen without the arguments these compare:
// nothing is changed about them.
//
// A parameter fdN, as a policy made by this package has, is descriptor N unless a
// value is given. A descriptor that is the value of a parameter is compared with that.
func Merge(name, text string, d gen.Dialect, t *Trace, params map[string]int64) (merged string, changes []Change, unsure []string, err error) {
	m := &merger{Trace: t, Params: params, verdict: map[string]rule.Action{}}
	if m.File, m.policy, err = m.resolve(name, text, d); err != nil {
		return "", nil, nil, err
	}
	m.know()
	entries, names := t.entries(m.missing())
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	var appended []string
	var replaced []replacement
	for _, e := range entries {
		c := Change{Call: e.Call, Count: e.Count, Verdict: m.verdict[e.Call].String(), Notes: e.Notes}
		if old := m.own(e.Call); old != nil {
			from, to := extent(lines, old.Pos.Line)
			c.Line, c.Entry = old.Pos.Line, m.widened(old, e)
			replaced = append(replaced, replacement{from, to, notes(e) + comments(text, from, to) + c.Entry})
		} else {
			c.Entry = e.String()
			appended = append(appended, "", comment(e)+c.Entry)
		}
		changes = append(changes, c)
	}
	merged = m.write(lines, replaced, appended, names)
	if err := m.check(merged); err != nil {
		return "", nil, nil, err
	}
	slices.Sort(m.unsure)
	return merged, changes, slices.Compact(m.unsure), nil
}

// write puts the changes and the new parameters into the lines of the policy.
func (m *merger) write(lines []string, replaced []replacement, appended, names []string) string {
	lines = slices.Clone(lines)
	slices.SortFunc(replaced, func(a, b replacement) int { return b.from - a.from }) // from the last, so that numbers hold
	for _, r := range replaced {
		lines = slices.Replace(lines, r.from, r.to, strings.Split(r.text, "\n")...)
	}
	m.declare(lines, names)
	lines = append(lines, appended...)
	return strings.Join(lines, "\n") + "\n"
}

// comments are those in the lines from to to, from 0, as lines of their own.
func comments(text string, from, to int) string {
	out := ""
	for _, c := range gen.Comments(text) {
		if from < c.Line && c.Line <= to {
			out += c.Text + "\n"
		}
	}
	return out
}

// A replacement is a text for the lines from to to, from 0.
type replacement struct {
	from, to int
	text     string
}

func (m *merger) resolve(name, text string, d gen.Dialect) (*gen.File, *rule.Policy, error) {
	f, errs := gen.Parse(name, text, d)
	res, list := gen.Resolve(f, m.Trace.Arch, compile.Plain)
	return f, res.Policy, append(errs, list...).Err()
}

// know gives values to parameters, and parameters to descriptors.
func (m *merger) know() {
	values := map[string]int64{}
	for _, p := range m.policy.Params {
		var n int64
		if v, ok := m.Params[p.Name]; ok {
			values[p.Name] = v
		} else if _, err := fmt.Sscanf(p.Name, "fd%d", &n); err == nil && p.Name == fmt.Sprintf("fd%d", n) {
			values[p.Name] = n
		}
		if v, ok := values[p.Name]; ok && v > 2 && !strings.HasPrefix(p.Name, "go_") {
			if _, named := m.Trace.Names[int(v)]; !named {
				m.Trace.Names[int(v)] = p.Name
			}
		}
	}
	m.Params = values
}

// missing are the rows the policy does not allow.
func (m *merger) missing() map[string][]*row {
	out := m.Trace.rows()
	for call, rows := range out {
		out[call] = slices.DeleteFunc(rows, func(r *row) bool {
			a, sure := verdict(m.policy, &r.first, m.Params)
			if a == rule.Allow || a == rule.Log {
				if !sure {
					m.unsure = append(m.unsure, call)
				}
				return true
			}
			m.verdict[call] = a
			return false
		})
		if len(out[call]) == 0 {
			delete(out, call)
		}
	}
	return out
}

// own is the entry of the policy's own text that allows a call, if there is one
// that can be widened.
func (m *merger) own(call string) *gen.Entry {
	for _, e := range m.File.Entries {
		if e.Kind == gen.CallEntry && e.Name == call && (e.Action == "" || e.Action == "allow") && (e.On == nil || slices.Contains(e.On, m.Trace.Arch)) {
			return e
		}
	}
	return nil
}

// widened is an entry that allows what it did, and what another allows.
func (m *merger) widened(old *gen.Entry, more Entry) string {
	var on []string
	for _, a := range old.On {
		on = append(on, gen.ArchName(a))
	}
	more.Call = strings.TrimSuffix(sigsys.Entry(old.Name, on, nil), "\n")
	for _, c := range m.policy.Calls {
		for _, k := range c.Cases {
			if c.Name == old.Name && k.Src == rule.Src(old.Pos) {
				more.When = either(k.When, more.When)
			}
		}
	}
	return more.String()
}

// either holds where x or y does.
func either(x, y rule.Expr) rule.Expr {
	if x == nil || y == nil {
		return nil
	}
	var all rule.Or
	for _, z := range []rule.Expr{x, y} {
		if or, ok := z.(rule.Or); ok {
			all = append(all, or...)
		} else {
			all = append(all, z)
		}
	}
	return all
}

// extent is the lines, from 0, of the entry that begins at line first, from 1.
func extent(lines []string, first int) (from, to int) {
	from, to = first-1, first
	for i := first; i < len(lines); i++ {
		trimmed := strings.TrimSpace(lines[i])
		if trimmed == "" || strings.HasPrefix(trimmed, "#") {
			continue
		}
		if !strings.HasPrefix(lines[i], " ") && !strings.HasPrefix(lines[i], "\t") {
			break
		}
		to = i + 1
	}
	return from, to
}

// declare adds parameters to the signature.
func (m *merger) declare(lines, names []string) {
	names = slices.DeleteFunc(slices.Clone(names), func(n string) bool {
		return slices.ContainsFunc(m.File.Params, func(p gen.Param) bool { return p.Name == n })
	})
	if len(names) == 0 {
		return
	}
	if n := len(m.File.Params); n > 0 {
		last := m.File.Params[n-1]
		line, end := lines[last.Pos.Line-1], last.Pos.Col-1+len(last.Name)
		lines[last.Pos.Line-1] = line[:end] + ", " + signature(names) + line[end:]
		return
	}
	for i, l := range lines {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(l), "noarg"); ok {
			lines[i] = signature(names) + rest
			return
		}
	}
}

// check compiles what came of it, and holds the trace against it once more.
func (m *merger) check(merged string) error {
	f, p, err := m.resolve(m.File.Name, merged, m.File.Dialect)
	if err != nil {
		var list gen.ErrorList
		if errors.As(err, &list) {
			return fmt.Errorf("%s cannot be changed by adding entries: %s", m.File.Name, list[0].Msg)
		}
		return err
	}
	params := map[string]int64{}
	for _, q := range f.Params {
		for fd, name := range m.Trace.Names {
			if name == q.Name {
				params[name] = int64(fd)
			}
		}
		var n int64
		if _, err := fmt.Sscanf(q.Name, "fd%d", &n); err == nil {
			params[q.Name] = n
		}
	}
	for name, v := range m.Params {
		params[name] = v
	}
	for _, rows := range m.Trace.rows() {
		for _, r := range rows {
			if a := judge(p, &r.first, params); a != rule.Allow && a != rule.Log {
				return fmt.Errorf("%s says %v to %s in an entry that would have to change itself, or in what it is within", m.File.Name, a, r.name)
			}
		}
	}
	return nil
}
