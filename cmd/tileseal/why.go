package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/internal/sigsys"
)

// whyExamples follow the flags in the verb's help.
const whyExamples = `
REPORT is a file, standard input if there is none or it is -: what a Go program
printed when it died of "SIGSYS: bad system call", or lines of the kernel's
audit; everything else in it is skipped. Or it is an ELF core that a kill left,
told by its first bytes, of any architecture; only its notes are read.

	./mytile 2>&1 | tileseal why -policy mytile.seccomppolicy -p log_fd=3
	dmesg | tileseal why
	ausearch -m SECCOMP | tileseal why -policy mytile.seccomppolicy -format json
	coredumpctl dump mytile | tileseal why -policy mytile.seccomppolicy

A filter made with install.Staging lets a Go program print such a text.
`

// An answer is what why says about one report.
type answer struct {
	Line     int               `json:"line,omitzero"` // of the input; a core has none
	Source   sigsys.Kind       `json:"source"`
	Count    int               `json:"count"` // reports of this call, this being the first
	Call     string            `json:"call,omitempty"`
	Name     string            `json:"name,omitempty"`
	Nr       uint32            `json:"nr"`
	Arch     string            `json:"arch,omitempty"`
	Args     []answerArg       `json:"args,omitempty"`
	Problem  string            `json:"problem,omitempty"` // why there is no call
	Maker    *sigsys.Frame     `json:"maker,omitempty"`
	Through  string            `json:"through,omitempty"` // the function of the standard library that Maker called
	Context  map[string]string `json:"context,omitempty"`
	Notes    []string          `json:"notes,omitempty"`
	Judgment *judgment         `json:"policy,omitempty"`
}

// An answerArg is a decoded argument; JSON has no 64-bit numbers, so its value
// is text.
type answerArg struct {
	Name  string `json:"name"`
	Kind  string `json:"kind"`
	Value string `json:"value"`
	Text  string `json:"text"`
}

// A whyer holds the flags of one call of why.
type whyer struct {
	*command
	arch   arch.Arch // 0: that of each report
	file   string    // of the policy, or ""
	read   *reading
	params map[string]int64
	opened map[arch.Arch]*openPolicy
	failed error // what is wrong with the policy on an architecture of the reports
}

func runWhy(c *command) error {
	w := &whyer{command: c, params: map[string]int64{}, opened: map[arch.Arch]*openPolicy{}}
	usage := c.Usage
	c.Usage = func() {
		usage()
		fmt.Fprint(c.Output(), whyExamples)
	}
	w.read = c.meaningFlags("whose widths of comparisons hold")
	c.Func("arch", "the architecture the program was built for, as in i386 (default that of each report)", func(s string) (err error) {
		w.arch, err = arch.ByName(s)
		return err
	})
	c.StringVar(&w.file, "policy", "", "hold the calls against a policy, a `file`, and say which line would have to change")
	c.Func("p", "the value of a parameter of the policy, as in -p logfile_fd=3", func(s string) error {
		return setParam(w.params, s)
	})
	asJSON := c.formatFlag()
	if err := c.parseFlags(); err != nil {
		return err
	}
	if c.NArg() > 1 {
		return c.misuse("%s takes one report file, found %d", c.Name(), c.NArg())
	}
	if len(w.params) > 0 && w.file == "" {
		return c.misuse("tileseal: -p goes with -policy")
	}
	reports, err := w.reports()
	if err != nil {
		return err
	}
	return w.answer(reports, *asJSON)
}

// reports reads those of the file, or of standard input.
func (w *whyer) reports() ([]sigsys.Report, error) {
	var in io.Reader = os.Stdin
	name := cmp.Or(w.Arg(0), "-")
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	} else {
		name = "standard input"
	}
	reports, err := sigsys.Read(in)
	if errors.Is(err, sigsys.ErrNone) {
		fmt.Fprintf(w.stderr, "tileseal: %s: %v\n", name, err)
		return nil, errUsage
	}
	return reports, err
}

