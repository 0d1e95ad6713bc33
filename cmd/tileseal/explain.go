package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/decompile"
	"github.com/tileseal/tileseal/internal/program"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
)

// An explainer is one run of explain.
type explainer struct {
	*command
	read   *reading
	archs  []arch.Arch // of a policy; by the first the numbers of a blind program are read
	params map[string]int64
	all    bool // list calls without a rule, too
}

// runExplain says what a policy, a program or the filters of a process do.
func runExplain(c *command) error {
	x := &explainer{command: c, read: c.meaningFlags("whose widths of comparisons a policy has"), params: map[string]int64{}}
	archs := c.archsFlag("of a policy, the architecture or several; of a program that does not test it, that of its numbers")
	c.Func("p", "the value of a parameter that a program leaves open, as in -p log_fd=3", func(s string) error {
		return setParam(x.params, s)
	})
	c.BoolVar(&x.all, "all", false, "list every call of the architecture, those without a rule too")
	asJSON := c.formatFlag()
	if err := c.parseFlags(); err != nil {
		return err
	}
	if c.NArg() != 1 {
		return c.misuse("%s takes a policy, a program or the id of a process, found %d", c.Name(), c.NArg())
	}
	x.archs = *archs
	out, err := x.explain(c.Arg(0))
	if un := (*prove.Undecided)(nil); errors.As(err, &un) {
		fmt.Fprintf(c.stderr, "tileseal: %v\n", err)
		return errUsage
	}
	if err != nil {
		return err
	}
	if !*asJSON {
		out.say(c)
		return nil
	}
	text, err := json.MarshalIndent(out, "", " ")
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "%s\n", text)
	return nil
}

// explain looks at a file, or at a process if there is no such file.
func (x *explainer) explain(subject string) (*subjectAnswer, error) {
	pid, isProcess := processID(subject)
	switch {
	case (isPolicy(subject) || isProcess) && len(x.params) > 0:
		return nil, x.misuse("tileseal: -p is for programs in files; the parameters of a policy stay open, those of a process have values")
	case isPolicy(subject):
		return x.policy(subject)
	case isProcess:
		return x.process(pid)
	}
	p, err := x.readForeign(subject, x.archs)
	if err != nil {
		return nil, err
	}
	if x.archs, err = x.archsOf(subject, p, x.archs); err != nil {
		return nil, err
	}
	insns, err := x.fill(subject, p, x.params)
	if err != nil {
		return nil, err
	}
	f, err := x.program(subject, insns)
	if err != nil {
		return nil, err
	}
	if len(f.Archs) > 0 {
		if err := x.checkOrder(subject, p, f.Archs[0].Arch, f.Archs[0].bigEndian); err != nil {
			return nil, err
		}
	}
	return &subjectAnswer{Subject: subject, Filters: []filterAnswer{*f}}, nil
}

// processID is the id of a process, if what is asked about is a number and no
// file.
func processID(subject string) (int, bool) {
	pid, err := strconv.Atoi(subject)
	_, absent := os.Stat(subject)
	return pid, err == nil && absent != nil
}

// process explains the filters of a running process.
func (x *explainer) process(pid int) (*subjectAnswer, error) {
	filters, err := program.OfProcess(pid)
	if err != nil {
		return nil, err
	}
	out := &subjectAnswer{Subject: fmt.Sprintf("process %d", pid), Filters: []filterAnswer{}}
	for n, insns := range filters {
		f, err := x.program(fmt.Sprintf("filter %d", n+1), insns)
		if err != nil {
			return nil, fmt.Errorf("process %d: %w", pid, err)
		}
		out.Filters = append(out.Filters, *f)
	}
	return out, nil
}

// policy explains a policy from its text.
func (x *explainer) policy(file string) (*subjectAnswer, error) {
	f := filterAnswer{Foreign: rule.KillProcess.String()}
	for _, a := range x.archs {
		_, res, err := x.resolve(x.read, file, a)
		if err != nil {
			return nil, err
		}
		f.Archs = append(f.Archs, x.archAnswer(res.Policy, a))
	}
	return &subjectAnswer{Subject: file, Filters: []filterAnswer{f}}, nil
}

// program explains a program from its instructions.
func (x *explainer) program(name string, insns []bpf.Insn) (*filterAnswer, error) {
	m, err := decompile.Decompile(insns, x.archs[0])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	f := &filterAnswer{Name: name, Insns: len(insns), Paths: m.Stats.Paths, Foreign: m.Multi.Foreign.String()}
	for _, p := range m.Multi.Parts {
		a, err := arch.ByName(p.Policy.Target.Name)
		if err != nil {
			a = 0 // none we know
		}
		f.Archs = append(f.Archs, x.archAnswer(p.Policy, a))
	}
	if m.Blind {
		last := len(m.Multi.Parts) - 1
		if m.Multi.Parts[last].Numbers == rule.OnlyX32 {
			last-- // to x86_64, of which x32 is a part here
		}
		f.OthersAs, f.Foreign = f.Archs[last].Arch, ""
	}
	return f, nil
}

// fill is a program with values for its parameters, if the kernel takes it.
func (c *command) fill(file string, p *program.Program, given map[string]int64) ([]bpf.Insn, error) {
	values, err := c.paramValues(p.Params, given)
	if err != nil {
		return nil, err
	}
	insns := p.Fill(values)
	if err := bpf.Check(insns); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return insns, nil
}
