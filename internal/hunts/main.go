// Hunts runs tests in their longest form and keeps what they showed in
// docs/trust, of which docs/trust.md is made.
//
//	go run ./internal/hunts [-fuzztime 60s] [NAME...]
//
// The names are attack, oracle, accept, race, reproduce (tests of this module,
// named in hunts), fuzz (every fuzz target) and vulnerabilities (govulncheck).
// Without one, only the page is made anew. Anything that fails ends the command
// with status 1; a record is kept nevertheless, and says so.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/tileseal/tileseal/internal/trust"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "hunts:", err)
		}
		os.Exit(1)
	}
}

// A session is where hunts run and what they are told.
type session struct {
	root     string // the module's directory
	out      io.Writer
	fuzzTime time.Duration
}

func run(out io.Writer, args []string) error {
	s := &session{out: out}
	flags := flag.NewFlagSet("hunts", flag.ContinueOnError)
	flags.DurationVar(&s.fuzzTime, "fuzztime", time.Minute, "how long each fuzz target runs")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var err error
	if s.root, err = trust.Root(); err != nil {
		return err
	}
	known := map[string]func() error{"fuzz": s.fuzz, "vulnerabilities": s.vulnerabilities}
	for _, h := range hunts {
		known[h.name] = func() error { return s.tests(h) }
	}
	for _, name := range flags.Args() {
		if known[name] == nil {
			names := make([]string, 0, len(known))
			for n := range known {
				names = append(names, n)
			}
			slices.Sort(names)
			return fmt.Errorf("no hunt %q; there are %s", name, strings.Join(names, ", "))
		}
	}
	var errs []error
	for _, name := range flags.Args() {
		if err := known[name](); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(append(errs, trust.WritePage(s.root))...)
}
