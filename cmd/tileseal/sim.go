package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/sigsys"
	"github.com/tileseal/tileseal/internal/view"
)

const simAbout = `
FILE is a policy, or a program in a form that disasm reads. CALL is a name or a number;
its arguments are numbers (decimal, 0x hex, negative ones filling all 64 bits),
C expressions of constants (O_WRONLY|O_CREAT) or parameters by name; those left
out are zero. A filter does not see what a pointer points to: give an address.

Parameters that the call does not come across need no value. The exit status is
0 whatever the verdict, 2 if it depends on a parameter without a value.
`

// A simulation is what becomes of one call.
type simulation struct {
	Call     string           `json:"call"`
	Verdict  string           `json:"verdict"`
	Nr       uint32           `json:"nr"`
	Audit    uint32           `json:"audit_arch"`
	Args     [6]string        `json:"args"` // as 0x12; JSON has no 64-bit numbers
	Params   map[string]int64 `json:"params,omitempty"`
	Program  string           `json:"program"`
	Arch     string           `json:"arch"` // of the program
	Layout   string           `json:"layout,omitempty"`
	Insns    int              `json:"instr_cnt"`
	Executed int              `json:"executed"`
	Cached   bool             `json:"cached"` // a kernel from Linux 5.11 on answers without running the program
	By       string           `json:"by,omitempty"`
	At       string           `json:"at,omitempty"` // file:line of the entry that decided
	Entries  []entryAnswer    `json:"entries,omitempty"`
	Path     []simulatedStep  `json:"path"`
}

// A simulatedStep is one instruction executed.
type simulatedStep struct {
	PC   int    `json:"pc"`
	Text string `json:"text"`
	Does string `json:"does,omitempty"`
	Note string `json:"note,omitempty"`
}

func runSim(c *command) error {
	usage := c.Usage
	c.Usage = func() {
		usage()
		fmt.Fprint(c.Output(), simAbout)
	}
	r := c.readingFlags()
	archs := c.archsFlag("the architecture of the program, or several in one program")
	var from arch.Arch
	c.Func("from", "the architecture the call is made on, as in i386 for int 0x80 (default the program's)", func(s string) (err error) {
		from, err = arch.ByName(s)
		return err
	})
	given := map[string]int64{}
	c.Func("p", "the value of a parameter, as in -p logfile_fd=3", func(s string) error { return setParam(given, s) })
	asJSON := c.formatFlag()
	if err := c.parseFlags(); err != nil {
		return err
	}
	if c.NArg() < 3 || c.Arg(1) != "--" {
		return c.misuse("%s takes a file, -- and a system call, as in: mytile.seccomppolicy -- write 3", c.Name())
	}
	if err := r.checkArchs(c, *archs); err != nil {
		return err
	}
	s, err := c.open(r, c.Arg(0), *archs)
	if err != nil {
		return err
	}
	params, err := c.values(s.Params, given)
	if err != nil {
		return err
	}
	if from == 0 {
		from = s.Arch
	}
	call, err := s.call(from, c.Args()[2:], params)
	if err != nil {
		return c.refuse("tileseal: %v", err)
	}
	s, judged := s.on(from, call)
	t, err := s.Trace(call, params)
	if open := (*view.OpenError)(nil); errors.As(err, &open) {
		return c.refuse("tileseal: %v; add -p %s=N", err, open.Param)
	} else if err != nil {
		return err
	}
	out := s.simulation(from, t)
	if out.Params = given; s.Policy != nil {
		s.explain(out, t, params, judged)
	}
	return out.write(c, *asJSON)
}

// simulation is a trace with what the policy says of it.
func (s *subject) simulation(from arch.Arch, t *view.Trace) *simulation {
	out := &simulation{
		Call: callText(from, t.Call), Verdict: t.Verdict.String(), Nr: t.Call.Nr, Audit: t.Call.Arch,
		Program: s.Name, Arch: gen.ArchName(s.Arch), Layout: s.Layout,
		Insns: len(s.Insns), Executed: len(t.Steps), Cached: t.Cached,
	}
	for i, v := range t.Call.Args {
		out.Args[i] = fmt.Sprintf("%#x", v)
	}
	for _, step := range t.Steps {
		out.Path = append(out.Path, simulatedStep{step.PC, s.Text[step.PC], step.Does, s.Notes[step.PC]})
	}
	return out
}

