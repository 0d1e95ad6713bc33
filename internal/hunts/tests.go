package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/tileseal/tileseal/internal/trust"
)

// A hunt is tests of this module, run in a longer form than make test gives
// them.
type hunt struct {
	name, title, about string
	command            string // if it is not make NAME
	env                []string
	tests              []batch
}

// A batch is one go test.
type batch struct {
	packages []string
	flags    []string // of go test
	args     []string // of the test binaries
}

var hunts = []hunt{
	{
		name:  "attack",
		title: "The installer under attack",
		about: `A victim of its own is prepared for each case: an outer filter that answers a step of ` + "`install.Process`" + ` with every errno it may
have, with 0, or with another verdict; a tracer that lies; threads with filters of their own, 1,000 threads, a container's filter,
no_new_privs set or missing, CAP_SYS_ADMIN, programs of 4,096 instructions and one more, stacked filters up to the kernel's limit
on all of them. Each case ends with every thread sealed, or with an error of a type and every thread as before; both are
read from outside in /proc, and then the victim makes the denied call. TestAttackRace installs while threads are born and die; TestAttackHammer has threads,
old ones and new ones, make the denied call without end, and wants all of it dead once Process has returned nil.`,
		tests: []batch{{[]string{"./install"}, []string{"-run=Attack", "-timeout=60m"}, []string{"-installs=10000"}}},
	},
	{
		name:  "oracle",
		title: "Random calls, in the kernel and in package vm",
		about: `Every prebuilt program judges random calls in the running kernel and in package vm: the same instruction has to decide, and the verdict has to be what the
policy's text means. Each RET returns an errno of its own and a gate lets the prober's own calls through, so no call is carried out.
The calls of x86 are those of a 32-bit process, which take ten times as long on a virtual machine.`,
		tests: []batch{{[]string{"./policy", "./policy/gotile"}, []string{"-run=TestKernelOracle", "-timeout=90m"}, []string{"-calls=1000000"}}},
	},
	{
		name:  "accept",
		title: "Random programs, for seccomp(2) and for package vm",
		about: `The rules by which package vm accepts a program are the kernel's: both are asked about random programs, and about every opcode with every operand that is
a limit to some, every jump to and past the end, and loads from memory that is written on some paths only.`,
		tests: []batch{{[]string{"./internal/bpf"}, []string{"-run=TestCheckKernel"}, []string{"-programs=1000000"}}},
	},
	{
		name:    "race",
		title:   "The race detector",
		command: "go run ./internal/hunts race",
		about:   "Every test of the module in its short form, built with `-race`.",
		env:     []string{"CGO_ENABLED=1"},
		tests:   []batch{{[]string{"./..."}, []string{"-race", "-short", "-timeout=60m"}, nil}},
	},
	{
		name:  "reproduce",
		title: "The same bytes again",
		about: `What is generated is made again and compared byte for byte: the programs and their Go from the policies' texts, the tables from the kernel sources that internal/mktables/pinned names by their SHA-256 and from
golang.org/x/sys; the command is built twice, in two directories and with two empty caches.`,
		tests: []batch{
			{[]string{"./cmd/tileseal"}, []string{"-run=TestFresh|TestReproducible", "-timeout=30m"}, []string{"-cold"}},
			{[]string{"./internal/mktables"}, []string{"-run=TestFresh|TestPinned", "-timeout=30m"}, []string{"-fetch"}},
		},
	},
}

// tests runs a hunt and keeps its record.
func (s *session) tests(h hunt) error {
	start := time.Now()
	r := trust.New(h.title, cmp.Or(h.command, "make "+h.name), h.about)
	var all tally
	var errs []error
	for _, t := range h.tests {
		errs = append(errs, s.goTest(&all, h.env, t))
	}
	r.Since(start)
	r.Result = all.result()
	r.Tables = []trust.Table{all.table()}
	r.Notes = all.skips()
	if err := r.Save(s.root, h.name); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s: %s\n", h.name, r.Result)
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return all.err()
}

// goTest adds what go test says to the tally.
func (s *session) goTest(all *tally, env []string, t batch) error {
	args := slices.Concat([]string{"test", "-json", "-count=1"}, t.flags, t.packages)
	if len(t.args) > 0 {
		args = append(append(args, "-args"), t.args...)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env, cmd.Stderr = s.root, append(os.Environ(), env...), os.Stderr
	fmt.Fprintln(s.out, strings.Join(cmd.Args, " "))
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	readErr := all.read(out)
	io.Copy(io.Discard, out)
	if err := cmd.Wait(); err != nil && len(all.failed) == 0 {
		return fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	return readErr
}

// An event is a line of go test -json (cmd/test2json).
type event struct {
	Action, Package, Test string
	Elapsed               float64
	Output                string
	Key, Value            string // of an attribute
}

// read adds a stream of events.
func (all *tally) read(r io.Reader) error {
	for dec := json.NewDecoder(r); ; {
		var e event
		if err := dec.Decode(&e); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("go test -json: %w", err)
		}
		all.add(e)
	}
}
