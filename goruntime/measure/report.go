//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/goruntime/baseline"
	"github.com/tileseal/tileseal/internal/rule"
)

// A Row is a way in which the Go runtime makes a call, as the results list it. A
// call is allowed if some row of some level holds.
type Row struct {
	Syscall  string             `json:"syscall"`
	Nr       uint32             `json:"nr"`
	Args     map[int]Constraint `json:"args,omitempty"` // by the argument's index; others are free
	When     string             `json:"when"`           // steady, once, exit, crash, profiling, fallback, opt-in
	Why      string             `json:"why"`
	Evidence string             `json:"evidence"` // run, read, not triggered
	// Untriggered are the values of one argument that no run needed, of a row
	// that some run needed.
	Untriggered []int64 `json:"untriggered,omitempty"`
}

// A Constraint is what one argument has to be: one of In, or the value that is
// known at run time as Var. Width is 64 if both words count, else only the low one
// does.
type Constraint struct {
	In    []int64 `json:"in,omitempty"`
	Width int     `json:"width,omitempty"`
	Var   string  `json:"var,omitempty"`
}

// What evidence there is for a row.
const (
	evidenceRun  = "run"           // without it a run was killed
	evidenceRead = "read"          // not run: from the source of the runtime
	evidenceNone = "not triggered" // no run needed it
)

// A Refusal is a call that a level answers with an errno.
type Refusal struct {
	Syscall  string `json:"syscall"`
	Nr       uint32 `json:"nr"`
	Action   string `json:"action"`
	Why      string `json:"why"`
	Evidence string `json:"evidence"` // as that of a row
}

// Results are what was measured with one Go release.
type Results struct {
	Go      string                          // "1.26.8"
	Kernel  string                          // "6.18"
	Levels  map[string]map[string][]Row     // by level, GOARCH
	Refused map[string]map[string][]Refusal // the same
}

// variables are the names the results have for the parameters of the levels.
var variables = map[string]string{
	"go_epoll_fd": "epfd", "go_event_fd": "evfd", "go_pid": "pid",
	"go_cgroup_quota_fd": "cgquota", "go_cgroup_period_fd": "cgperiod",
}

// goarchs are those the baselines are for.
var goarchs = []string{"amd64", "386", "arm64"}

// rowsOf lists the rows of a level. evidence says what there is for one.
func rowsOf(t *table, evidence func(entry) (string, []int64)) ([]Row, []Refusal) {
	var rows []Row
	var refused []Refusal
	for _, e := range t.entries {
		shown, missed := evidence(e)
		if e.action != rule.Allow {
			refused = append(refused, Refusal{e.call, e.nr, e.action.String(), why(t.text, e.line), shown})
			continue
		}
		r := Row{Syscall: e.call, Nr: e.nr, When: when(t.level, e.call), Why: why(t.text, e.line), Evidence: shown, Untriggered: missed}
		for arg, s := range e.when {
			if r.Args == nil {
				r.Args = map[int]Constraint{}
			}
			r.Args[arg] = constraint(s, t.params)
		}
		rows = append(rows, r)
	}
	return rows, refused
}

func constraint(s set, params []rule.Param) Constraint {
	var c Constraint
	if s.width == 64 {
		c.Width = 64
	}
	for _, v := range s.values {
		switch {
		case v.Param >= 0:
			c.Var = variables[params[v.Param].Name]
		case s.width == 32 && v.Value == 1<<32-1 && len(s.values) == 1:
			c.Var = "minus1"
		default:
			c.In = append(c.In, signed(s.width, v.Value))
		}
	}
	return c
}

// signed is a value as a number that may be negative.
func signed(width int, v uint64) int64 {
	if width == 32 {
		return int64(int32(v))
	}
	return int64(v)
}

// when is the occasion of the calls of a level.
func when(level, call string) string {
	switch {
	case level == "core" && call == "exit_group":
		return "exit"
	case level == "crash", level == "crash_core":
		return "crash"
	case strings.HasPrefix(level, "pprof"):
		return "profiling"
	case level == "core_novdso", level == "core_oldkernel":
		return "fallback"
	case level == "core_godebug":
		return "opt-in"
	case level == "netpoll_init", level == "tz":
		return "once"
	}
	return "steady"
}

// why is the first sentence of the comment above a line of a level's text.
func why(text string, line int) string {
	lines := strings.Split(text, "\n")
	at := line - 1 // index of the entry
	for at > 0 && !strings.HasPrefix(lines[at-1], "#") && strings.TrimSpace(lines[at-1]) != "" {
		at-- // other entries under the same comment
	}
	var comment []string
	for at > 0 && strings.HasPrefix(lines[at-1], "#") {
		at--
		comment = append([]string{strings.TrimSpace(strings.TrimPrefix(lines[at], "#"))}, comment...)
	}
	said := strings.Join(comment, " ")
	if end := strings.Index(said, ". "); end >= 0 {
		said = said[:end]
	}
	return strings.TrimSuffix(said, ".")
}

