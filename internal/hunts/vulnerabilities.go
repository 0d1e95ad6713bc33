package main

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/tileseal/tileseal/internal/trust"
)

// vulnerabilities asks govulncheck, and says what there is for anything to be
// wrong with: the modules that the library's packages are linked with.
func (s *session) vulnerabilities() error {
	start := time.Now()
	r := trust.New("Known vulnerabilities", "make vulnerabilities",
		"`govulncheck` over every package, and what the packages that a daemon imports take from elsewhere. The standard library is the release's.")
	cmd := s.goCommand("tool", "-modfile=tools/go.mod", "govulncheck", "./...")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	r.Result, err = verdict(string(out), complaints.String(), err)
	table, tableErr := s.dependencies()
	r.Tables = []trust.Table{table}
	r.Since(start)
	fmt.Fprintf(s.out, "vulnerabilities: %s\n", r.Result)
	return errors.Join(err, tableErr, r.Save(s.root, "vulnerabilities"))
}

// verdict reads what govulncheck says. Where its database cannot be reached,
// nothing was checked, and that is no failure.
func verdict(out, complaints string, err error) (string, error) {
	var exit *exec.ExitError
	switch {
	case err == nil && strings.Contains(out, "No vulnerabilities found."):
		return "none known", nil
	case strings.Contains(complaints, "fetching vulnerabilities"):
		return "NOT CHECKED: the database of vulnerabilities cannot be reached from here", nil
	case errors.As(err, &exit) && exit.ExitCode() == 3:
		return "FOUND", fmt.Errorf("govulncheck:\n%s", out)
	}
	return "FAILED", fmt.Errorf("govulncheck: %v\n%s%s", err, out, complaints)
}

// dependencies are the packages from other modules that are linked with each of
// ours, with their versions and the newest there are.
func (s *session) dependencies() (trust.Table, error) {
	t := trust.Table{Head: []string{"package", "takes from elsewhere", "version", "newest"}}
	newest, err := s.newest()
	if err != nil {
		return t, err
	}
	for _, pkg := range []string{"policy", "policy/gotile", "goruntime", "install", "vm", "filter", "arch", "cmd/tileseal"} {
		out, err := s.goCommand("list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{$.ImportPath}} {{.Path}} {{.Version}}{{end}}{{end}}", "./"+pkg).Output()
		if err != nil {
			return t, fmt.Errorf("go list -deps ./%s: %w", pkg, err)
		}
		var imports, versions, latest []string
		for line := range strings.Lines(string(out)) {
			f := strings.Fields(line)
			if len(f) != 3 {
				continue
			}
			imports, versions, latest = append(imports, f[0]), append(versions, f[2]), append(latest, newest[f[1]])
		}
		cells := []string{pkg}
		for _, list := range [][]string{imports, versions, latest} {
			cells = append(cells, strings.Join(slices.Compact(list), ", "))
		}
		t.Rows = append(t.Rows, cells)
	}
	return t, nil
}

// newest are the newest versions of the modules that go.mod names, as far as the
// module proxy says.
func (s *session) newest() (map[string]string, error) {
	out, err := s.goCommand("list", "-m", "-u", "-f", "{{if not .Main}}{{.Path}} {{with .Update}}{{.Version}}{{else}}the same{{end}}{{end}}", "all").Output()
	if err != nil {
		return nil, fmt.Errorf("go list -m -u: %w", err)
	}
	newest := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if path, version, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			newest[path] = version
		}
	}
	return newest, nil
}
