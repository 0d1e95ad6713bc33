package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tileseal/tileseal/internal/trust"
)

// A target is a fuzz target, and what has to hold whatever the input.
type target struct{ pkg, name, what string }

// fuzz runs every fuzz target of the module for a while.
func (s *session) fuzz() error {
	start := time.Now()
	r := trust.New("Fuzzing", "make fuzz", `Every fuzz target of the module. Their seeds are in the tests and in testdata/fuzz, and so is every input that ever
failed: go test runs those each time.`)
	targets, err := s.targets()
	if err != nil {
		return err
	}
	table := trust.Table{Head: []string{"package", "target", "what has to hold", "inputs", "seeds", "found something"}}
	var errs []error
	for _, t := range targets {
		inputs, seeds, err := s.fuzzOne(t)
		found := "no"
		if err != nil {
			found = "yes"
			errs = append(errs, fmt.Errorf("%s %s: %w", t.pkg, t.name, err))
		}
		table.Rows = append(table.Rows, []string{t.pkg, t.name, t.what, grouped(inputs), seeds, found})
	}
	r.Since(start)
	r.Tables = []trust.Table{table}
	err = errors.Join(errs...)
	r.Result = fmt.Sprintf("%d targets for %v each: %s", len(targets), s.fuzzTime, found(err))
	if err := r.Save(s.root, "fuzz"); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "fuzz: %s\n", r.Result)
	return err
}

func found(err error) string {
	if err != nil {
		return "FAILED"
	}
	return "nothing found"
}

// targets finds the fuzz targets in the tests' sources.
func (s *session) targets() ([]target, error) {
	out, err := s.goCommand("list", "-f", `{{$p := .}}{{range .TestGoFiles}}{{$p.ImportPath}} {{$p.Dir}}/{{.}}{{"\n"}}{{end}}{{range .XTestGoFiles}}{{$p.ImportPath}} {{$p.Dir}}/{{.}}{{"\n"}}{{end}}`, "./...").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var list []target
	for line := range strings.Lines(string(out)) {
		pkg, file, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, m := range fuzzFunc.FindAllSubmatch(source, -1) {
			t := target{pkg: strings.TrimPrefix(pkg, trust.Module), name: string(m[1])}
			if t.what, ok = firstSentence(string(source), t.name); !ok {
				return nil, fmt.Errorf("%s %s has no comment that says what has to hold", t.pkg, t.name)
			}
			list = append(list, t)
		}
	}
	return list, nil
}

var fuzzFunc = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)

// progress is what the go command prints while it fuzzes.
var progress = regexp.MustCompile(`fuzz: elapsed: \S+, execs: (\d+)`)
var baseline = regexp.MustCompile(`baseline coverage: \d+/(\d+) completed`)

// fuzzOne runs a target and returns how many inputs it had. Seeds are counted with
// what the cache of earlier runs adds.
func (s *session) fuzzOne(t target) (inputs, seeds string, err error) {
	cmd := s.goCommand("test", "-run=^$", "-fuzz=^"+t.name+"$", "-fuzztime="+s.fuzzTime.String(), "-fuzzminimizetime=5s", "./"+t.pkg)
	fmt.Fprintln(s.out, strings.Join(cmd.Args, " "))
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	inputs, seeds = fuzzed(out.String())
	if err != nil {
		io.WriteString(os.Stderr, out.String())
	}
	return inputs, seeds, err
}

// fuzzed reads the last figures of a run.
func fuzzed(text string) (inputs, seeds string) {
	inputs, seeds = "none", "none"
	if all := progress.FindAllStringSubmatch(text, -1); all != nil {
		inputs = all[len(all)-1][1]
	}
	if all := baseline.FindAllStringSubmatch(text, -1); all != nil {
		seeds = all[len(all)-1][1]
	}
	return inputs, seeds
}

// firstSentence finds the comment of a function.
func firstSentence(source, name string) (string, bool) {
	lines := strings.Split(source, "\n")
	end := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "func "+name+"(") })
	begin := end
	for begin > 0 && strings.HasPrefix(lines[begin-1], "//") {
		begin--
	}
	if end < 0 || begin == end {
		return "", false
	}
	var words []string
	for _, l := range lines[begin:end] {
		words = append(words, strings.Fields(strings.TrimPrefix(l, "//"))...)
	}
	sentence, _, _ := strings.Cut(strings.Join(words, " ")+" ", ". ")
	sentence = strings.TrimSuffix(strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(sentence, name), ":")), ".")
	return sentence, sentence != ""
}

func (s *session) goCommand(args ...string) *exec.Cmd {
	cmd := exec.Command("go", args...)
	cmd.Dir = s.root
	return cmd
}
