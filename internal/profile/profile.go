// Package profile reads which system calls a program makes, and how often,
// for layout optimized: the table of "strace -c", the summary of "perf trace
// -s", or JSON.
package profile

import (
	"bytes"
	"fmt"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/rule"
)

// A Profile is what was seen at run time.
type Profile struct {
	Calls  []Call
	Params map[string]int64 // values the parameters of the policy had, if known
}

// A Call is how often a system call was made.
type Call struct {
	Name  string
	Args  []uint64 // all six, or nil if they were not recorded
	Count int64
}

// An Error says what in a profile cannot be read.
type Error struct {
	File string
	Line int // from 1
	Msg  string
}

// Error is the place and what is wrong there, "app.strace:3: ...".
func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg) }

// Parse reads a profile; file is its name in errors, which are *Error. The
// format is told from the text.
//
// JSON is a list of calls, {"nr": 1, "args": [5, 0, 64, 0, 0, 0], "n": 70} or
// with "name" for "nr", or an object {"arch": "x86_64", "params": {"log_fd":
// 5}, "calls": [...]} around one. Numbers are those of arch, x86_64 if there is
// none; args may be left out. Unless all parameters of a policy have values,
// what its conditions compare with them is not weighed by args.
//
// The tables of strace and perf trace say nothing about arguments. Several in
// one file, one for each process or thread, are added up, and other text
// around them is skipped.
func Parse(file string, text []byte) (*Profile, error) {
	if trimmed := bytes.TrimLeft(text, " \t\r\n"); len(trimmed) > 0 && (trimmed[0] == '[' || trimmed[0] == '{') {
		return parseJSON(file, text)
	}
	return parseTables(file, text)
}

// Weights are those of a policy. Calls that its architecture does not have
// cannot be made there and are left out.
func (p *Profile) Weights(policy *rule.Policy, o compile.Objective) (compile.Weights, error) {
	w := compile.Weights{Objective: o}
	a := arch.Arch(policy.Target.Audit)
	for _, c := range p.Calls {
		if nr, ok := a.Number(c.Name); ok {
			w.Calls = append(w.Calls, compile.Seen{Nr: nr, Args: c.Args, Count: c.Count})
		}
	}
	for _, q := range policy.Params {
		v, ok := p.Params[q.Name]
		if !ok {
			w.Params = nil // without one of them, arguments cannot be judged
			return w, nil
		}
		if err := q.Check(v); err != nil {
			return w, fmt.Errorf("profile: %w", err)
		}
		w.Params = append(w.Params, uint64(v))
	}
	return w, nil
}

// known reports whether any architecture has a call of that name.
func known(name string) bool {
	for _, a := range arch.All() {
		if _, ok := a.Number(name); ok {
			return true
		}
	}
	return false
}
