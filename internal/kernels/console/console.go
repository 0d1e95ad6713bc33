// Package console is what a guest of internal/kernels and its host say to each
// other. The host puts a [Plan] into the guest's file system; the guest's init
// answers on the serial console, one line at a time, and [Parse] reads that.
//
// Lines of the guest begin with "tileseal: ", so that nothing the kernel prints
// is taken for one. They are, in this order:
//
//	kernel RELEASE MACHINE       once
//	start PACKAGE GOARCH jit=J   a test binary starts; J is on, off or none
//	| TEXT                       a line it printed
//	end STATUS                   it ended; STATUS is 0 if all went well
//	done N                       once, the last: N test binaries ended
//
// A console that ends without the last line, or on which the kernel panics, is
// an error and never a result.
package console

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Prefix begins each line of the guest.
const Prefix = "tileseal: "

// PlanFile is where the guest finds its plan, as JSON.
const PlanFile = "/plan.json"

// A Plan is what a guest is to do.
type Plan struct {
	Steps   []Step
	Passes  []Pass // over the steps; a kernel without a JIT makes the first alone
	Restart bool   // at the end, because the machine cannot power itself off
	Slip    string // a test binary that prints this and fails is run again; "" if none
}

// A Pass runs all steps with the kernel's compiler of filters on or off.
type Pass struct {
	JIT  string   // "on" or "off"
	Args []string // to every test binary, after its own
}

// A Step is a test binary to be run.
type Step struct {
	Package string // the directory of the package in the module: "internal/bpf"
	GOARCH  string
	Binary  string   // its path in the guest
	Dir     string   // the working directory
	Args    []string // its arguments
	Env     []string // its whole environment
	Once    bool     // in the first pass alone: the tests ask nothing of the kernel
}

// Of are the steps of a pass, the first of which is 0.
func (p *Plan) Of(pass int) []Step {
	if pass == 0 {
		return p.Steps
	}
	return slices.DeleteFunc(slices.Clone(p.Steps), func(s Step) bool { return s.Once })
}

// A Log is what a guest said.
type Log struct {
	Release string // of its kernel, as uname says
	Machine string
	Runs    []Run
}

// A Run is what one test binary did.
type Run struct {
	Package, GOARCH string
	JIT             string            // "on", "off", "none"
	Status          string            // "0" if it exited so
	Verdicts        map[string]string // PASS, FAIL or SKIP, by test and subtest
	Calls, Programs int               // struck, and the different programs they were struck under
	Output          []string          // every line
}

// verdict is how a test binary says what became of a test, indented if it is a
// subtest; struck is what package policytest logs.
var (
	verdict = regexp.MustCompile(`^ *--- (PASS|FAIL|SKIP): (\S+) \(`)
	struck  = regexp.MustCompile(`: (\d+) calls under \d+ programs, (\d+) of them new`)
)

// Parse reads a console from the first line to the last.
func Parse(r io.Reader) (*Log, error) {
	p := parser{log: &Log{}}
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		line := strings.TrimRight(s.Text(), "\r")
		if strings.Contains(line, "Kernel panic") {
			return p.log, fmt.Errorf("console: the guest's %s", line[strings.Index(line, "Kernel panic"):])
		}
		text, ours := strings.CutPrefix(line, Prefix)
		if !ours {
			continue
		}
		if err := p.line(text); err != nil {
			return p.log, err
		}
	}
	if err := s.Err(); err != nil {
		return p.log, fmt.Errorf("console: %w", err)
	}
	if !p.done {
		return p.log, fmt.Errorf("console: it ends after %d test binaries, without the guest's last line", len(p.log.Runs))
	}
	return p.log, nil
}

type parser struct {
	log  *Log
	run  *Run // running now, or nil
	done bool
}

func (p *parser) line(text string) error {
	word, rest, _ := strings.Cut(text, " ")
	bad := fmt.Errorf("console: unexpected line %q", text)
	if p.done || (p.log.Release == "") != (word == "kernel") || (p.run != nil) != (word == "|" || word == "end") {
		return bad
	}
	f := strings.Fields(rest)
	switch {
	case word == "kernel" && len(f) == 2:
		p.log.Release, p.log.Machine = f[0], f[1]
	case word == "start" && len(f) == 3:
		p.run = &Run{Package: f[0], GOARCH: f[1], JIT: strings.TrimPrefix(f[2], "jit="), Verdicts: map[string]string{}}
	case word == "|":
		p.run.add(rest)
	case word == "end" && len(f) > 0:
		p.run.Status = rest
		p.log.Runs = append(p.log.Runs, *p.run)
		p.run = nil
	case word == "done" && len(f) == 1:
		p.done = true
		if n, err := strconv.Atoi(f[0]); err != nil || n != len(p.log.Runs) {
			return fmt.Errorf("console: the guest ran %s test binaries, %d are told of", f[0], len(p.log.Runs))
		}
	default:
		return bad
	}
	return nil
}

// add takes a line of a test binary.
func (r *Run) add(text string) {
	r.Output = append(r.Output, text)
	if m := verdict.FindStringSubmatch(text); m != nil {
		r.Verdicts[m[2]] = m[1]
	}
	if m := struck.FindStringSubmatch(text); m != nil {
		calls, _ := strconv.Atoi(m[1])
		programs, _ := strconv.Atoi(m[2])
		r.Calls += calls
		r.Programs += programs
	}
}

// Check wants that the binary exited with 0 and each of the tests passed: one
// that was skipped or never ran has shown nothing. Unless partly is set, none of
// their subtests may have been skipped either.
func (r *Run) Check(tests []string, partly bool) error {
	var errs []error
	if r.Status != "0" {
		errs = append(errs, fmt.Errorf("it ended with %s", r.Status))
	}
	for _, name := range tests {
		if v := cmp.Or(r.Verdicts[name], "did not run"); v != "PASS" {
			errs = append(errs, fmt.Errorf("%s: %s", name, v))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Verdicts)) {
		test, _, sub := strings.Cut(name, "/")
		if sub && !partly && r.Verdicts[name] == "SKIP" && slices.Contains(tests, test) {
			errs = append(errs, fmt.Errorf("%s: SKIP", name))
		}
	}
	return errors.Join(errs...)
}

// Passed counts the tests that passed, without their subtests.
func (r *Run) Passed() int {
	n := 0
	for name, v := range r.Verdicts {
		if v == "PASS" && !strings.Contains(name, "/") {
			n++
		}
	}
	return n
}
