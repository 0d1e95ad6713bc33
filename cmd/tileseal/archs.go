package main

import (
	"os"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
)

// archFlag is the architecture to work for. On a machine without tables it
// is invalid unless the flag is given.
func (c *command) archFlag() *arch.Arch {
	a := arch.Native()
	c.Func("arch", "the architecture, by libseccomp's name, as in x86_64 or aarch64 (default this machine's)", func(s string) (err error) {
		a, err = arch.ByName(s)
		return err
	})
	return &a
}

// archsFlag is archFlag for verbs that take several architectures.
func (c *command) archsFlag(what string) *[]arch.Arch {
	return c.archList(what+", by libseccomp's names, as in aarch64 or x86_64,i386,x32 (default this machine's)", []arch.Arch{arch.Native()})
}

// archList is a flag for architectures that go together in one program.
func (c *command) archList(usage string, archs []arch.Arch) *[]arch.Arch {
	c.Func("arch", usage, func(s string) error {
		set, err := gen.ArchNames(strings.Split(s, ",")).Set()
		archs = set.All()
		return err
	})
	return &archs
}

// checkArchs is a call that asks for what a program for several architectures
// cannot have.
func (r *reading) checkArchs(c *command, archs []arch.Arch) error {
	switch {
	case len(archs) < 2:
		return nil
	case r.layout != compile.Plain && r.layout != compile.Optimized:
		return c.misuse("tileseal: layout %v is for one architecture; use plain or optimized", r.layout)
	case r.tuned:
		return c.misuse("tileseal: -objective and -profile are for one architecture")
	}
	return nil
}

// program reads a policy and makes one program of it for all architectures.
// Warnings go to standard error.
func (c *command) program(r *reading, file string, archs []arch.Arch) (*gen.File, gen.Target, error) {
	if len(archs) == 1 {
		f, targets, err := c.compile(r, file, archs)
		if err != nil {
			return nil, gen.Target{}, err
		}
		return f, targets[0], nil
	}
	text, set, err := readFor(file, archs)
	if err != nil {
		return nil, gen.Target{}, err
	}
	f, t, errs := gen.ReadMulti(file, text, r.dialect, set, r.layout)
	if errs.Err() != nil {
		return nil, gen.Target{}, errs
	}
	report(c.stderr, errs)
	return f, t, nil
}

// readFor is the text of a policy, and the architectures as a set.
func readFor(file string, archs []arch.Arch) (string, arch.Set, error) {
	set, err := arch.NewSet(archs...)
	if err != nil {
		return "", set, err
	}
	text, err := os.ReadFile(file)
	return string(text), set, err
}

// resolveFor reads a policy and resolves it for all architectures, without
// making a program. Warnings go to standard error.
func (c *command) resolveFor(r *reading, file string, archs []arch.Arch) (*gen.File, gen.Target, error) {
	if len(archs) == 1 && archs[0] != arch.X32 {
		f, res, err := c.resolve(r, file, archs[0])
		return f, gen.Target{Resolved: res, Arch: archs[0]}, err
	}
	text, set, err := readFor(file, archs)
	if err != nil {
		return nil, gen.Target{}, err
	}
	f, errs := gen.Parse(file, text, r.dialect)
	t, list := gen.ResolveMulti(f, set, r.layout)
	if errs = append(errs, list...); errs.Err() != nil {
		return nil, gen.Target{}, errs
	}
	report(c.stderr, errs)
	return f, t, nil
}
