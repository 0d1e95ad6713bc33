// Package policytest holds the prebuilt programs of a package against their
// policy texts: what is checked in against what the compiler makes of the text,
// the program against the meaning of the text, and both against the kernel.
package policytest

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/emit"
	"github.com/tileseal/tileseal/internal/gen"
)

// Update is the flag -update: checked-in files are rewritten, not compared.
var Update = flag.Bool("update", false, "rewrite the checked-in files of this package's tests")

// Archs are the architectures whose programs are tested most: those generated for
// if no others are named.
var Archs = []arch.Arch{arch.X86_64, arch.X86, arch.AArch64}

// Others are the rest of those there are prebuilt programs for.
var Others = slices.DeleteFunc(emit.Targets(), func(a arch.Arch) bool { return slices.Contains(Archs, a) })

// A Policy is a policy file, compiled for every architecture it is for.
type Policy struct {
	Name    string
	File    *gen.File
	Layout  compile.Layout
	Targets []gen.Target // in the order of Archs and Others
}

// Has reports whether there is a program for a.
func (p *Policy) Has(a arch.Arch) bool {
	return slices.ContainsFunc(p.Targets, func(t gen.Target) bool { return t.Arch == a })
}

// On is the policy compiled for a, one there is a program for.
func (p *Policy) On(a arch.Arch) gen.Target {
	for _, t := range p.Targets {
		if t.Arch == a {
			return t
		}
	}
	panic("policytest: no program for " + a.String())
}

// Read reads the policies of the package in dir, in alphabetical order, and
// compiles each as the package's go:generate lines ask for: the layout, and
// which of Archs. Every policy file has to be in one of them.
func Read(t testing.TB, dir string) []*Policy {
	t.Helper()
	return ReadFor(t, dir, Archs)
}

// ReadFor is Read for other architectures. Policies for none of them are left out.
func ReadFor(t testing.TB, dir string, archs []arch.Arch) []*Policy {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"+gen.Ending))
	if err != nil || len(files) == 0 {
		t.Fatalf("no policies in %s: %v", dir, err)
	}
	recipes := recipesOf(t, filepath.Join(dir, "doc.go"))
	list, errs := make([]*Policy, len(files)), make([]error, len(files))
	var wg sync.WaitGroup
	room := make(chan bool, runtime.GOMAXPROCS(0))
	for i, name := range files {
		r, ok := recipes[filepath.Base(name)]
		if !ok {
			t.Fatalf("%s is in no go:generate line of doc.go", name)
		}
		wanted := slices.DeleteFunc(slices.Clone(archs), func(a arch.Arch) bool { return !slices.Contains(r.archs, a) })
		if len(wanted) == 0 {
			continue
		}
		room <- true
		wg.Go(func() {
			list[i], errs[i] = readFile(name, r.layout, wanted)
			<-room
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(list, func(p *Policy) bool { return p == nil })
}

// ReadFile reads one policy and compiles it in the given layout.
func ReadFile(t testing.TB, name string, layout compile.Layout, archs ...arch.Arch) *Policy {
	t.Helper()
	p, err := readFile(name, layout, archs)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func readFile(name string, layout compile.Layout, archs []arch.Arch) (*Policy, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	f, targets, errs := gen.Read(name, string(text), gen.Tileseal, archs, layout)
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return &Policy{gen.PolicyName(name), f, layout, targets}, nil
}

// A recipe is how a go:generate line has a policy compiled.
type recipe struct {
	layout compile.Layout
	archs  []arch.Arch
}

// recipesOf finds the recipe of every policy file in the lines of a Go file
// that run the generator.
func recipesOf(t testing.TB, doc string) map[string]recipe {
	t.Helper()
	text, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	recipes := map[string]recipe{}
	for line := range strings.Lines(string(text)) {
		args, ok := strings.CutPrefix(strings.TrimSpace(line), "//go:generate go tool tileseal gen ")
		if !ok {
			continue
		}
		flags := flag.NewFlagSet(doc, flag.ContinueOnError)
		name := flags.String("layout", compile.Plain.String(), "")
		r := recipe{archs: Archs}
		experimental := []arch.Arch(nil)
		flags.Func("target", "", func(list string) (err error) {
			r.archs, err = emit.ParseTargets(list)
			return err
		})
		flags.Func("experimental", "", func(list string) (err error) {
			experimental, err = emit.ParseTargets(list)
			return err
		})
		if err := flags.Parse(strings.Fields(args)); err != nil {
			t.Fatal(err)
		}
		for _, a := range experimental {
			if !slices.Contains(r.archs, a) {
				r.archs = append(slices.Clip(r.archs), a)
			}
		}
		if r.layout, err = compile.LayoutByName(*name); err != nil {
			t.Fatal(err)
		}
		for _, file := range flags.Args() {
			if _, twice := recipes[file]; twice {
				t.Fatalf("%s: %s is in two go:generate lines", doc, file)
			}
			recipes[file] = r
		}
	}
	return recipes
}

// Root is the path of the module's root directory.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the working directory")
		}
		dir = up
	}
}