// answer writes what there is to say about each call, once for those that are
// the same.
func (w *whyer) answer(reports []sigsys.Report, asJSON bool) error {
	var answers []*answer
	seen := map[string]*answer{}
	for i := range reports {
		r := &reports[i]
		key := w.key(r)
		if first, ok := seen[key]; ok {
			first.Count++
			continue
		}
		a, err := w.about(r)
		if err != nil {
			return err
		}
		seen[key] = a
		answers = append(answers, a)
	}
	if w.failed != nil && len(w.opened) == 0 {
		return w.failed
	}
	if asJSON {
		text, err := json.MarshalIndent(answers, "", " ")
		if err != nil {
			return err
		}
		fmt.Fprintf(w.stdout, "%s\n", text)
	} else {
		for i, a := range answers {
			if i > 0 {
				fmt.Fprintln(w.stdout)
			}
			a.say(w.stdout)
		}
	}
	if !slices.ContainsFunc(answers, func(a *answer) bool { return a.Problem == "" }) {
		return errUsage
	}
	return nil
}

// key is equal for reports that get the same answer.
func (w *whyer) key(r *sigsys.Report) string {
	maker, through, _ := r.Maker()
	return fmt.Sprint(r.Kind, r.Problem, r.Arch, r.Nr, r.Args, r.Code, r.Exe, maker, through)
}

// builtFor is the architecture the program was built for, 0 if that is not
// known.
func (w *whyer) builtFor(r *sigsys.Report) arch.Arch { return cmp.Or(w.arch, r.Program) }

// about is the answer to one report.
func (w *whyer) about(r *sigsys.Report) (*answer, error) {
	a := &answer{Line: r.Line, Source: r.Kind, Count: 1, Problem: r.Problem, Context: contextOf(r)}
	if f, through, ok := r.Maker(); ok {
		a.Maker, a.Through = &f, through
	}
	if r.Problem != "" {
		return a, nil
	}
	a.Call, a.Name, a.Nr, a.Arch = r.String(), r.Name(), r.Nr, r.ArchName()
	args, _ := r.Arguments()
	for _, x := range args {
		a.Args = append(a.Args, answerArg{x.Name, x.Kind.String(), fmt.Sprintf("%#x", x.Value), x.Text})
	}
	a.Notes = w.notes(r)
	if w.file == "" {
		return a, nil
	}
	p, err := w.policyFor(cmp.Or(w.builtFor(r), r.Arch))
	var list gen.ErrorList
	if errors.As(err, &list) && w.arch == 0 { // it may be for other architectures only
		w.failed = err
		a.Notes = append(a.Notes, fmt.Sprintf("%s has errors for %s: %v", w.file, r.ArchName(), list[0]))
		return a, nil
	}
	if err != nil {
		return nil, err
	}
	a.Judgment = w.judge(p, r)
	return a, nil
}

// contextOf is what else a report tells, by name.
func contextOf(r *sigsys.Report) map[string]string {
	m := map[string]string{"goroutine": r.Goroutine, "code": r.Code, "pid": r.PID, "comm": r.Comm, "exe": r.Exe}
	if r.FilterData != 0 {
		m["data"] = fmt.Sprint(r.FilterData)
	}
	for k, v := range m {
		if v == "" {
			delete(m, k)
		}
	}
	return m
}

// notes are remarks on the call itself.
func (w *whyer) notes(r *sigsys.Report) []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	built := w.builtFor(r)
	switch {
	case built != 0 && built.Audit() != uint32(r.Arch):
		add("killed for its architecture: a program for %v may make no call of %s, whatever the rules", gen.ArchName(built), r.ArchName())
	case r.X32() && built != arch.X32:
		add("killed for being an x32 call, whatever the rules")
	case r.Compat && built == 0:
		add("a 32-bit call on a 64-bit kernel: if the program was built for a 64-bit architecture, it was killed for that, whatever the rules; -arch says what it was built for")
	}
	if _, ok := r.Arch.Name(r.Nr); !ok && !r.X32() {
		if last, ok := r.Arch.LastNumber(); !ok {
			add("there is no table of system calls for %v", r.Arch)
		} else if r.Nr > last {
			add("the call is newer than the tables, which are those of Linux %s", arch.KernelRelease)
		} else {
			add("%s has no such call", r.ArchName())
		}
	}
	if what, ok := r.Multiplexed(); ok {
		add("it is %s, whose arguments lie in memory, where no filter can look", what)
	}
	if r.Kind == sigsys.Crash && len(r.Stack) > 0 {
		if _, _, ok := r.Maker(); !ok {
			add("made by the Go runtime on its own account, in %s", r.Stack[0].Func)
		}
	}
	if r.Code == rule.Log.String() {
		add("the call was logged and let through")
	}
	if r.Blind() && r.Kind == sigsys.Core {
		add("the core's notes do not have all arguments of the call")
	} else if r.Blind() {
		add("audit lines carry no arguments; a filter made with install.Staging shows them")
	}
	return out
}
