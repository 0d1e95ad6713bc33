// Mutants changes our own code, one token at a time, and sees whether a test
// notices.
//
//	go run ./internal/mutants [-package DIR,...] [-workers N] [-fresh] [-list]
//
// Gremlins (tools/mutants/go.mod) finds the mutants; this command builds the
// tests of a package with each and runs them: first the quick ones, then, on
// those that live, the slow ones. No file of the tree is written. A survivor is
// explained in explained.txt, or the command ends with status 1, as it does for an
// explanation of no survivor.
//
// Verdicts are kept in the user's cache, so that a run that was broken off goes
// on where it was; -fresh has it start anew.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"

	"github.com/tileseal/tileseal/internal/trust"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, os.Args[1:]); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "mutants:", err)
		}
		os.Exit(1)
	}
}

// A session is one run of the command.
type session struct {
	root     string
	out      io.Writer
	cache    *cache
	fresh    bool
	workers  int
	explains []*explanation
}

func run(ctx context.Context, stdout io.Writer, args []string) error {
	s := &session{out: stdout}
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	names := flags.String("package", "", "`directories` of packages, separated by commas (default: all, with a record)")
	listing := flags.Bool("list", false, "list the mutants and end")
	flags.IntVar(&s.workers, "workers", 2, "how many `mutants` are tried at a time")
	flags.BoolVar(&s.fresh, "fresh", false, "try also the mutants there are verdicts on")
	if err := flags.Parse(args); err != nil {
		return err
	}
	chosen, err := choose(*names)
	if err != nil {
		return err
	}
	if s.root, err = trust.Root(); err != nil {
		return err
	}
	if *listing {
		return s.list(ctx, chosen)
	}
	if s.cache, err = newCache(); err != nil {
		return err
	}
	if s.explains, err = readExplanations(s.root); err != nil {
		return err
	}
	var results []*result
	for _, c := range chosen {
		r, err := s.all(ctx, c)
		if err != nil {
			return err
		}
		fmt.Fprintln(stdout, r)
		results = append(results, r)
	}
	if *names == "" {
		if err := s.record(ctx, results); err != nil {
			return err
		}
	}
	return s.judge(results)
}

func choose(names string) ([]*suite, error) {
	var chosen []*suite
	for i := range suites {
		if names == "" || slices.Contains(strings.Split(names, ","), suites[i].dir) {
			chosen = append(chosen, &suites[i])
		}
	}
	if names != "" && len(chosen) != len(strings.Split(names, ",")) {
		return nil, fmt.Errorf("%s: not all of these have mutants", names)
	}
	return chosen, nil
}

func (s *session) list(ctx context.Context, chosen []*suite) error {
	for _, c := range chosen {
		all, err := list(ctx, s.root, c.dir)
		if err != nil {
			return err
		}
		for _, m := range all {
			fmt.Fprintln(s.out, m)
		}
	}
	return nil
}

// all finds out what becomes of the mutants of a package.
func (s *session) all(ctx context.Context, c *suite) (*result, error) {
	mutants, err := list(ctx, s.root, c.dir)
	if err != nil {
		return nil, err
	}
	t := &trier{suite: c, root: s.root}
	tests, err := t.testsOf()
	if err != nil {
		return nil, err
	}
	r := &result{suite: c, mutants: mutants, verdicts: make([]verdict, len(mutants))}
	var open []int
	for i, m := range mutants {
		v, ok := s.cache.load(m, tests)
		if r.verdicts[i] = v; !ok || s.fresh {
			open = append(open, i)
		}
	}
	fmt.Fprintf(s.out, "%s: %d mutants, %d to try\n", c.dir, len(mutants), len(open))
	if len(open) == 0 {
		return r, nil
	}
	if err := t.measure(ctx); err != nil {
		return nil, err
	}
	return r, s.work(open, func(i int) error {
		m := mutants[i]
		v, err := t.try(ctx, m)
		if err != nil {
			return err
		}
		v.Tests = tests
		r.verdicts[i] = v
		fmt.Fprintf(s.out, "%v: %s %s (%v)\n", m, v.Outcome, v.By, v.Took)
		return s.cache.save(m, v)
	})
}

// work calls f on each, some at a time, until one fails.
func (s *session) work(indices []int, f func(int) error) error {
	var lock sync.Mutex
	var first error
	next := func() (int, bool) {
		lock.Lock()
		defer lock.Unlock()
		if first != nil || len(indices) == 0 {
			return 0, false
		}
		i := indices[0]
		indices = indices[1:]
		return i, true
	}
	var group sync.WaitGroup
	for range s.workers {
		group.Go(func() {
			for i, ok := next(); ok; i, ok = next() {
				if err := f(i); err != nil {
					lock.Lock()
					first = err
					lock.Unlock()
				}
			}
		})
	}
	group.Wait()
	return first
}
