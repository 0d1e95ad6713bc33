package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/internal/learn"
	"github.com/tileseal/tileseal/internal/sandbox"
	"github.com/tileseal/tileseal/internal/sigsys"
)

// An explanation is the calls that would have killed a command, once each of those
// a policy would treat alike.
type explanation struct {
	calls []*deniedCall
	seen  map[string]*deniedCall
}

type deniedCall struct {
	learn.Call
	count int
}

func (x *explanation) note(c sandbox.Call) {
	call := learn.FromKernel(c)
	key := learn.Alike(call)
	d := x.seen[key]
	if d == nil {
		d = &deniedCall{Call: call}
		if x.seen == nil {
			x.seen = map[string]*deniedCall{}
		}
		x.seen[key] = d
		x.calls = append(x.calls, d)
	}
	d.count++
}

// A deniedAnswer is what run -explain tells about one.
type deniedAnswer struct {
	Call     string    `json:"call"`
	Count    int       `json:"count"`
	Files    []string  `json:"files,omitempty"` // what its descriptors and names were, as in "3 is /etc/passwd"
	Notes    []string  `json:"notes,omitempty"`
	Judgment *judgment `json:"policy,omitempty"`
}

// tell tells of all of them.
func (r *runner) tell(x *explanation) error {
	list := []deniedAnswer{}
	for _, d := range x.calls {
		e, err := r.answerTo(d)
		if err != nil {
			return err
		}
		list = append(list, e)
	}
	var text bytes.Buffer
	if r.asJSON {
		out, err := json.MarshalIndent(list, "", " ")
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "%s\n", out)
	} else {
		r.say(&text, list)
	}
	if r.out != "" {
		return writeFile(r.out, text.Bytes())
	}
	_, err := r.stderr.Write(text.Bytes())
	return err
}

// say writes the answers as text.
func (r *runner) say(out io.Writer, list []deniedAnswer) {
	if len(list) == 0 {
		fmt.Fprintf(out, "tileseal: %s allows every call that was made\n", r.file)
		return
	}
	fmt.Fprintf(out, "tileseal: %s, each let through this time:\n", counted(len(list), "call would have killed the command", "calls would have killed the command"))
	for _, e := range list {
		e.say(out)
	}
	fmt.Fprintf(out, "\nAll lines at once: tileseal learn %s-against %s -- %s\n", flagsOf(r.params), r.file, quoted(r.Args()[2:]))
}

func (e *deniedAnswer) say(out io.Writer) {
	head := e.Call
	if e.Count > 1 {
		head += fmt.Sprintf(", %d times", e.Count)
	}
	fmt.Fprintf(out, "\n%s\n", head)
	line := func(format string, args ...any) { fmt.Fprintf(out, "\t"+format+"\n", args...) }
	for _, text := range slices.Concat(e.Files, e.Notes) {
		line("%s", text)
	}
	if e.Judgment != nil {
		e.Judgment.say(line)
	}
}

func flagsOf(params map[string]int64) string {
	var b strings.Builder
	for _, name := range sortedKeys(params) {
		fmt.Fprintf(&b, "-p %s=%d ", name, params[name])
	}
	return b.String()
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// answerTo holds a call against the policy.
func (r *runner) answerTo(d *deniedCall) (deniedAnswer, error) {
	report := &sigsys.Report{Kind: "told", Arch: d.Arch, Nr: d.Nr, Args: d.Args, HasArgs: true}
	a, err := r.whyer().about(report)
	if err != nil {
		return deniedAnswer{}, err
	}
	e := deniedAnswer{Call: a.Call, Count: d.count, Notes: a.Notes, Judgment: a.Judgment}
	for i, f := range d.Files {
		if f != "" {
			e.Files = append(e.Files, fmt.Sprintf("%d is %s", int32(d.Args[i]), f))
		}
	}
	for i, text := range d.Texts {
		if text != "" {
			e.Files = append(e.Files, fmt.Sprintf("arg %d points to %q", i, text))
		}
	}
	return e, nil
}

func sortedKeys(m map[string]int64) []string { return slices.Sorted(maps.Keys(m)) }
