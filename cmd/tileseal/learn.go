package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/learn"
	"github.com/tileseal/tileseal/internal/sandbox"
	"github.com/tileseal/tileseal/internal/textdiff"
)

// learnNotes follow the flags in the verb's help.
const learnNotes = `
The policy allows what was seen: flags, commands, signals and modes with the values
they had; descriptors as parameters, fd3 for descriptor 3 unless -p names it;
addresses, sizes, offsets and amounts with any value. It is a draft to read. What
the command did not do this time is missing from it. Of a program in Go, what the
Go runtime calls is left to its levels.

What starts a program is left out, up to the first call that tileseal run would
not allow anyway; -whole keeps it. For a program that seals itself, -after leaves
out all before that moment.

Nothing is denied while learning, and it goes on until all that the command started
has ended. Without -o the policy goes to standard output,
and what the command writes there to standard error.
`

// A learner holds the flags of one call of learn.
type learner struct {
	*command
	arch                *arch.Arch
	out, merge, against string
	after               string
	whole, isGo, asJSON bool
	params              map[string]int64
	straces, audits     []string
	trace               *learn.Trace
	start               *learn.Start
	waiting             bool // for the call that -after names
	title               string
}

func runLearn(c *command) error {
	l := &learner{command: c, params: map[string]int64{}}
	usage := c.Usage
	c.Usage = func() {
		usage()
		fmt.Fprint(c.Output(), learnNotes)
	}
	l.arch = c.archFlag()
	c.StringVar(&l.out, "o", "", "the `file` to write the policy to; one that exists only together with -merge")
	c.StringVar(&l.merge, "merge", "", "add to the policy in a `file` what it does not allow")
	c.StringVar(&l.against, "against", "", "show what a policy, a `file`, would have to say besides, as a patch; exit status 1 if there is anything")
	c.StringVar(&l.after, "after", "", "leave out what comes before the first call of this `name`, and that, as in -after listen")
	c.BoolVar(&l.whole, "whole", false, "keep the calls by which a program starts")
	c.BoolVar(&l.isGo, "go", false, "the program is written in Go; of a command this is found out")
	c.Func("p", "the parameter for a descriptor, as in -p log_fd=3", func(s string) error { return setParam(l.params, s) })
	c.Func("strace", "read the calls from a `file` that strace wrote, with -f or without; may be repeated", func(s string) error {
		l.straces = append(l.straces, s)
		return nil
	})
	c.Func("audit", "read the calls from a `file` with lines of the kernel's audit or crash texts; may be repeated", func(s string) error {
		l.audits = append(l.audits, s)
		return nil
	})
	format := c.formatFlag()
	if err := c.parseFlags(); err != nil {
		return err
	}
	l.asJSON = *format
	if err := l.check(); err != nil {
		return err
	}
	return l.learn()
}

// check is a call that makes no sense.
func (l *learner) check() error {
	files := len(l.straces) + len(l.audits)
	_, isNumber := l.arch.Number(l.after)
	switch {
	case l.NArg() == 0 && files == 0:
		return l.misuse("tileseal learn takes -- and a command, or -strace or -audit and a file, as in: tileseal learn -- ls -l")
	case l.NArg() > 0 && files > 0:
		return l.misuse("tileseal: learn from a command or from files, one at a time; -merge joins them")
	case l.NArg() > 0 && *l.arch != arch.Native():
		return l.misuse("tileseal: a command makes the calls of this machine; -arch goes with -strace and -audit")
	case l.merge != "" && l.against != "":
		return l.misuse("tileseal: -merge writes the policy that -against shows the difference to; give one of them")
	case l.against != "" && l.out != "":
		return l.misuse("tileseal: -against writes no policy; use -merge with -o")
	case l.asJSON && l.against == "":
		return l.misuse("tileseal: -format goes with -against")
	case l.after != "" && !isNumber:
		return l.misuse("tileseal: there is no system call %q on %s", l.after, gen.ArchName(*l.arch))
	}
	if l.out != "" && l.merge == "" {
		if _, err := os.Stat(l.out); !errors.Is(err, fs.ErrNotExist) {
			return l.misuse("tileseal: %s exists; -merge %[1]s adds to it", l.out)
		}
	}
	return nil
}

// learn takes the calls and writes what comes of them.
func (l *learner) learn() error {
	l.trace = learn.NewTrace(*l.arch)
	l.waiting = l.after != ""
	for _, name := range sortedKeys(l.params) {
		v := l.params[name]
		if v > 2 && !sandbox.OwnID(name) && !sandbox.Unknown(name) {
			l.trace.Names[int(v)] = name
		}
	}
	var err error
	if l.NArg() > 0 {
		err = l.fromCommand()
	} else {
		err = l.fromFiles()
	}
	switch {
	case err != nil:
		return err
	case l.waiting:
		return fmt.Errorf("%s was never called, so nothing comes after it", l.after)
	}
	return l.write()
}

// add takes one call.
func (l *learner) add(c learn.Call) {
	if l.waiting {
		name, _ := c.Arch.Name(c.Nr)
		l.waiting = name != l.after
		return
	}
	if l.after != "" || l.start.Over(&c) {
		l.trace.Add(c)
	}
}

// write writes the policy, or what one lacks.
func (l *learner) write() error {
	old := l.merge + l.against
	if old == "" {
		return l.writeText(l.trace.Policy(l.title))
	}
	text, err := os.ReadFile(old)
	if err != nil {
		return err
	}
	merged, changes, unsure, err := learn.Merge(old, string(text), gen.Tileseal, l.trace, l.params)
	if err != nil {
		return err
	}
	l.warn(old, unsure)
	switch {
	case l.merge != "":
		return l.writeText(merged)
	case l.asJSON:
		out, err := json.MarshalIndent(append([]learn.Change{}, changes...), "", " ")
		if err != nil {
			return err
		}
		fmt.Fprintf(l.stdout, "%s\n", out)
	default:
		fmt.Fprint(l.stdout, textdiff.Unified(old, string(text), old+" as learned", merged))
	}
	if len(changes) > 0 {
		return errDifferent
	}
	return nil
}

// warn tells of the calls that an existing policy is not held against.
func (l *learner) warn(policy string, unsure []string) {
	if len(unsure) > 0 {
		fmt.Fprintf(l.stderr, "tileseal: %s has conditions for %s, and what these compare was not told: nothing is changed; tileseal run -explain tells the arguments\n",
			policy, strings.Join(unsure, " "))
	}
	if n := l.trace.Foreign; n > 0 {
		fmt.Fprintf(l.stderr, "tileseal: %s of another architecture left out: a policy is for one\n", counted(n, "call", "calls"))
	}
	for _, nr := range slices.Sorted(maps.Keys(l.trace.Unnamed)) {
		fmt.Fprintf(l.stderr, "tileseal: call number %d left out: the tables do not know it\n", nr)
	}
}

// writeText writes a policy, once it is known to compile.
func (l *learner) writeText(text string) error {
	name := l.out
	if name == "" {
		name = "learned" + gen.Ending
	}
	if err := l.compiles(name, text); err != nil {
		return err
	}
	if l.out == "" {
		fmt.Fprint(l.stdout, text)
		return nil
	}
	return writeFile(l.out, []byte(text))
}

func (l *learner) compiles(name, text string) error {
	_, _, errs := gen.Read(name, text, gen.Tileseal, []arch.Arch{*l.arch}, compile.Plain)
	if errs.Err() != nil {
		return fmt.Errorf("the policy learned does not compile: %v; please report this", errs[0])
	}
	return nil
}
