package main

import (
	"cmp"
	"fmt"
	"os"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/sandbox"
	"github.com/tileseal/tileseal/internal/sigsys"
)

// runNotes follow the flags in the verb's help.
const runNotes = `
The command runs under no_new_privs and the policy's filter, for good, and so does
all it starts. What starting it takes is allowed as well: one execve, and what
its loader or the Go runtime calls before main; -startup prints that. FILE is
what the command may do then. A parameter pid, or go_pid of the Go runtime's
levels, is the command's process id unless -p says otherwise. Descriptors are
inherited, as in: tileseal run -p log_fd=3 FILE -- command 3>log.

The exit status is the command's, 128 and the number of the signal it died of, 127
if there is no such command, 126 if it could not be started.
`

// A runner holds the flags of one call of run.
type runner struct {
	*command
	read          *reading
	params        map[string]int64
	explain, log  bool
	quiet, asJSON bool
	out           string // where -explain tells, or ""
	file          string
	policy        *gen.Resolved
}

// enterFlag marks the process that run and learn start to become the command.
const enterFlag = "-enter"

func runRun(c *command) error {
	if len(c.args) == 2 && c.args[0] == enterFlag {
		sandbox.Enter(c.args[1])
		return exitStatus(126)
	}
	r := &runner{command: c, params: map[string]int64{}}
	usage := c.Usage
	c.Usage = func() {
		usage()
		fmt.Fprint(c.Output(), runNotes)
	}
	r.read = c.meaningFlags("whose widths of comparisons hold")
	c.Func("p", "the value of a parameter, as in -p logfile_fd=3; all are needed", func(s string) error { return setParam(r.params, s) })
	c.BoolVar(&r.explain, "explain", false, "let calls that would have killed it through, and tell what they are and which line allows them")
	c.BoolVar(&r.log, "log", false, "let calls that would have killed it through, and have the kernel log them")
	c.StringVar(&r.out, "o", "", "the `file` for what -explain tells (default standard error)")
	c.BoolVar(&r.quiet, "q", false, "say nothing about what is allowed besides the policy")
	startup := c.Bool("startup", false, "print what starting the command takes, a policy, and do not run it")
	format := c.formatFlag()
	if err := c.parseFlags(); err != nil {
		return err
	}
	r.asJSON = *format
	if c.NArg() < 3 || c.Arg(1) != "--" {
		return c.misuse("tileseal run takes a policy file, -- and a command, as in: tileseal run %s -- ls -l", cmp.Or(c.Arg(0), "mytile"+gen.Ending))
	}
	if r.explain && r.log {
		return c.misuse("tileseal: -explain and -log are two ways to run it")
	}
	if (r.asJSON || r.out != "") && !r.explain {
		return c.misuse("tileseal: -format and -o go with -explain")
	}
	r.file = c.Arg(0)
	e, err := c.executable(c.Args()[2:])
	if err != nil {
		return err
	}
	if *startup {
		return e.printStartup(c)
	}
	return r.run(e)
}

// run runs the command.
func (r *runner) run(e *executable) error {
	if err := r.resolve(); err != nil {
		return err
	}
	mode := sandbox.Enforce
	switch {
	case r.explain:
		mode = sandbox.Explain
	case r.log:
		mode = sandbox.Log
	}
	plan, err := sandbox.NewPlan(r.policy.Policy, e.startup, mode)
	if err != nil {
		return fmt.Errorf("%s: %w", r.file, err)
	}
	if !r.quiet {
		fmt.Fprintf(r.stderr, "tileseal: to start %s, startup %s and one execve are allowed besides %s (-startup prints them, -q is quiet)\n",
			e.path, strings.Join(e.startup, " "), r.file)
	}
	return r.watch(plan, e)
}

// watch runs the command and tells how it went.
func (r *runner) watch(plan *sandbox.Plan, e *executable) error {
	log := sandbox.OpenLog()
	pr, err := plan.Start(e.command(1), r.params)
	if err != nil {
		return notStarted(r.command, err)
	}
	var x explanation
	if r.explain {
		if err := pr.Listen(x.note); err != nil {
			return err
		}
	}
	end, err := pr.Wait()
	if err != nil {
		return notStarted(r.command, err)
	}
	switch {
	case r.explain:
		err = r.tell(&x)
	case r.log:
		fmt.Fprintf(r.stderr, "tileseal: %s\n", sandbox.LogPlace())
	}
	if err == nil && end.Signal == "SIGSYS" {
		err = r.death(pr.PID, log)
	}
	if err != nil {
		return err
	}
	return statusOf(end)
}

// resolve reads the policy for this machine, and checks that every parameter has a
// value or can be given one.
func (r *runner) resolve() error {
	text, err := os.ReadFile(r.file)
	if err != nil {
		return err
	}
	f, errs := gen.Parse(r.file, string(text), r.read.dialect)
	res, list := gen.Resolve(f, arch.Native(), r.read.layout)
	errs = append(errs, list...)
	if errs.Err() != nil {
		return errs
	}
	report(r.stderr, errs)
	r.policy = res
	known := map[string]bool{}
	for _, p := range res.Params {
		known[p.Name] = true
		v, given := r.params[p.Name]
		switch {
		case given:
			if err := p.Check(v); err != nil {
				return r.misuse("tileseal: %v", err)
			}
		case !sandbox.OwnID(p.Name) && !sandbox.Unknown(p.Name):
			return r.misuse("tileseal: the policy needs a value for %s; add -p %[1]s=N", p.Name)
		}
	}
	for name := range r.params {
		if !known[name] {
			return r.misuse("tileseal: the policy has no parameter %s", name)
		}
	}
	return nil
}

// death says what the command died of, as why would.
func (r *runner) death(pid int, log *sandbox.KernelLog) error {
	const head = "tileseal: the command was killed for a call that %s does not allow (SIGSYS)"
	line, err := log.Killed(pid)
	if err != nil {
		fmt.Fprintf(r.stderr, head+".\nWhich one it was is not known: %v. run -explain tells.\n", r.file, err)
		return nil
	}
	reports, err := sigsys.Read(strings.NewReader(line))
	if err != nil {
		return err
	}
	fmt.Fprintf(r.stderr, head+":\n", r.file)
	w := r.whyer()
	a, err := w.about(&reports[0])
	if err != nil {
		return err
	}
	a.say(r.stderr)
	if reports[0].Blind() {
		fmt.Fprintf(r.stderr, "tileseal run -explain tells the arguments, and what comes after.\n")
	}
	return nil
}

// whyer judges calls by the policy.
func (r *runner) whyer() *whyer {
	return &whyer{command: r.command, arch: arch.Native(), file: r.file, read: r.read, params: r.params, opened: map[arch.Arch]*openPolicy{}}
}
