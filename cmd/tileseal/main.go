// Tileseal compiles seccomp policies: texts that say which system calls a
// process may make, and with which arguments.
//
//	tileseal compile [-arch A] [-dialect D] [-layout L] [-format F] [-p name=value] FILE
//	tileseal gen [-layout L] [-dialect D] [-target A,A] [-package P] [-check] FILE...
//	tileseal prove [-arch A] [-dialect D] [-layout L] [-program X.json] [-format F] FILE
//	tileseal diff [-arch A] [-dialect D] [-layout L] [-wider] [-format F] OLD NEW
//	tileseal why [-arch A] [-policy FILE] [-p name=value] [-format F] [REPORT]
//
// compile writes one program to standard output. gen writes a policy's Go
// beside it, for go:generate:
//
//	//go:generate go tool tileseal gen mytile.seccomppolicy
//
// Both write only what has been proven equal to the policy. prove shows the
// proof, or for a program from elsewhere a call it judges wrongly; diff shows
// a call of each number that two policies judge differently. why reads what a
// Go program printed when it died of SIGSYS, or lines of the kernel's audit, and
// names the call, its arguments and the line of a policy that would have to
// change.
//
// The exit status is 0 on success, 1 if a policy has errors, a file cannot be
// read or is stale, or two sides differ, 2 if the command was called wrongly
// or nothing could be decided. On an error nothing is written.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() { os.Exit(run(os.Stdout, os.Stderr, os.Args[1:])) }

// A verb is a subcommand.
type verb struct {
	name, usage, about string
	run                func(c *command) error
	examples           []string // lines of a shell, shown by -h
}

var verbs = []verb{
	{"compile", "[flags] FILE", "compile a policy for one architecture, to standard output", runCompile,
		[]string{"tileseal compile -format asm mytile.seccomppolicy", "tileseal compile -format raw -p log_fd=3 mytile.seccomppolicy >mytile.bpf"}},
	{"gen", "[flags] FILE...", "write the Go of policies beside them", runGen,
		[]string{"//go:generate go tool tileseal gen mytile.seccomppolicy"}},
	{"prove", "[flags] FILE", "prove a program equal to its policy, or refute it", runProve,
		[]string{"tileseal prove mytile.seccomppolicy", "tileseal prove -program other.json mytile.seccomppolicy"}},
	{"diff", "[flags] OLD NEW", "show the calls that two policies judge differently", runDiff,
		[]string{"git show HEAD:mytile.seccomppolicy >old.seccomppolicy", "tileseal diff old.seccomppolicy mytile.seccomppolicy"}},
	{"why", "[flags] [REPORT]", "name the call in a crash text or audit line, and the policy line to change", runWhy,
		[]string{"./mytiled 2>crash.txt", "tileseal why -policy mytile.seccomppolicy crash.txt"}},
}

// A command is one call of a verb.
type command struct {
	*flag.FlagSet
	args           []string
	stdout, stderr io.Writer
}

// errUsage is a command called wrongly; what is wrong has been said.
var errUsage = errors.New("usage")

func run(stdout, stderr io.Writer, args []string) int {
	if len(args) == 0 || args[0] == "-h" || args[0] == "-help" || args[0] == "--help" || args[0] == "help" {
		out, code := stdout, 0
		if len(args) == 0 {
			out, code = stderr, 2
		}
		fmt.Fprintf(out, "usage: tileseal VERB [flags] FILE\n\n")
		for _, v := range verbs {
			fmt.Fprintf(out, "  %-8s %s\n", v.name, v.about)
		}
		fmt.Fprintf(out, "\ntileseal VERB -h explains the flags.\n")
		return code
	}
	for _, v := range verbs {
		if v.name == args[0] {
			return v.call(stdout, stderr, args[1:])
		}
	}
	fmt.Fprintf(stderr, "tileseal: unknown verb %q; tileseal -h lists them\n", args[0])
	return 2
}

func (v verb) call(stdout, stderr io.Writer, args []string) int {
	c := &command{flag.NewFlagSet("tileseal "+v.name, flag.ContinueOnError), args, stdout, stderr}
	c.SetOutput(stderr)
	c.Usage = func() {
		fmt.Fprintf(c.Output(), "usage: tileseal %s %s\n", v.name, v.usage)
		c.PrintDefaults()
		fmt.Fprintf(c.Output(), "\nAs in:\n\n\t%s\n", strings.Join(v.examples, "\n\t"))
	}
	switch err := v.run(c); {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return 2
	case errors.Is(err, errDifferent):
		return 1
	default:
		report(stderr, err)
		return 1
	}
}

// parseFlags reads the flags.
func (c *command) parseFlags() error {
	if len(c.args) > 0 && (c.args[0] == "-h" || c.args[0] == "-help" || c.args[0] == "--help") {
		c.SetOutput(c.stdout)
	}
	if err := c.Parse(c.args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errUsage // flag has said why
	}
	return nil
}

// parse reads the flags and checks the number of files.
func (c *command) parse(oneFile bool) error {
	if err := c.parseFlags(); err != nil {
		return err
	}
	if n := c.NArg(); n == 0 || oneFile && n > 1 {
		return c.misuse("%s takes %s, found %d", c.Name(), map[bool]string{true: "one policy file", false: "policy files"}[oneFile], n)
	}
	return nil
}

// misuse says what is wrong with the call, and how it is called.
func (c *command) misuse(format string, args ...any) error {
	fmt.Fprintf(c.stderr, format+"\n", args...)
	c.Usage()
	return errUsage
}