// explain names the entry of the policy that decided, and those before it that
// did not hold.
func (s *subject) explain(out *simulation, t *view.Trace, params map[int]uint64, judged bool) {
	found := sigsys.Judge{Policy: s.Policy, Params: params}.Judge(&sigsys.Report{
		Arch: arch.Arch(t.Call.Arch), Nr: t.Call.Nr, Args: t.Call.Args, HasArgs: true,
	})
	for _, f := range found.Findings {
		if f.Case.Src.Line != 0 { // not what a policy within another says of all else
			out.Entries = append(out.Entries, entryAnswer{at(f.Case.Src), f.Case.Action.String(), f.Holds.String(), f.Why})
		}
	}
	switch n := len(found.Findings); {
	case found.Killed != "":
		out.By = found.Killed
	case !judged:
		out.By = "killed: the program is not for calls like this, whatever the rules"
	case n > 0 && found.Findings[n-1].Holds == sigsys.Yes:
		out.By = "this entry holds"
		if src := found.Findings[n-1].Case.Src; src.Line != 0 {
			out.At = at(src)
		}
	case found.Newer:
		out.By, out.At = "the call is newer than the tables", s.entryOf(gen.NewerEntry)
	case n > 0:
		out.By, out.At = "no entry about the call holds, so the default decides", s.entryOf(gen.DefaultEntry)
	default:
		out.By, out.At = "there is no entry about the call, so the default decides", s.entryOf(gen.DefaultEntry)
	}
}

// entryOf is where the text has its entry of a kind, "" if nowhere.
func (s *subject) entryOf(kind gen.EntryKind) string {
	i := slices.IndexFunc(s.file.Entries, func(e *gen.Entry) bool { return e.Kind == kind })
	if i < 0 {
		return ""
	}
	return fmt.Sprintf("%s:%d", s.file.Entries[i].Pos.File, s.file.Entries[i].Pos.Line)
}

func (s *simulation) write(c *command, asJSON bool) error {
	if asJSON {
		text, err := json.MarshalIndent(s, "", " ")
		if err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "%s\n", text)
		return nil
	}
	fmt.Fprintf(c.stdout, "%s: %s\n", s.Call, s.Verdict)
	s.say(c)
	cached := "the kernel runs it at every such call"
	if s.Cached {
		cached = "from Linux 5.11 on the kernel answers from its cache"
	}
	fmt.Fprintf(c.stdout, "\n%d of %d instructions executed; %s\n\n", s.Executed, s.Insns, cached)
	labels, texts, does := 0, 0, 0
	for _, p := range s.Path {
		labels, texts, does = max(labels, len(fmt.Sprint(p.PC))), max(texts, len(p.Text)), max(does, len(p.Does))
	}
	for _, p := range s.Path {
		line := fmt.Sprintf("%-*s %-*s  %-*s", labels+2, fmt.Sprintf("l%d:", p.PC), texts, p.Text, does, p.Does)
		if p.Note != "" && !strings.HasPrefix(p.Does, "returns") {
			line += "  ; " + p.Note
		}
		fmt.Fprintln(c.stdout, strings.TrimRight(line, " "))
	}
	return nil
}

// say writes what the policy says of the call.
func (s *simulation) say(c *command) {
	for _, e := range s.Entries {
		if e.At == s.At && e.Holds == "yes" {
			continue // said below
		}
		fmt.Fprintf(c.stdout, "\t%s: %s, does not hold: %s\n", e.At, e.Action, strings.Join(e.Why, "; "))
	}
	switch {
	case s.By == "":
	case s.At == "":
		fmt.Fprintf(c.stdout, "\t%s\n", s.By)
	default:
		fmt.Fprintf(c.stdout, "\t%s: %s\n", s.At, s.By)
	}
}
