package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/emit"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/vm"
)

// A verdict is the outcome of a proof, as -format json prints it.
type verdict struct {
	Policy   string        `json:"policy"`
	Arch     gen.ArchNames `json:"arch"`
	Layout   string        `json:"layout,omitempty"`
	Result   string        `json:"result"` // equal, no wider, different, undecided
	Paths    int           `json:"paths"`
	Insns    int           `json:"instr_cnt,omitempty"`
	Cached   []string      `json:"cached,omitempty"`        // calls the kernel answers without running the program
	Steps    *int          `json:"install_steps,omitempty"` // instructions it emulates for that
	Dead     []string      `json:"dead,omitempty"`
	Reason   string        `json:"reason,omitempty"`
	Examples []example     `json:"counterexamples,omitempty"`
}

// An example is a call on which two sides differ.
type example struct {
	Call   string           `json:"call"`
	Nr     uint32           `json:"nr"`
	Arch   uint32           `json:"audit_arch"`
	Args   [6]uint64        `json:"args"`
	Params map[string]int64 `json:"params"`
	Got    string           `json:"got"`
	Want   string           `json:"want"`
	Change string           `json:"change,omitempty"` // of diff: laxer, stricter or mixed
	Before string           `json:"before,omitempty"` // of diff: the call's rule in words
	After  string           `json:"after,omitempty"`
}

func exampleOf(c *prove.Counterexample, params []rule.Param) example {
	e := example{Call: vm.Call(c.Data).String(), Nr: c.Data.Nr, Arch: c.Data.Arch, Args: c.Data.Args,
		Params: map[string]int64{}, Got: c.Got.String(), Want: c.Want.String()}
	for i, p := range params {
		e.Params[p.Name] = int64(c.Params[i])
	}
	return e
}

func runProve(c *command) error {
	r := c.readingFlags()
	archs := c.archsFlag("the architecture, or several that one program is for")
	file := c.String("program", "", "a program to hold against the policy, a `file` as compile -format json prints it")
	asJSON := c.formatFlag()
	if err := c.parse(true); err != nil {
		return err
	}
	if err := r.checkArchs(c, *archs); err != nil {
		return err
	}
	f, t, err := c.resolveFor(r, c.Arg(0), *archs)
	if err != nil {
		return err
	}
	v := verdict{Policy: t.Name, Arch: gen.NamesOf(*archs)}
	program, err := c.programFor(&v, f, t, r, *file)
	if err != nil {
		return err
	}
	stats, err := t.Equal(program)
	v.Paths, v.Insns = stats.Paths, len(program.Insns)
	if err := v.decide(err, program, t); err != nil {
		return err
	}
	return c.print(v, *asJSON)
}

