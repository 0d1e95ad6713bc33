package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/emit"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/lint"
)

// checkExamples follow the flags in the verb's help.
const checkExamples = `
Beside what is wrong with a policy, check finds what is legal and rarely meant:

	L1   calls that change the machine or the kernel, and defaults that allow
	L2   io_uring, whose work no filter sees
	L3   calls whose flags lie behind a pointer, as clone3 and openat2
	L4   ptrace, process_vm_*, pidfd_getfd, bpf, userfaultfd, keyctl, perf_event_open
	L5   memory that is writable and executable
	L6   ioctl with any request, or with TIOCSTI or TIOCLINUX
	L7   one of two calls that do the same, as open and openat, checked less or missing
	L8   a Go program that cannot report its panics
	L9   execve
	L10  includes that allow nothing, numbers that are other constants elsewhere,
	     directories that confine no path

A reason in the text waives a finding, directly above the entry or behind it:

	# allow L5: the JIT writes code where it runs
	mprotect
`

// A finding is one of lint's, or an error or warning, as -format json prints it.
type finding struct {
	File    string   `json:"file"`
	Line    int      `json:"line"`
	Col     int      `json:"col"`
	Code    string   `json:"code,omitempty"` // L1 to L10
	Message string   `json:"message"`
	Archs   []string `json:"archs,omitempty"`  // if not on all that were checked
	Waived  string   `json:"waived,omitempty"` // the reason that waives it
	Warning bool     `json:"warning,omitempty"`
}

func runCheck(c *command) error {
	usage := c.Usage
	c.Usage = func() {
		usage()
		fmt.Fprint(c.Output(), checkExamples)
	}
	r := c.meaningFlags("whose widths of comparisons hold")
	targets := emit.DefaultTargets()
	c.Func("target", "the architectures to check for, as gen takes them (default 386,amd64,arm64)", func(s string) (err error) {
		targets, err = emit.ParseTargets(s)
		return err
	})
	asJSON := c.formatFlag()
	if err := c.parse(false); err != nil {
		return err
	}
	all := []finding{}
	failed := false
	for _, file := range c.Args() {
		list, err := c.check(r, file, targets, *asJSON)
		if err != nil {
			return err
		}
		all = append(all, list...)
	}
	for _, f := range all {
		failed = failed || f.Waived == "" && !f.Warning
	}
	if *asJSON {
		text, err := json.MarshalIndent(all, "", " ")
		if err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "%s\n", text)
	}
	if failed {
		return errDifferent
	}
	return nil
}

// check checks one file, and prints what it finds unless that is to become
// JSON.
func (c *command) check(r *reading, file string, targets []arch.Arch, quiet bool) ([]finding, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	found, errs := lint.Check(file, string(text), r.dialect, targets, r.layout)
	var all []finding
	for _, e := range errs {
		msg := strings.TrimPrefix(e.Error(), e.Pos.String()+": ")
		all = append(all, finding{File: e.Pos.File, Line: e.Pos.Line, Col: e.Pos.Col, Message: msg, Warning: e.Warning})
	}
	for _, f := range found {
		all = append(all, finding{f.Pos.File, f.Pos.Line, f.Pos.Col, f.Code, f.Msg, f.Archs, f.Reason, false})
		if f.Reason == "" {
			errs = append(errs, &gen.Error{Pos: f.Pos, Msg: strings.TrimPrefix(f.Error(), f.Pos.String()+": ")})
		}
	}
	if len(errs) > 0 && !quiet {
		slices.SortStableFunc(errs, func(a, b *gen.Error) int { // an included file after the one that includes it
			return cmp.Or(cmp.Compare(rank(a, file), rank(b, file)), cmp.Compare(a.Pos.File, b.Pos.File),
				cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
		})
		report(c.stderr, errs)
	}
	return all, nil
}

func rank(e *gen.Error, file string) int {
	if e.Pos.File == file {
		return 0
	}
	return 1
}