// results gathers what the benches of one release found. For a GOARCH without a
// bench it says what was read.
func results(t toolchain, kernel string, benches []*bench) (*Results, error) {
	res := &Results{Go: strings.TrimPrefix(string(t), "go"), Kernel: kernel,
		Levels: map[string]map[string][]Row{}, Refused: map[string]map[string][]Refusal{}}
	for _, level := range baseline.Names() {
		for _, goarch := range goarchs {
			a, err := arch.ByGOARCH(goarch)
			if err != nil {
				return nil, err
			}
			tab, err := readTable(level, a)
			if err != nil {
				return nil, err
			}
			evidence := func(entry) (string, []int64) { return evidenceRead, nil }
			for _, b := range benches {
				if b.goarch == goarch && b.ran(level) {
					evidence = func(e entry) (string, []int64) { return b.evidence(tab, e) }
				}
			}
			rows, refused := rowsOf(tab, evidence)
			add(res.Levels, level, goarch, rows)
			add(res.Refused, level, goarch, refused)
		}
	}
	return res, nil
}

// keep takes over what a file has for levels other than these.
func (r *Results) keep(name string, levels []string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var old Results
	if err := json.Unmarshal(text, &old); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if old.Go != r.Go || old.Kernel != r.Kernel {
		return fmt.Errorf("%s is of Go %s on Linux %s, not %s on %s; measure all levels", name, old.Go, old.Kernel, r.Go, r.Kernel)
	}
	for _, level := range baseline.Names() {
		if !slices.Contains(levels, level) {
			r.Levels[level], r.Refused[level] = old.Levels[level], old.Refused[level]
		}
	}
	return nil
}

func add[T any](to map[string]map[string][]T, level, goarch string, list []T) {
	if len(list) == 0 {
		return
	}
	if to[level] == nil {
		to[level] = map[string][]T{}
	}
	to[level][goarch] = list
}

// ran reports whether b was asked for level and has a run for it.
func (b *bench) ran(level string) bool {
	return (b.only == nil || slices.Contains(b.only, level)) && slices.ContainsFunc(b.results, func(r *result) bool { return slices.Contains(r.run.of, level) })
}

// evidence says whether some run needed an entry, and which values of it none did.
func (b *bench) evidence(t *table, e entry) (string, []int64) {
	if e.action != rule.Allow {
		if b.needed[part{t.level, refusal(e.call, e.action)}] != "" {
			return evidenceRun, nil
		}
		return evidenceNone, nil
	}
	var missed []int64
	hit := false
	for _, c := range e.when.single() {
		if _, ok := b.needed[part{t.level, atomOf(e.call, c, t.params)}]; ok {
			hit = true
			continue
		}
		for arg, s := range e.when {
			if len(s.values) > 1 {
				missed = append(missed, signed(s.width, c[arg].values[0].Value))
			}
		}
	}
	if !hit {
		return evidenceNone, nil
	}
	return evidenceRun, missed
}

// write writes the results, a row a line.
func (r *Results) write(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\"go\": %q, \"kernel\": %q, \"levels\": {", r.Go, r.Kernel)
	if err := writeLevels(&b, r.Levels); err != nil {
		return err
	}
	b.WriteString("},\n\"refused\": {")
	if err := writeLevels(&b, r.Refused); err != nil {
		return err
	}
	b.WriteString("}}\n")
	_, err := w.Write(b.Bytes())
	return err
}

func writeLevels[T any](b *bytes.Buffer, levels map[string]map[string][]T) error {
	separator := "\n"
	for _, level := range baseline.Names() {
		if levels[level] == nil {
			continue
		}
		fmt.Fprintf(b, "%s %q: {", separator, level)
		separator = ",\n"
		inner := "\n"
		for _, goarch := range goarchs {
			rows, ok := levels[level][goarch]
			if !ok {
				continue
			}
			fmt.Fprintf(b, "%s  %q: [", inner, goarch)
			inner = ",\n"
			for i, row := range rows {
				text, err := json.Marshal(row)
				if err != nil {
					return err
				}
				if i > 0 {
					b.WriteByte(',')
				}
				fmt.Fprintf(b, "\n    %s", text)
			}
			b.WriteString("\n  ]")
		}
		b.WriteString("\n }")
	}
	b.WriteByte('\n')
	return nil
}