// resolve reads one policy and resolves it. Warnings go to standard error.
func (c *command) resolve(r *reading, file string, a arch.Arch) (*gen.File, *gen.Resolved, error) {
	if err := r.check(c); err != nil {
		return nil, nil, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	f, errs := gen.Parse(file, string(text), r.dialect)
	f.Levels = r.levels
	res, list := gen.Resolve(f, a, r.layout)
	if errs = append(errs, list...); errs.Err() != nil {
		return nil, nil, errs
	}
	report(c.stderr, errs)
	return f, res, nil
}

// programFor is the program to prove: the given one, or the compiler's.
func (c *command) programFor(v *verdict, f *gen.File, t gen.Target, r *reading, file string) (*prove.Program, error) {
	if file == "" {
		v.Layout = r.layout.String()
		return compiled(f, t, r)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	open, err := emit.ReadJSON(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	program, err := open.Provable(t.Params)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return program, nil
}

// compiled is the program the compiler makes of f for the architectures of t.
func compiled(f *gen.File, t gen.Target, r *reading) (*prove.Program, error) {
	if t.Multi == nil {
		targets, errs := gen.CompileWeighed(f, []arch.Arch{t.Arch}, r.layout, r.weights)
		if err := errs.Err(); err != nil {
			return nil, err
		}
		return gen.Provable(targets[0].Program), nil
	}
	set, err := arch.NewSet(t.Multi.Archs...)
	if err != nil {
		return nil, err
	}
	target, errs := gen.CompileMulti(f, set, r.layout)
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return gen.Provable(target.Program), nil
}

// decide fills in what a proof found, and for an equal program what else is
// worth knowing of it.
func (v *verdict) decide(err error, program *prove.Program, t gen.Target) error {
	var ce *prove.Counterexample
	var un *prove.Undecided
	switch {
	case errors.As(err, &ce):
		v.Result, v.Examples = "different", []example{exampleOf(ce, t.Params)}
		return confirm(ce, program, t.Arch)
	case errors.As(err, &un):
		v.Result, v.Reason = "undecided", un.Reason
		return nil
	case err != nil:
		return err
	}
	v.Result = "equal"
	v.install(program, t)
	v.dead(program, t)
	return nil
}

// install says what installing the program costs and gains.
func (v *verdict) install(program *prove.Program, t gen.Target) {
	emulated := tables(t)
	for i, table := range emulated {
		steps, cached := prove.Install(program.Insns, emulated[i:])
		if i == 0 {
			v.Steps = &steps
		} else if t.Multi == nil {
			break
		}
		a := arch.Arch(table.Audit)
		for _, nr := range cached {
			name, ok := a.Name(nr)
			if !ok {
				name = fmt.Sprint(nr)
			}
			if i > 0 {
				name += " on " + gen.ArchName(a)
			}
			v.Cached = append(v.Cached, name)
		}
	}
}

// dead lists the instructions and the rules that decide nothing.
func (v *verdict) dead(program *prove.Program, t gen.Target) {
	insns, err := prove.DeadInsns(program, t.Target.BigEndian)
	for _, d := range insns {
		v.Dead = append(v.Dead, d.String())
	}
	if err != nil { // the proof stands without
		v.Dead = append(v.Dead, err.Error())
	}
	for _, p := range policiesOf(t) {
		where := ""
		if t.Multi != nil {
			where = " on " + p.Target.Name
		}
		cases, err := prove.DeadCases(p)
		for _, d := range cases {
			v.Dead = append(v.Dead, "rule at "+d+" decides nothing"+where)
		}
		if err != nil {
			v.Dead = append(v.Dead, err.Error()+where)
		}
	}
}

// policiesOf are what t means on each architecture.
func policiesOf(t gen.Target) []*rule.Policy {
	if t.Multi == nil {
		return []*rule.Policy{t.Policy}
	}
	var ps []*rule.Policy
	for _, p := range t.Multi.Parts {
		ps = append(ps, p.Policy)
	}
	return ps
}

// confirm runs a counterexample in package vm before it is shown.
func confirm(c *prove.Counterexample, program *prove.Program, a arch.Arch) error {
	machine, err := vm.New(program.Fill(c.Params), a)
	if err != nil {
		return err
	}
	if got := machine.Run(vm.Call(c.Data)); got != vm.Action(c.Got) {
		return fmt.Errorf("the prover says %v, but running the program gives %v; please report this", c, got)
	}
	return nil
}

// tables are the calls a kernel emulates at install: those of the architecture
// it is built for, and those of the 32-bit architecture it also runs. Of
// several architectures the kernel is a 64-bit one's, if there is one.
func tables(t gen.Target) []prove.Table {
	native := arch.Arch(t.Target.Audit)
	for _, p := range policiesOf(t) {
		if p.Target.Bits > native.Bits() {
			native = arch.Arch(p.Target.Audit)
		}
	}
	var out []prove.Table
	add := func(a arch.Arch) {
		if last, ok := a.LastNumber(); ok {
			out = append(out, prove.Table{Audit: a.Audit(), Count: last + 1})
		}
	}
	if add(native); native == arch.X86_64 {
		add(arch.X86)
	}
	return out
}

// print writes a verdict; its exit status is 1 if the sides differ, 2 if
// nothing could be decided.
func (c *command) print(v verdict, asJSON bool) error {
	if asJSON {
		text, err := json.MarshalIndent(v, "", " ")
		if err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "%s\n", text)
	} else {
		v.say(c)
	}
	switch v.Result {
	case "equal", "no wider":
		return nil
	case "different":
		return errDifferent
	}
	return errUsage
}

// errDifferent is a difference that has been shown.
var errDifferent = errors.New("different")

func (v verdict) say(c *command) {
	what := v.Policy + " for " + v.Arch.String()
	switch v.Result {
	case "equal":
		fmt.Fprintf(c.stdout, "%s: proven equal for every call and all parameter values, %d paths\n", what, v.Paths)
	case "no wider":
		fmt.Fprintf(c.stdout, "%s: proven no wider on any call, for all parameter values, %d paths\n", what, v.Paths)
	case "undecided":
		fmt.Fprintf(c.stdout, "%s: cannot decide: %s\n", what, v.Reason)
	default:
		fmt.Fprintf(c.stdout, "%s: different\n", what)
	}
	if v.Steps != nil {
		fmt.Fprintf(c.stdout, "%d instructions; the kernel answers %d calls from its cache, for which it emulates %d at install\n", v.Insns, len(v.Cached), *v.Steps)
	}
	for _, d := range v.Dead {
		fmt.Fprintf(c.stdout, "dead: %s\n", d)
	}
	for _, e := range v.Examples {
		fmt.Fprintf(c.stdout, "%s\n\tparameters %v: %s, should be %s\n", e.Call, e.Params, e.Got, e.Want)
	}
}
