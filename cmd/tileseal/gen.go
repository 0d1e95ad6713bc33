package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/emit"
	"github.com/tileseal/tileseal/internal/gen"
)

func runGen(c *command) error {
	r := c.readingFlags()
	check := c.Bool("check", false, "write nothing; fail if a generated file is stale, missing or left over")
	pkg := c.String("package", os.Getenv("GOPACKAGE"), "the `name` of the Go package (default that of the directory's files)")
	several := c.archList("generate one program for several architectures, as in x86_64,i386,x32, for the GOARCH of the first", nil)
	targets, experimental := []arch.Arch(nil), []arch.Arch(nil)
	c.Func("target", "the architectures to generate for, as in amd64,arm64, or all (default 386,amd64,arm64)", func(s string) (err error) {
		targets, err = emit.ParseTargets(s)
		return err
	})
	c.Func("experimental", "more of them, built with the tag "+emit.Experimental+" only", func(s string) (err error) {
		experimental, err = emit.ParseTargets(s)
		return err
	})
	if err := c.parse(false); err != nil {
		return err
	}
	if *several != nil && (targets != nil || experimental != nil) {
		return c.misuse("tileseal: -arch makes one program for several architectures, -target and -experimental one for each; give either")
	}
	if err := r.checkArchs(c, *several); err != nil {
		return err
	}
	if targets == nil {
		targets = emit.DefaultTargets()
	}
	experimental = slices.DeleteFunc(experimental, func(a arch.Arch) bool { return slices.Contains(targets, a) })
	targets = slices.Concat(targets, experimental)
	if err := r.check(c); err != nil {
		return err
	}
	g := generation{experimental: experimental}
	var all gen.ErrorList
	for _, one := range c.compileAll(r, targets, *several) {
		if list := (gen.ErrorList)(nil); errors.As(one.err, &list) {
			all = append(all, list...)
			continue
		}
		if one.err != nil {
			return one.err
		}
		fmt.Fprint(c.stderr, one.warnings.String())
		if err := g.add(*pkg, one.file, one.targets); err != nil {
			return err
		}
	}
	if err := all.Err(); err != nil {
		return err
	}
	if *check {
		return g.check()
	}
	return g.write()
}

// A compilation is what became of one policy file.
type compilation struct {
	file     *gen.File
	targets  []gen.Target
	warnings bytes.Buffer
	err      error
}

// compileAll compiles the policy files, as many at once as there are processors,
// and gives them out in their order.
func (c *command) compileAll(r *reading, targets, several []arch.Arch) []*compilation {
	all := make([]*compilation, c.NArg())
	progress := c.progress("policies compiled and proven:", len(all))
	free := make(chan bool, runtime.GOMAXPROCS(0))
	var running sync.WaitGroup
	for i, file := range c.Args() {
		one := &compilation{}
		all[i] = one
		running.Go(func() {
			free <- true
			defer func() { <-free }()
			quiet := *c
			quiet.stderr = &one.warnings
			one.file, one.targets, one.err = quiet.compileFor(r, file, targets, several)
			progress.step()
		})
	}
	running.Wait()
	return all
}

// compileFor compiles one policy for each of targets, or for several
// architectures at once.
func (c *command) compileFor(r *reading, file string, targets, several []arch.Arch) (*gen.File, []gen.Target, error) {
	if several == nil {
		return c.compile(r, file, targets)
	}
	f, t, err := c.program(r, file, several)
	return f, []gen.Target{t}, err
}

// A generation is what the files of one or more directories are to be.
type generation struct {
	files        map[string][]byte // by path
	sources      []string          // the policy files
	experimental []arch.Arch
}

