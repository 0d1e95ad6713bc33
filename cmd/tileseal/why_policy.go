package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/goruntime/baseline"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/internal/sigsys"
)

// A judgment is what a policy says about a call, and what would have to change.
type judgment struct {
	File    string        `json:"file"`
	Verdict string        `json:"verdict"` // "depends" if it is not known
	Killed  string        `json:"killed,omitempty"`
	Entries []entryAnswer `json:"entries,omitempty"` // those about the call, up to the first that holds
	Advice  *advice       `json:"advice,omitempty"`
}

// An entryAnswer is one entry about the call.
type entryAnswer struct {
	At     string   `json:"at"` // file:line
	Action string   `json:"action"`
	Holds  string   `json:"holds"` // yes, no, depends
	Why    []string `json:"why,omitempty"`
}

// An advice is a change that allows the call; it has been tried.
type advice struct {
	At     string   `json:"at,omitempty"` // the entry to replace, as file:line; "" to add one
	Entry  string   `json:"entry,omitempty"`
	Levels []string `json:"levels,omitempty"` // of the Go runtime that allow the call
	Notes  []string `json:"notes,omitempty"`
}

// An openPolicy is the policy on one architecture.
type openPolicy struct {
	file  *gen.File
	res   *gen.Resolved
	judge sigsys.Judge
}

// policyFor resolves the policy for an architecture.
func (w *whyer) policyFor(a arch.Arch) (*openPolicy, error) {
	if p := w.opened[a]; p != nil {
		return p, nil
	}
	text, err := os.ReadFile(w.file)
	if err != nil {
		return nil, err
	}
	p, errs := w.resolveText(string(text), a)
	if errs.Err() != nil {
		return nil, errs
	}
	report(w.stderr, errs)
	if err := p.know(w); err != nil {
		return nil, err
	}
	w.opened[a] = p
	return p, nil
}

func (w *whyer) resolveText(text string, a arch.Arch) (*openPolicy, gen.ErrorList) {
	f, errs := gen.Parse(w.file, text, w.read.dialect)
	res, list := gen.Resolve(f, a, w.read.layout)
	return &openPolicy{f, res, sigsys.Judge{Policy: res.Policy}}, append(errs, list...)
}

// know takes the values given for parameters.
func (p *openPolicy) know(w *whyer) error {
	p.judge.Params = map[int]uint64{}
	for name, v := range w.params {
		i := slices.IndexFunc(p.res.Params, func(q rule.Param) bool { return q.Name == name })
		if i < 0 {
			return w.misuse("tileseal: the policy has no parameter %s", name)
		}
		if err := p.res.Params[i].Check(v); err != nil {
			return w.misuse("tileseal: %v", err)
		}
		p.judge.Params[i] = uint64(v)
	}
	return nil
}

// judge holds a call against the policy.
func (w *whyer) judge(p *openPolicy, r *sigsys.Report) *judgment {
	found := p.judge.Judge(r)
	j := &judgment{File: w.file, Verdict: found.Verdict.String(), Killed: found.Killed}
	if found.Open {
		j.Verdict = "depends"
	}
	if found.Killed != "" {
		return j
	}
	for _, f := range found.Findings {
		if f.Case.Src.Line == 0 { // what a policy within another says of all else
			continue
		}
		j.Entries = append(j.Entries, entryAnswer{at(f.Case.Src), f.Case.Action.String(), f.Holds.String(), f.Why})
	}
	if name, ok := r.Arch.Name(r.Nr); ok && (found.Open || found.Verdict != rule.Allow) {
		j.Advice = w.advise(p, r, name, found)
	}
	return j
}

func at(s rule.Src) string { return fmt.Sprintf("%s:%d", s.File, s.Line) }

