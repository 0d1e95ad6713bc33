package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/emit"
	"github.com/tileseal/tileseal/internal/program"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
)

// runDisasm lists the program of a policy, one from elsewhere, or those of a
// process.
func runDisasm(c *command) error {
	r := c.readingFlags()
	archs := c.archsFlag("the architecture, or several for one program")
	asJSON := c.formatFlag()
	if err := c.parseFlags(); err != nil {
		return err
	}
	if c.NArg() != 1 {
		return c.misuse("%s takes a policy, a program or the id of a process, found %d", c.Name(), c.NArg())
	}
	if err := r.checkArchs(c, *archs); err != nil {
		return err
	}
	list, err := c.disassemble(r, c.Arg(0), *archs)
	if err != nil {
		return err
	}
	if !*asJSON {
		for _, l := range list {
			if l.Filter > 0 && l.PC == 0 {
				fmt.Fprintf(c.stdout, "; filter %d\n", l.Filter)
			}
			fmt.Fprintln(c.stdout, l)
		}
		return nil
	}
	text, err := json.MarshalIndent(list, "", " ")
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "%s\n", text)
	return nil
}

// A listed line is an instruction as disasm shows it.
type listed struct {
	Filter int    `json:"filter,omitempty"` // of a process, from 1
	PC     int    `json:"pc"`
	Text   string `json:"text"` // without its label and comment
	Note   string `json:"note,omitempty"`
	At     string `json:"at,omitempty"` // file:line of the policy, where it is another than before
	line   string
}

func (l listed) String() string {
	if l.At == "" {
		return l.line
	}
	if !strings.Contains(l.line, ";") {
		return fmt.Sprintf("%-36s ; %s", l.line, l.At)
	}
	return l.line + ", " + l.At
}

func (c *command) disassemble(r *reading, file string, archs []arch.Arch) ([]listed, error) {
	if err := r.check(c); err != nil {
		return nil, err
	}
	if pid, ok := processID(file); ok {
		return listProcess(pid, archs[0])
	}
	if !isPolicy(file) {
		p, err := c.readForeign(file, archs)
		if err != nil {
			return nil, err
		}
		if archs, err = c.archsOf(file, p, archs); err != nil {
			return nil, err
		}
		return listing(p, archs[0]), nil
	}
	_, t, err := c.program(r, file, archs)
	if err != nil {
		return nil, err
	}
	return lines(string(emit.Asm(t)), sources(t.Program)), nil
}

// listProcess lists the filters of a process.
func listProcess(pid int, a arch.Arch) ([]listed, error) {
	filters, err := program.OfProcess(pid)
	if err != nil {
		return nil, err
	}
	var out []listed
	for n, insns := range filters {
		list := listing(&program.Program{Program: prove.Program{Insns: prove.Concrete(insns)}}, a)
		for i := range list {
			list[i].Filter = n + 1
		}
		out = append(out, list...)
	}
	return out, nil
}

// listing lists a program from elsewhere.
func listing(p *program.Program, a arch.Arch) []listed {
	notes := p.Notes(a)
	return lines(p.Text(func(pc int) string { return notes[pc] }), nil)
}

// lines is the lines of a listing that are instructions, with the places in
// a policy they come from.
func lines(text string, at []string) []listed {
	var out []listed
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, ";") {
			continue
		}
		l := listed{PC: len(out), line: line}
		_, code, _ := strings.Cut(line, ":")
		code, note, _ := strings.Cut(code, ";")
		l.Text, l.Note = strings.TrimSpace(code), strings.TrimSpace(note)
		if at != nil {
			l.At = at[l.PC]
		}
		out = append(out, l)
	}
	return out
}

// sources is the place in the policy each instruction comes from, where it is
// another than that of the one before.
func sources(p *compile.Program) []string {
	at := make([]string, len(p.Insns))
	last := ""
	for pc, in := range p.Insns {
		place := ""
		if in.Call >= 0 {
			place = placeOf(p.Policy.Calls[in.Call], in.Ref.Cmp)
		}
		if place != "" && place != last {
			at[pc] = place
		}
		last = place
	}
	return at
}

// placeOf is the line of the case that has a comparison, or of a call's only
// case.
func placeOf(c rule.Call, x *rule.Cmp) string {
	for _, k := range c.Cases {
		found := len(c.Cases) == 1
		rule.Walk(k.When, func(y *rule.Cmp) { found = found || x == y })
		if found && k.Src.Line > 0 {
			return at(k.Src)
		}
	}
	return ""
}
