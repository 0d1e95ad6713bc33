//go:build linux && amd64

// Command bench measures tileseal's programs beside its peers', in one run:
// time to a ready program, size, executed instructions, cost of installing,
// time per call in the kernel and in user space, time to prove. It prints a
// table for each, and with -json FILE writes every figure.
//
// The policies are those of testdata/performance. The weights of their calls
// come from workload-*.json in -workloads; without these, every call of a
// policy counts the same. Times are medians, of runs that take turns. Between
// runs of this command they differ by more than good programs do from each
// other, so compare them within one table; counts are exact.
//
// Of gVisor, pkg/seccomp and pkg/bpf always take part; libseccomp if built with
// the tag libseccomp, which needs cgo and libseccomp's headers. The kernel is
// measured with x86_64 calls.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == childArg {
		child()
	}
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(2)
	}
}

// effort is how long the times are measured.
type effort struct {
	rounds  int // turns that each contender gets
	batchMS int // least length of a turn in user space, in milliseconds
}

var (
	full  = effort{rounds: 21, batchMS: 5}
	quick = effort{rounds: 3, batchMS: 1}
)

func run(stdout io.Writer, args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	short := flags.Bool("short", false, "a few turns only: shows that all works, and exact counts")
	jsonFile := flags.String("json", "", "write every figure to this `file`")
	names := flags.String("policies", "A,B,C,D", "the policies to measure")
	texts := flags.String("texts", "../testdata/performance", "the `directory` of the policies")
	workloads := flags.String("workloads", "../../shared/performance", "the `directory` of the workloads")
	peerDir := flags.String("peers", "", "write the peers' programs for every architecture beneath this `directory`, and measure nothing")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *peerDir != "" {
		return writePeers(*texts, *peerDir)
	}
	e := full
	if *short {
		e = quick
	}
	rep := newReport()
	for name := range strings.SplitSeq(*names, ",") {
		p, err := readPolicy(name, *texts, *workloads)
		if err != nil {
			return err
		}
		if err := measure(rep, p, e); err != nil {
			return fmt.Errorf("policy %s: %w", name, err)
		}
	}
	rep.print(stdout)
	if *jsonFile == "" {
		return nil
	}
	return rep.writeJSON(*jsonFile)
}

// measure takes all figures of one policy.
func measure(rep *report, p *policy, e effort) error {
	all := contenders(p)
	for _, c := range all {
		if c.prog == nil {
			continue
		}
		if wrong := p.differences(c); wrong != "" {
			rep.note(p, c.name, wrong)
		}
		if c.note != "" {
			rep.note(p, c.name, c.note)
		}
	}
	if !p.given {
		rep.note(p, "all", "no workload, so every call of the policy counts the same, with arguments 0")
	}
	counts(rep, p, all)
	measureReady(rep, p, e)
	evaluate(rep, p, all, e)
	proofs(rep, p, all, e)
	return kernel(rep, p, all, e)
}