func (g *generation) add(pkg string, f *gen.File, targets []gen.Target) error {
	dir := filepath.Dir(f.Name)
	if pkg == "" {
		pkg = packageName(dir)
	}
	files, err := emit.Go(pkg, f, targets, g.experimental)
	if err != nil {
		return err
	}
	if g.files == nil {
		g.files = map[string][]byte{}
	}
	archs, experimental := g.packageArchs(dir, targets)
	for _, file := range append(files, emit.GoPackage(pkg, archs, experimental)...) {
		g.files[filepath.Join(dir, file.Name)] = file.Text
	}
	g.sources = append(g.sources, f.Name)
	return nil
}

// packageArchs are the architectures a package has programs for, and those of them
// that are experimental: these targets, and what other policies of the directory
// were generated for.
func (g *generation) packageArchs(dir string, targets []gen.Target) (archs, experimental []arch.Arch) {
	for _, a := range emit.Targets() {
		ours := slices.ContainsFunc(targets, func(t gen.Target) bool { return t.Arch == a })
		text, err := os.ReadFile(filepath.Join(dir, emit.ArchFile(a)))
		theirs := err == nil && emit.Generated(text)
		if ours || theirs {
			archs = append(archs, a)
		}
		if (ours || theirs) && (!ours || slices.Contains(g.experimental, a)) && (!theirs || emit.IsExperimental(text)) {
			experimental = append(experimental, a)
		}
	}
	return archs, experimental
}

// packageName is the package of the Go files of a directory, or one made from
// its name.
func packageName(dir string) string {
	names, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	for _, name := range names {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.PackageClauseOnly)
		if err == nil && !strings.HasSuffix(name, "_test.go") {
			return f.Name.Name
		}
	}
	abs, err := filepath.Abs(dir)
	if base := filepath.Base(abs); err == nil && token.IsIdentifier(base) {
		return base
	}
	return "policy"
}

// stale lists what is not as it should be: files to write, and files that an
// earlier policy of the same name or one since removed left over.
func (g *generation) stale() (write, remove []string, err error) {
	for path, text := range g.files {
		old, err := os.ReadFile(path)
		if err == nil && bytes.Equal(old, text) {
			continue
		}
		if err == nil && !emit.Generated(old) {
			return nil, nil, fmt.Errorf("%s was not generated by tileseal; move it away, or rename the policy", path)
		}
		write = append(write, path)
	}
	for _, dir := range g.dirs() {
		left, err := g.leftOver(dir)
		if err != nil {
			return nil, nil, err
		}
		remove = append(remove, left...)
	}
	slices.Sort(write)
	slices.Sort(remove)
	return write, remove, nil
}

func (g *generation) dirs() []string {
	var dirs []string
	for _, s := range g.sources {
		dirs = append(dirs, filepath.Dir(s))
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// leftOver lists the generated files of a directory whose policy is gone, or
// is one of ours and no longer makes them.
func (g *generation) leftOver(dir string) ([]string, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var left []string
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		source, ok := emit.Source(text)
		if _, mine := g.files[name]; !ok || mine {
			continue
		}
		source = filepath.Join(dir, source)
		if _, err := os.Stat(source); errors.Is(err, os.ErrNotExist) || slices.ContainsFunc(g.sources, func(s string) bool { return filepath.Clean(s) == source }) {
			left = append(left, name)
		}
	}
	return left, nil
}

func (g *generation) check() error {
	write, remove, err := g.stale()
	if err != nil {
		return err
	}
	var why []string
	for _, path := range write {
		why = append(why, "\t"+path+" is stale or missing")
	}
	for _, path := range remove {
		why = append(why, "\t"+path+" is left over from a policy that no longer makes it")
	}
	if why == nil {
		return nil
	}
	return fmt.Errorf("generated files differ from their policies; run go generate\n%s", strings.Join(why, "\n"))
}

// write writes what changed, each file in one step, and removes what is left
// over.
func (g *generation) write() error {
	write, remove, err := g.stale()
	if err != nil {
		return err
	}
	for _, path := range write {
		if err := writeFile(path, g.files[path]); err != nil {
			return err
		}
	}
	for _, path := range remove {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}
