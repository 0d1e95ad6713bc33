//go:build linux && amd64

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A metric is something that is measured.
type metric string

const (
	readyTime        metric = "time to a ready program, ns"
	readyAllocs      metric = "Go allocations to a ready program"
	size             metric = "size, instructions"
	executedAll      metric = "executed instructions, mean of all calls"
	executedUncached metric = "executed instructions, mean of calls that the kernel does not cache"
	installSteps     metric = "instructions emulated at install"
	installTime      metric = "prctl and seccomp, us"
	checkedCall      metric = "a call with checked arguments in the kernel, ns"
	freeCall         metric = "a call that is always allowed in the kernel, ns"
	userSpace        metric = "one call in user space, ns"
	proofTime        metric = "time to prove, ms"
	proofPaths       metric = "pairs of paths in the proof"
)

// A result is one figure, or the reason why there is none.
type result struct {
	Policy    string  `json:"policy"`
	Metric    metric  `json:"metric"`
	Contender string  `json:"contender"`
	Value     float64 `json:"value"`
	Ratio     float64 `json:"ratio,omitempty"` // to the first contender that has a figure
	Absent    string  `json:"absent,omitempty"`
}

// A report collects results.
type report struct {
	Date    string   `json:"date"`
	Machine string   `json:"machine"`
	Peers   []string `json:"peers"`
	Results []result `json:"results"`
	Notes   []result `json:"notes"` // differences in meaning, in Absent
}

func newReport() *report {
	var u unix.Utsname
	release := "unknown"
	if unix.Uname(&u) == nil {
		// The first two numbers: the rest may name the machine.
		if part := strings.SplitN(unix.ByteSliceToString(u.Release[:]), ".", 3); len(part) > 1 {
			release = part[0] + "." + part[1]
		}
	}
	return &report{
		Date:    time.Now().UTC().Format(time.DateOnly),
		Machine: fmt.Sprintf("Linux %s, x86_64, %d CPUs, %s", release, runtime.NumCPU(), runtime.Version()),
		Peers:   []string{libseccompVersion(), gvisorVersion()},
	}
}

func (r *report) add(p *policy, m metric, contender string, v float64) {
	res := result{Policy: p.name, Metric: m, Contender: contender, Value: v}
	for _, first := range r.Results {
		if first.Policy == p.name && first.Metric == m && first.Absent == "" && first.Value > 0 {
			res.Ratio = v / first.Value
			break
		}
	}
	r.Results = append(r.Results, res)
}

// absent says why there is no figure.
func (r *report) absent(p *policy, m metric, contender, why string) {
	r.Results = append(r.Results, result{Policy: p.name, Metric: m, Contender: contender, Absent: why})
}

// note says something of a contender that no figure does.
func (r *report) note(p *policy, contender, what string) {
	r.Notes = append(r.Notes, result{Policy: p.name, Contender: contender, Absent: what})
}

// print writes a table for each metric, a row a contender, a column a policy.
func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "%s; %s; %s\n", r.Date, r.Machine, strings.Join(r.Peers, ", "))
	fmt.Fprintln(w, "In parentheses: the ratio to the first row that has a figure.")
	for _, m := range r.list(func(x result) string { return string(x.Metric) }) {
		r.table(w, metric(m))
	}
	fmt.Fprintln(w)
	r.reasons(w)
}

// reasons says why figures are missing and what else is to be known, each
// once, with the policies that it is about.
func (r *report) reasons(w io.Writer) {
	var order []string
	about := map[string][]string{}
	for _, x := range append(r.Results[:len(r.Results):len(r.Results)], r.Notes...) {
		if x.Absent == "" {
			continue
		}
		key := x.Contender + ": " + x.Absent
		if about[key] == nil {
			order = append(order, key)
		}
		if !slices.Contains(about[key], x.Policy) {
			about[key] = append(about[key], x.Policy)
		}
	}
	for _, key := range order {
		fmt.Fprintf(w, "- %s: %s\n", strings.Join(about[key], ", "), key)
	}
}

// list is what f says of the results, each once, in their order.
func (r *report) list(f func(result) string) []string {
	var list []string
	for _, x := range r.Results {
		if s := f(x); s != "" && !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

func (r *report) table(w io.Writer, m metric) {
	policies := r.list(func(x result) string { return x.Policy })
	rows := [][]string{append([]string{string(m)}, policies...)}
	for _, c := range r.list(func(x result) string {
		if x.Metric != m {
			return ""
		}
		return x.Contender
	}) {
		row := []string{c}
		for _, p := range policies {
			i := slices.IndexFunc(r.Results, func(x result) bool { return x.Metric == m && x.Contender == c && x.Policy == p })
			if i < 0 {
				row = append(row, "")
				continue
			}
			row = append(row, r.Results[i].cell())
		}
		rows = append(rows, row)
	}
	writeRows(w, rows)
}

func (x result) cell() string {
	if x.Absent != "" {
		return "-"
	}
	format := "%.2f"
	if x.Value == float64(int64(x.Value)) || x.Value >= 1000 {
		format = "%.0f"
	} else if x.Value >= 100 {
		format = "%.1f"
	}
	s := fmt.Sprintf(format, x.Value)
	if x.Ratio > 0 {
		s += fmt.Sprintf(" (%.3g)", x.Ratio)
	}
	return s
}

// writeRows writes a table in Markdown, padded so that it reads as it is.
func writeRows(w io.Writer, rows [][]string) {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, s := range row {
			width[i] = max(width[i], len(s))
		}
	}
	fmt.Fprintln(w)
	for n, row := range rows {
		for i, s := range row {
			if i == 0 {
				fmt.Fprintf(w, "| %-*s |", width[i], s)
			} else {
				fmt.Fprintf(w, " %*s |", width[i], s)
			}
		}
		fmt.Fprintln(w)
		if n > 0 {
			continue
		}
		for i, n := range width {
			if i == 0 {
				fmt.Fprintf(w, "|%s|", strings.Repeat("-", n+2))
			} else {
				fmt.Fprintf(w, "%s:|", strings.Repeat("-", n+1))
			}
		}
		fmt.Fprintln(w)
	}
}

func (r *report) writeJSON(file string) error {
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o666)
}
