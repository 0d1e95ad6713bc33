package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/internal/kernels/console"
)

// A builder compiles what the guests run, once for each GOARCH.
type builder struct {
	root   string // of the module
	dir    string // for what is built
	suites []suite
	run    string            // of the tests, or "" for those the suites name
	short  bool              // every pass in the short form
	full   bool              // every pass in the long form
	done   map[string]string // files, by package and GOARCH
}

// compile builds a package for Linux, without cgo: its tests, or if it is a main
// package the program.
func (b *builder) compile(pkg, tags, goarch string, tests bool) (string, error) {
	key := fmt.Sprint(pkg, tags, goarch, tests)
	if file, ok := b.done[key]; ok {
		return file, nil
	}
	file := filepath.Join(b.dir, fmt.Sprint(len(b.done)))
	args := []string{"build"}
	if tests {
		args = []string{"test", "-c"}
	}
	cmd := exec.Command("go", append(args, "-buildvcs=false", "-tags="+tags, "-ldflags=-w", "-o", file, "./"+pkg)...)
	cmd.Dir = b.root
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+goarch, "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s for %s: %w\n%s", pkg, goarch, err, bytes.TrimSpace(out))
	}
	b.done[key] = file
	return file, nil
}

// Places in the guest: the module's files, test binaries, and programs built for
// package kerneltest.
const (
	guestRoot  = "tileseal"
	guestTests = "tests"
	guestBuilt = "built"
)

// A tree is the guest's root file system as it grows.
type tree struct {
	*builder
	nodes []node
}

// initramfs packs the root file system for a target, with its plan.
func (b *builder) initramfs(t *target) ([]byte, error) {
	tr := &tree{b, []node{
		{path: "dev/console", mode: fs.ModeCharDevice | 0o600, major: 5, minor: 1},
		{path: "dev/null", mode: fs.ModeCharDevice | 0o666, major: 1, minor: 3},
		{path: "proc", mode: fs.ModeDir | 0o555},
		{path: "sys", mode: fs.ModeDir | 0o555},
		{path: "tmp", mode: fs.ModeDir | 0o777},
	}}
	if err := tr.program("internal/kernels/init", "", t.goarch, "init"); err != nil {
		return nil, err
	}
	if err := tr.file(filepath.Join(b.root, "go.mod"), guestRoot+"/go.mod"); err != nil {
		return nil, err
	}
	plan := console.Plan{Passes: b.passes(), Restart: t.machine.restart, Slip: t.machine.slip}
	for _, goarch := range t.goarchs() {
		if err := tr.program(probe, "", goarch, guestBuilt+"/"+path.Base(probe)+"-"+goarch); err != nil {
			return nil, err
		}
		for _, s := range b.suites {
			tests := s.on(t, goarch)
			if tests == nil {
				continue
			}
			step, err := tr.suite(t, s, tests, goarch)
			if err != nil {
				return nil, err
			}
			plan.Steps = append(plan.Steps, step)
		}
	}
	text, err := json.Marshal(plan)
	if err != nil {
		return nil, err
	}
	tr.add(strings.TrimPrefix(console.PlanFile, "/"), text)
	return pack(tr.nodes)
}

func (tr *tree) add(path string, data []byte) {
	tr.nodes = append(tr.nodes, node{path: path, mode: 0o755, data: data})
}

// file adds a file of this system.
func (tr *tree) file(name, as string) error {
	data, err := os.ReadFile(name)
	tr.add(as, data)
	return err
}

// program adds a main package, built.
func (tr *tree) program(pkg, tags, goarch, as string) error {
	file, err := tr.compile(pkg, tags, goarch, false)
	if err != nil {
		return err
	}
	return tr.file(file, as)
}

// suite adds a suite built for goarch, and what its tests read and run.
func (tr *tree) suite(t *target, s suite, tests []string, goarch string) (step console.Step, err error) {
	if err := tr.built(t, s); err != nil {
		return step, err
	}
	dir := guestRoot + "/" + s.pkg
	tr.nodes = append(tr.nodes, node{path: dir, mode: fs.ModeDir | 0o755})
	for _, pattern := range s.files {
		found, err := filepath.Glob(filepath.Join(tr.root, s.pkg, pattern))
		if err != nil {
			return step, err
		}
		for _, name := range found {
			as, err := filepath.Rel(tr.root, name)
			if err != nil {
				return step, err
			}
			if err := tr.file(name, guestRoot+"/"+filepath.ToSlash(as)); err != nil {
				return step, err
			}
		}
	}
	binary := guestTests + "/" + path.Base(s.pkg) + "-" + goarch
	file, err := tr.compile(s.pkg, s.tags, goarch, true)
	if err != nil {
		return step, err
	}
	return tr.step(t, s, tests, goarch, binary), tr.file(file, binary)
}

// built adds the programs that a suite runs, for each GOARCH that has programs on
// the target: tests run those of the 32-bit one too.
func (tr *tree) built(t *target, s suite) error {
	for _, pkg := range s.built {
		for _, goarch := range t.goarchs() {
			if s.only != nil && !slices.Contains(s.only, goarch) {
				continue
			}
			if err := tr.program(pkg, s.tags, goarch, guestBuilt+"/"+path.Base(pkg)+"-"+goarch); err != nil {
				return err
			}
		}
	}
	return nil
}

// passes are with the kernel's compiler on, and with it off in the tests' short
// form, unless the user wants all or less: what becomes of a process that dies
// does not depend on it, and every program is judged in the short form too.
func (b *builder) passes() []console.Pass {
	passes := []console.Pass{{JIT: "on"}, {JIT: "off"}}
	for i := range passes {
		if b.short || i > 0 && !b.full {
			passes[i].Args = []string{"-test.short"}
		}
	}
	return passes
}

// step is a suite as the guest runs it.
func (b *builder) step(t *target, s suite, tests []string, goarch, binary string) console.Step {
	pattern := b.run
	if pattern == "" {
		pattern = "^(" + strings.Join(tests, "|") + ")$"
	}
	args := []string{"-test.v", "-test.timeout=30m", "-test.run=" + pattern}
	if s.short {
		args = append(args, "-test.short")
	}
	return console.Step{
		Package: s.pkg, GOARCH: goarch,
		Binary: "/" + binary,
		Dir:    "/" + guestRoot + "/" + s.pkg,
		Args:   args,
		Env:    []string{"PATH=/", "HOME=/tmp", "KERNELTEST_BUILT=/" + guestBuilt},
		Once:   s.once && goarch != t.goarch,
	}
}

// pack makes a compressed initramfs of the nodes.
func pack(nodes []node) ([]byte, error) {
	var buf bytes.Buffer
	z, err := gzip.NewWriterLevel(&buf, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if err := writeNewc(z, nodes); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}