// advise looks for the smallest change that allows a call, and tries it.
func (w *whyer) advise(p *openPolicy, r *sigsys.Report, name string, found sigsys.Judgment) *advice {
	s := p.judge.Suggest(r)
	if s.Blind && len(found.Findings) > 0 { // it takes the arguments to say more
		return nil
	}
	a := &advice{Levels: w.levels(p, r)}
	if slices.ContainsFunc(p.file.Entries, func(e *gen.Entry) bool { return e.Kind == gen.WithinEntry }) {
		a.Notes = append(a.Notes, "this policy and the one around it have to allow the call both")
		return a
	}
	own := slices.IndexFunc(found.Findings, func(f sigsys.Finding) bool { return f.Case.Src.File == p.file.Name })
	text := p.file.Text
	if own < 0 {
		a.Entry = sigsys.Entry(name, nil, s.When)
		text = strings.TrimRight(text, "\n") + "\n" + a.Entry + "\n"
	} else {
		f := found.Findings[own]
		e := p.entryAt(f.Case.Src, name)
		if e == nil || f.Case.Action != rule.Allow {
			a.Notes = append(a.Notes, fmt.Sprintf("the entry at %s itself would have to change", at(f.Case.Src)))
			return a
		}
		a.At = at(f.Case.Src)
		a.Entry = sigsys.Entry(name, archNames(e.On), s.Widened(f.Case.When))
		text = replaceEntry(text, e.Pos.Line, a.Entry)
	}
	changed, errs := w.resolveText(text, arch.Arch(p.res.Target.Audit))
	if errs.Err() == nil {
		changed.judge.Params = p.judge.Params
		if now := changed.judge.Judge(r); now.Open || now.Verdict != rule.Allow {
			errs = gen.ErrorList{{Msg: "the call would still be " + now.Verdict.String()}}
		}
	}
	if errs.Err() != nil {
		a.At, a.Entry = "", ""
		a.Notes = append(a.Notes, "no single entry would allow it: "+errs[0].Msg)
		return a
	}
	a.Notes = append(a.Notes, remarks(s)...)
	return a
}

// entryAt is the entry for one call that stands at a place.
func (p *openPolicy) entryAt(src rule.Src, call string) *gen.Entry {
	for _, e := range p.file.Entries {
		if e.Kind == gen.CallEntry && e.Name == call && rule.Src(e.Pos) == src {
			return e
		}
	}
	return nil
}

func archNames(on []arch.Arch) []string {
	var names []string
	for _, a := range on {
		names = append(names, gen.ArchName(a))
	}
	return names
}

// replaceEntry puts an entry in the place of the one that begins at a line,
// with the lines that continue it.
func replaceEntry(text string, first int, entry string) string {
	lines := strings.Split(text, "\n")
	last := first - 1
	for i := first; i < len(lines); i++ {
		l := lines[i]
		trimmed := strings.TrimSpace(l)
		if trimmed == "" || strings.HasPrefix(trimmed, "#") {
			continue
		}
		if !strings.HasPrefix(l, " ") && !strings.HasPrefix(l, "\t") {
			break
		}
		last = i
	}
	return strings.Join(slices.Concat(lines[:first-1], []string{entry}, lines[last+1:]), "\n")
}

// remarks are what to know about a suggested condition.
func remarks(s sigsys.Suggestion) []string {
	var out []string
	if s.Blind {
		out = append(out, "this allows the call whatever its arguments, which the report lacks; compare those that matter")
	}
	if len(s.Runs) > 0 {
		out = append(out, strings.Join(s.Runs, ", ")+" may be another in the next run: declare a parameter in the first line, and compare with that")
	}
	if len(s.Left) > 0 {
		out = append(out, "not compared: "+strings.Join(s.Left, "; "))
	}
	return out
}

// levels are those of the Go runtime that allow a call and are not included
// yet: for calls of the runtime and the standard library.
func (w *whyer) levels(p *openPolicy, r *sigsys.Report) []string {
	_, through, ok := r.Maker()
	if !r.HasArgs || len(r.Stack) == 0 || ok && through == "" {
		return nil
	}
	cgo := slices.ContainsFunc(r.Stack, func(f sigsys.Frame) bool { return f.Func == "runtime.cgocall" })
	var names []string
	for _, level := range baseline.Names() {
		if slices.Contains(p.res.Levels, level) || level == "cgo" && !cgo {
			continue
		}
		f, _ := gen.Parse("level", "noarg\ninclude go/"+level+"\n", gen.Tileseal)
		res, errs := gen.Resolve(f, arch.Arch(p.res.Target.Audit), w.read.layout)
		if errs.Err() != nil {
			continue
		}
		found := sigsys.Judge{Policy: res.Policy}.Judge(r)
		if found.Open || found.Verdict == rule.Allow {
			names = append(names, "go/"+level)
		}
	}
	return names
}
