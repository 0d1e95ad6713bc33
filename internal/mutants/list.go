package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

const gremlins = "github.com/go-gremlins/gremlins"

// operators are those of Gremlins that are off unless asked for.
var operators = []string{
	"--invert-assignments", "--invert-bitwise", "--invert-bwassign",
	"--invert-logical", "--invert-loopctrl", "--remove-self-assignments",
}

func modfile(root string) string { return filepath.Join(root, "tools", "mutants", "go.mod") }

// gremlinsVersion is what tools/mutants/go.mod pins.
func gremlinsVersion(ctx context.Context, root string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-modfile="+modfile(root), "-m", "-f", "{{.Version}}", gremlins)
	cmd.Dir = root
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// list has Gremlins find the mutants of a package. It would measure the coverage
// first, and leave out what no test reaches; here it runs no test for that, and
// what no test reaches is a mutant like another.
func list(ctx context.Context, root, dir string) ([]*mutant, error) {
	report, err := os.CreateTemp("", "mutants")
	if err != nil {
		return nil, err
	}
	report.Close()
	defer os.Remove(report.Name())
	args := append([]string{"tool", "-modfile=" + modfile(root), "gremlins", "unleash", "--silent", "--dry-run", "-o", report.Name()}, operators...)
	cmd := exec.CommandContext(ctx, "go", append(args, "./"+dir)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOFLAGS="+os.Getenv("GOFLAGS")+" -run=^$")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("gremlins: %w\n%s", err, bytes.TrimSpace(out))
	}
	text, err := os.ReadFile(report.Name())
	if err != nil {
		return nil, err
	}
	files, err := built(ctx, root, dir)
	if err != nil {
		return nil, err
	}
	return read(text, dir, files)
}

// built are the files of a package that are compiled on this machine.
func built(ctx context.Context, root, dir string) (map[string]*source, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-f", `{{join .GoFiles "\n"}}`, "./"+dir)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w", dir, err)
	}
	files := map[string]*source{}
	for name := range strings.FieldsSeq(string(out)) {
		if files[name], err = readFile(root, path.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// read takes the mutants from a report of Gremlins: each once, though two
// operators may make it, in the order of the source.
func read(report []byte, dir string, files map[string]*source) ([]*mutant, error) {
	var r struct {
		Files []struct {
			Name      string `json:"file_name"`
			Mutations []struct {
				Type         string
				Line, Column int
			}
		}
	}
	if err := json.Unmarshal(report, &r); err != nil {
		return nil, fmt.Errorf("the report of gremlins: %w", err)
	}
	var all []*mutant
	for _, f := range r.Files {
		s := files[f.Name]
		if s == nil {
			continue // another system's, or a program of the tests
		}
		for _, x := range f.Mutations {
			m, err := s.replace(x.Type, x.Line, x.Column)
			if err != nil {
				return nil, fmt.Errorf("the report of gremlins on %s: %w", dir, err)
			}
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b *mutant) int {
		return cmp.Or(strings.Compare(a.file.name, b.file.name), cmp.Compare(a.offset, b.offset), strings.Compare(a.to, b.to))
	})
	return slices.CompactFunc(all, func(a, b *mutant) bool {
		return a.file == b.file && a.offset == b.offset && a.to == b.to
	}), nil
}
