// The command cover says which statements of the packages a proof rests on
// the tests run, and holds the rest to an explanation each:
//
//	make cover
//
// Package install is the odd one: what seals a process cannot be undone, so it
// runs in children of the tests. They are built with counters too
// (internal/kerneltest, KERNELTEST_COVER), and those that end, and are not
// killed, leave them beside the test's own.
//
// It fails if a test does, if a package has less than 95 % of its statements
// run, if a block that does not run has no explanation in explained.txt, or an
// explanation no such block. Otherwise it records what it found
// (docs/trust/cover.json).
package main

import (
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"time"

	"github.com/tileseal/tileseal/internal/trust"
)

var packages = []string{"vm", "install", "internal/compile", "internal/prove"}

// atLeast is the percentage of a package's statements that have to run.
const atLeast = 95

//go:embed explained.txt
var explained string

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "cover:", err)
		os.Exit(1)
	}
}

func run(out io.Writer) error {
	began := time.Now()
	reasons, err := parseReasons(explained)
	if err != nil {
		return err
	}
	root, err := trust.Root()
	if err != nil {
		return err
	}
	rec := trust.New("Statements that the tests run", "make cover", about)
	var sums []sum
	var open []block
	for _, pkg := range packages {
		blocks, err := measure(root, pkg)
		if err != nil {
			return fmt.Errorf("%s: %w", pkg, err)
		}
		s := add(pkg, blocks)
		fmt.Fprintf(out, "%s: %d of %d statements, %s\n", s.pkg, s.covered, s.statements, s.percent())
		sums = append(sums, s)
		o, err := notRun(root, blocks)
		if err != nil {
			return err
		}
		open = append(open, o...)
	}
	why, problems := explain(open, reasons)
	problems = append(problems, tooFew(sums)...)
	for _, p := range problems {
		fmt.Fprintln(out, p)
	}
	if len(problems) > 0 {
		return fmt.Errorf("%d problems; nothing recorded", len(problems))
	}
	rec.Since(began)
	record(rec, sums, open, why)
	return rec.Save(root, "cover")
}

// measure runs the tests of a package and returns its blocks, with what its
// children ran of them. The short form of the tests is enough: the long one
// proves more programs, by the same statements.
//
// go test sets GOCOVERDIR to a directory of its own, which it does not keep;
// hence the test is built, and then run without it.
func measure(root, pkg string) ([]block, error) {
	tmp, err := os.MkdirTemp("", "cover")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	counters, test, profile := filepath.Join(tmp, "counters"), filepath.Join(tmp, "test"), filepath.Join(tmp, "profile")
	if err := os.Mkdir(counters, 0o777); err != nil {
		return nil, err
	}
	if err := execute(root, nil, "go", "test", "-c", "-cover", "-covermode=set", "-o", test, "./"+pkg); err != nil {
		return nil, err
	}
	env := []string{"GOCOVERDIR=" + counters, "KERNELTEST_COVER=1"}
	dir := filepath.Join(root, filepath.FromSlash(pkg))
	if err := execute(dir, env, test, "-test.short", "-test.timeout=10m", "-test.gocoverdir="+counters); err != nil {
		return nil, err
	}
	if err := execute(root, nil, "go", "tool", "covdata", "textfmt", "-i="+counters, "-pkg="+path.Join(trust.Module, pkg), "-o="+profile); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(profile)
	if err != nil {
		return nil, err
	}
	return parseProfile(string(text))
}

func execute(dir string, env []string, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(name), err, out)
	}
	return nil
}
