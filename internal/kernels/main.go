// Kernels tries the prebuilt programs on real kernels of other architectures.
//
//	go run ./internal/kernels [-target default|all|NAME,...] [-package default|go|all|DIR,...] [-run REGEXP] [-o FILE]
//
// It fetches Debian's kernels, boots each in QEMU without any hardware's help,
// runs there the tests that are about the kernel, built for that architecture,
// and reads their verdicts from the serial console; with the kernel's compiler
// of filters on and off. Nobody needs root for it, nor a network in the guest.
// Big-endian kernels that Debian does not have it builds, if told to by
// -build-kernels. With -record the results come into docs/trust and README.md,
// each target's as it ends, beside those that other runs left there.
//
// It needs QEMU (Debian: qemu-system-arm, -x86, -misc, -ppc, -mips), apt-get and
// dpkg-deb. A target that lacks one of them is skipped, in as many words; a
// failure, a console that breaks off and a kernel that panics end the command
// with status 1.
//
// With -cost it measures instead what filters cost there: ours, and those of
// libseccomp and gVisor that are checked in. See cost.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tileseal/tileseal/internal/trust"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, os.Args[1:]); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "kernels:", err)
		}
		os.Exit(1)
	}
}

// errFailed ends the command when the report has said why.
var errFailed = errors.New("a target failed")

func run(ctx context.Context, stdout io.Writer, args []string) error {
	s := &session{builder: &builder{done: map[string]string{}}, out: stdout, echo: io.Discard}
	flags := flag.NewFlagSet("kernels", flag.ContinueOnError)
	list := flags.Bool("list", false, "list the targets and end")
	names := flags.String("target", "default", "`targets`, separated by commas: names, GOARCHs, default or all")
	packages := flags.String("package", "default", "`packages`, separated by commas: directories, default, go or all")
	output := flags.String("o", "", "write the report to `file`, as Markdown")
	record := flags.Bool("record", false, "put the results into docs/trust and README.md")
	verbose := flags.Bool("v", false, "show the guests' consoles")
	flags.StringVar(&s.cache, "cache", "", "`directory` for kernels (default: in the user's cache)")
	flags.BoolVar(&s.fresh, "fresh", false, "fetch the newest kernels even if the cache has some")
	flags.BoolVar(&s.build, "build-kernels", false, "build the kernels that Debian does not have, from its source package")
	flags.StringVar(&s.run, "run", "", "`regexp` of the tests to run in place of all; then none has to pass")
	flags.BoolVar(&s.short, "short", false, "run the tests in their short form")
	flags.BoolVar(&s.full, "full", false, "run them in full also where the kernel's compiler is off")
	flags.DurationVar(&s.limit, "limit", 30*time.Minute, "the longest `time` a guest may take")
	flags.IntVar(&s.parallel, "parallel", 1, "how many `guests` run at a time")
	counted := s.costFlags(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if counted.wanted {
		return s.countCosts(ctx, *names, counted)
	}
	chosen, err := choose(*names)
	if err != nil {
		return err
	}
	if *list {
		for _, t := range chosen {
			fmt.Fprintf(stdout, "%-14s %-9s %-8s %-8s %v\n", t.name, strings.Join(t.goarchs(), ","), t.suite, t.debArch, t.pattern)
		}
		return nil
	}
	if s.suites, err = chooseSuites(*packages); err != nil {
		return err
	}
	if *record {
		if s.set, err = setOf(*packages, s.run); err != nil {
			return err
		}
	}
	if *verbose {
		s.echo = stdout
	}
	r, err := s.report(ctx, chosen)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "\n%s\n", r.summary())
	if n := r.count("SKIP"); n > 0 {
		fmt.Fprintf(stdout, "skip: %d of %d kernels were not tried; the lines above say why\n", n, len(r.results))
	}
	if *output != "" {
		text := fmt.Sprintf("%s\n%s: %s.\n", r.markdown(), time.Now().Format(time.DateOnly), r.summary())
		if err := os.WriteFile(*output, []byte(text), 0o644); err != nil {
			return err
		}
	}
	if r.failed() {
		return errFailed
	}
	return nil
}

// report tries the targets, with what is built for them in a directory of its own.
func (s *session) report(ctx context.Context, chosen []*target) (*report, error) {
	if err := s.places(); err != nil {
		return nil, err
	}
	defer s.clean()
	return &report{results: s.all(ctx, chosen)}, nil
}

// places are the directories of the cache, of the module, and for what is built.
func (s *session) places() (err error) {
	if s.cache == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return err
		}
		s.cache = filepath.Join(dir, "tileseal")
	}
	if s.root, err = trust.Root(); err != nil {
		return err
	}
	s.dir, err = os.MkdirTemp("", "tileseal-kernels")
	return err
}

// clean removes what was built, and the kernels' source.
func (s *session) clean() {
	os.RemoveAll(s.dir)
	os.RemoveAll(s.tree)
}

// choose finds targets by their names: an architecture means all it has.
func choose(names string) ([]*target, error) {
	var chosen []*target
	for name := range strings.SplitSeq(names, ",") {
		n := len(chosen)
		for _, t := range targets {
			if name == "all" || name == "default" && t.usual || name == t.name || name == t.goarch {
				chosen = append(chosen, t)
			}
		}
		if len(chosen) == n {
			return nil, fmt.Errorf("no target %q; -target all -list shows them", name)
		}
	}
	for i, t := range chosen {
		if slices.Contains(chosen[:i], t) {
			return nil, fmt.Errorf("target %s is chosen twice", t.name)
		}
	}
	return chosen, nil
}

// chooseSuites finds suites by their packages.
func chooseSuites(packages string) ([]suite, error) {
	var chosen []suite
	for pkg := range strings.SplitSeq(packages, ",") {
		n := len(chosen)
		for _, s := range suites {
			if pkg == "all" || pkg == "default" && !s.slow || pkg == "go" && s.tags != "" || pkg == s.pkg {
				chosen = append(chosen, s)
			}
		}
		if len(chosen) == n {
			return nil, fmt.Errorf("no tests of package %q are run in guests", pkg)
		}
	}
	return chosen, nil
}
