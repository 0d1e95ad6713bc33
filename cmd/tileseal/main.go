// Tileseal compiles seccomp policies: texts that say which system calls a
// process may make, and with which arguments.
//
//	tileseal compile [-arch A,A] [-dialect D] [-layout L] [-format F] [-p name=value] FILE
//	tileseal gen [-layout L] [-dialect D] [-target A,A | -arch A,A] [-package P] [-check] FILE...
//	tileseal fmt [-w] [-d] [-l] [FILE...]
//	tileseal check [-dialect D] [-layout L] [-target A,A] [-format F] FILE...
//	tileseal prove [-arch A,A] [-dialect D] [-layout L] [-program X.json] [-format F] FILE
//	tileseal diff [-arch A,A] [-dialect D] [-layout L] [-wider] [-format F] OLD NEW
//	tileseal sim [-arch A,A] [-layout L] [-from A] [-p name=value] [-format F] FILE -- CALL [ARGUMENT...]
//	tileseal graph [-arch A] [-layout L] [-profile P] [-o X.svg] FILE
//	tileseal report [-arch A] [-layout L] [-profile P] [-o X.html] FILE
//	tileseal explain [-arch A] [-dialect D] [-layout L] [-p name=value] [-all] [-format F] FILE|PID
//	tileseal disasm [-arch A] [-dialect D] [-layout L] [-format F] FILE|PID
//	tileseal asm [-arch A] [-format F] [-p name=value] FILE
//	tileseal run [-p name=value] [-explain] [-log] [-q] FILE -- COMMAND [ARGUMENT...]
//	tileseal learn [-o FILE] [-merge OLD] [-against FILE] [-after CALL] -- COMMAND [ARGUMENT...]
//	tileseal learn [-o FILE] [-merge OLD] [-against FILE] [-strace FILE] [-audit FILE]
//	tileseal import [-from oci|minijail] [-arch A,A] [-cap CAP_X] [-kernel V] [-lenient] FILE
//	tileseal export -to oci|c|raw|pseudo [-arch A,A] [-p name=value] FILE
//	tileseal doctor [-format F]
//	tileseal why [-arch A] [-policy FILE] [-p name=value] [-format F] [REPORT]
//
// compile writes one program to standard output. gen writes a policy's Go
// beside it, for go:generate:
//
//	//go:generate go tool tileseal gen mytile.seccomppolicy
//
// Both write only what has been proven equal to the policy. prove shows the
// proof, or for a program from elsewhere a call it judges wrongly; diff shows
// a call of each number that two policies judge differently. sim shows what
// becomes of one call, and why; graph draws a program's decisions, and report
// makes a page of it all. why reads what a Go program printed when it died of
// SIGSYS, or lines of the kernel's audit, and names the call, its arguments and
// the line of a policy that would have to change.
//
// import makes a policy of a container's seccomp profile or a minijail policy,
// export the profile, and other forms, of a policy.
//
// run has a command make its calls under a policy, and tells what the policy kills
// it for; learn writes a policy of the calls a command makes. doctor says what the
// kernel and machine can do.
//
// The exit status is 0 on success, 1 if a policy has errors, a file cannot be
// read or is stale, or two sides differ, 2 if the command was called wrongly
// or nothing could be decided; that of run is the command's. On an error nothing
// is written.
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
	{"compile", "[flags] FILE", "compile a policy to one program, to standard output", runCompile,
		[]string{"tileseal compile -format asm mytile.seccomppolicy", "tileseal compile -arch x86_64,i386,x32 mytile.seccomppolicy", "tileseal compile -format raw -p log_fd=3 mytile.seccomppolicy >mytile.bpf"}},
	{"gen", "[flags] FILE...", "write the Go of policies beside them", runGen,
		[]string{"//go:generate go tool tileseal gen mytile.seccomppolicy"}},
	{"fmt", "[flags] [FILE...]", "lay out policies in their canonical form, to standard output or in place", runFmt,
		[]string{"tileseal fmt -w mytile.seccomppolicy", "tileseal fmt -d *.seccomppolicy"}},
	{"check", "[flags] FILE...", "find what is wrong with policies, or legal and rarely meant", runCheck,
		[]string{"tileseal check mytile.seccomppolicy", "tileseal check -target all -format json *.seccomppolicy"}},
	{"prove", "[flags] FILE", "prove a program equal to its policy, or refute it", runProve,
		[]string{"tileseal prove mytile.seccomppolicy", "tileseal prove -program other.json mytile.seccomppolicy"}},
	{"diff", "[flags] OLD NEW", "show the calls that two policies judge differently", runDiff,
		[]string{"git show HEAD:mytile.seccomppolicy >old.seccomppolicy", "tileseal diff old.seccomppolicy mytile.seccomppolicy"}},
	{"sim", "[flags] FILE -- CALL [ARGUMENT...]", "show what becomes of one call, and the way it takes through the program", runSim,
		[]string{"tileseal sim -p log_fd=3 mytile.seccomppolicy -- write 3 0x1000 512", "tileseal sim -p log_fd=3 mytile.seccomppolicy -- openat AT_FDCWD 0x1000 'O_WRONLY|O_CREAT'"}},
	{"graph", "[flags] FILE", "draw the decisions of a program, the ways that calls take in bold", runGraph,
		[]string{"tileseal graph -o mytile.svg mytile.seccomppolicy", "tileseal graph -layout optimized -profile strace.txt -o mytile.svg mytile.seccomppolicy", "tileseal graph mytile.seccomppolicy | dot -Tpdf >mytile.pdf"}},
	{"export", "-to NOTATION [flags] FILE", "write a policy as an OCI seccomp profile, a C header, bytes or pseudo code", runExport,
		[]string{"tileseal export -to oci -p log_fd=3 mytile.seccomppolicy >profile.json", "tileseal export -to oci -arch x86_64,i386,x32 mytile.seccomppolicy", "tileseal export -to pseudo mytile.seccomppolicy"}},
	{"import", "[flags] FILE", "make a policy of an OCI seccomp profile or a minijail policy", runImport,
		[]string{"tileseal import profile.json >mytile.seccomppolicy", "tileseal import -arch x86_64 -cap CAP_SYS_PTRACE default.json", "tileseal import -from minijail mytile.policy"}},
	{"report", "[flags] FILE", "write one page about a policy: text, program, verdicts, graph, simulator", runReport,
		[]string{"tileseal report -o mytile.html mytile.seccomppolicy"}},
	{"run", "[flags] FILE -- COMMAND [ARGUMENT...]", "run a command under a policy, or tell what the policy would kill it for", runRun,
		[]string{"tileseal run mytile.seccomppolicy -- ls -l", "tileseal run -explain mytile.seccomppolicy -- ls -l", "tileseal run -p log_fd=3 mytile.seccomppolicy -- ./mytiled 3>>log"}},
	{"learn", "[flags] -- COMMAND [ARGUMENT...]", "write a policy of the calls a command makes, or show what one lacks", runLearn,
		[]string{"tileseal learn -o mytile.seccomppolicy -- ls -l", "tileseal learn -merge mytile.seccomppolicy -o mytile.seccomppolicy -- ls", "tileseal learn -against mytile.seccomppolicy -p log_fd=3 -- ./mytiled 3>>log", "tileseal learn -strace strace.txt >mytile.seccomppolicy"}},
	{"explain", "[flags] FILE|PID", "say what a policy, a program or the filters of a process do, call by call", runExplain,
		[]string{"tileseal explain mytile.seccomppolicy", "tileseal explain exported.bpf", "tileseal explain -format json filter.c", "sudo tileseal explain $(pidof mytiled)"}},
	{"disasm", "[flags] FILE|PID", "list the program of a policy, one from elsewhere, or those of a process", runDisasm,
		[]string{"tileseal disasm mytile.seccomppolicy", "tileseal disasm exported.bpf >exported.asm"}},
	{"asm", "[flags] FILE", "make a program of a listing", runAsm,
		[]string{"tileseal asm exported.asm >exported.bpf", "tileseal asm -format c exported.asm"}},
	{"doctor", "[flags]", "say what this kernel and machine can do with filters", runDoctor,
		[]string{"tileseal doctor", "tileseal doctor -format json"}},
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
	case exitOf(err) != 0: // a command's, of run and learn
		return exitOf(err)
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
