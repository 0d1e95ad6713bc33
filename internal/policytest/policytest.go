// Package policytest holds the prebuilt programs of a package against their
// policy texts: what is checked in against what the compiler makes of the text,
// the program against the meaning of the text, and both against the kernel.
package policytest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
)

// Update is the flag -update: checked-in files are rewritten, not compared.
var Update = flag.Bool("update", false, "rewrite the checked-in files of this package's tests")

// Archs are the architectures there are prebuilt programs for.
var Archs = []arch.Arch{arch.X86_64, arch.X86, arch.AArch64}

// A Policy is a policy file, compiled for every architecture.
type Policy struct {
	Name    string
	File    *gen.File
	Layout  compile.Layout
	Targets []gen.Target // in the order of Archs
}

// On is the policy compiled for a, one of Archs.
func (p *Policy) On(a arch.Arch) gen.Target {
	for _, t := range p.Targets {
		if t.Arch == a {
			return t
		}
	}
	panic("policytest: no program for " + a.String())
}

// Read reads the policies of the package in dir, in alphabetical order, and
// compiles each in the layout that the package's go:generate lines ask for.
// Every policy file has to be in one of them.
func Read(t testing.TB, dir string) []*Policy {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"+gen.Ending))
	if err != nil || len(files) == 0 {
		t.Fatalf("no policies in %s: %v", dir, err)
	}
	layouts := layoutsOf(t, filepath.Join(dir, "doc.go"))
	var list []*Policy
	for _, name := range files {
		layout, ok := layouts[filepath.Base(name)]
		if !ok {
			t.Fatalf("%s is in no go:generate line of doc.go", name)
		}
		list = append(list, ReadFile(t, name, layout))
	}
	return list
}

// ReadFile reads one policy and compiles it in the given layout.
func ReadFile(t testing.TB, name string, layout compile.Layout) *Policy {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	f, targets, errs := gen.Read(name, string(text), gen.Tileseal, Archs, layout)
	if err := errs.Err(); err != nil {
		t.Fatal(err)
	}
	return &Policy{gen.PolicyName(name), f, layout, targets}
}

// layoutsOf finds the layout of every policy file in the lines of a Go file
// that run the generator.
func layoutsOf(t testing.TB, doc string) map[string]compile.Layout {
	t.Helper()
	text, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	layouts := map[string]compile.Layout{}
	for line := range strings.Lines(string(text)) {
		args, ok := strings.CutPrefix(strings.TrimSpace(line), "//go:generate go tool tileseal gen ")
		if !ok {
			continue
		}
		flags := flag.NewFlagSet(doc, flag.ContinueOnError)
		name := flags.String("layout", compile.Plain.String(), "")
		if err := flags.Parse(strings.Fields(args)); err != nil {
			t.Fatal(err)
		}
		layout, err := compile.LayoutByName(*name)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range flags.Args() {
			if _, twice := layouts[file]; twice {
				t.Fatalf("%s: %s is in two go:generate lines", doc, file)
			}
			layouts[file] = layout
		}
	}
	return layouts
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
