package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A unixConst is one integer constant of golang.org/x/sys/unix.
type unixConst struct {
	name  string
	value uint64 // sign-extended two's complement
	ctype string // the name of a Type in internal/cconst
}

// A constTarget is one architecture whose constants x/sys/unix has.
type constTarget struct {
	name   string // libseccomp's
	goarch string
	group  string // of architectures that share most of what not all share
}

var constTargets = []constTarget{
	{"x86", "386", "generic"},
	{"x86_64", "amd64", "generic"},
	{"arm", "arm", "generic"},
	{"aarch64", "arm64", "generic"},
	{"loongarch64", "loong64", "generic"},
	{"riscv64", "riscv64", "generic"},
	{"s390x", "s390x", "generic"},
	{"mips", "mips", "anyMips"},
	{"mipsel", "mipsle", "anyMips"},
	{"mips64", "mips64", "anyMips"},
	{"mipsel64", "mips64le", "anyMips"},
	{"ppc", "ppc", "anyPPC"},
	{"ppc64", "ppc64", "anyPPC"},
	{"ppc64le", "ppc64le", "anyPPC"},
}

// allUnixConsts is the constants of each of constTargets.
func allUnixConsts(dir string) (byTarget []map[string]unixConst, err error) {
	for _, t := range constTargets {
		consts, err := unixConsts(filepath.Join(dir, "unix"), t.goarch)
		if err != nil {
			return nil, err
		}
		byTarget = append(byTarget, consts)
	}
	return byTarget, nil
}

// take removes from each table what they all have, with one value and type.
func take(tables []map[string]unixConst) map[string]unixConst {
	shared := map[string]unixConst{}
	for name, c := range tables[0] {
		if !slices.ContainsFunc(tables, func(m map[string]unixConst) bool { return m[name] != c }) {
			shared[name] = c
		}
	}
	for _, t := range tables {
		maps.DeleteFunc(t, func(name string, _ unixConst) bool { return shared[name].name != "" })
	}
	return shared
}

// unixFiles makes the tables that come from golang.org/x/sys in dir: one of
// the constants all targets share, one of those a group shares besides, and
// the rest of each target.
func unixFiles(dir string) ([]file, error) {
	_, version, ok := strings.Cut(filepath.Base(dir), "@")
	if !ok {
		return nil, fmt.Errorf("%s: want a directory of the module cache, with a version in its name", dir)
	}
	from := "golang.org/x/sys " + version
	byTarget, err := allUnixConsts(dir)
	if err != nil {
		return nil, err
	}
	files := []file{emitConsts(from, "common", "shared by all targets", take(byTarget))}
	for _, group := range []string{"generic", "anyMips", "anyPPC"} {
		var members []map[string]unixConst
		var names []string
		for i, t := range constTargets {
			if t.group == group {
				members = append(members, byTarget[i])
				names = append(names, t.name)
			}
		}
		files = append(files, emitConsts(from, group, "shared by "+strings.Join(names, ", "), take(members)))
	}
	for i, t := range constTargets {
		files = append(files, emitConsts(from, t.name, "of "+t.name+" alone", byTarget[i]))
	}
	return files, nil
}

// unixConsts is the exported integer constants of the package in dir, as it
// is built for linux on goarch, that have a C name. The numbers of system
// calls are left out: package arch has them.
func unixConsts(dir, goarch string) (map[string]unixConst, error) {
	fset := token.NewFileSet()
	parsed, err := parseFor(fset, dir, goarch)
	if err != nil {
		return nil, err
	}
	// Only constants are of interest. Of the packages it imports they need
	// two types of one, so stand-ins will do and other errors are no matter.
	config := types.Config{IgnoreFuncBodies: true, Importer: standIns{}, Error: func(error) {}}
	pkg, _ := config.Check("golang.org/x/sys/unix", fset, parsed, nil)
	consts := map[string]unixConst{}
	scope := pkg.Scope()
	for _, name := range scope.Names() {
		c, ok := scope.Lookup(name).(*types.Const)
		if !ok || !c.Exported() || !isC(name) || strings.HasPrefix(name, "SYS_") || c.Val().Kind() != constant.Int {
			continue
		}
		value, ctype, err := cValue(c.Val())
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %v", dir, name, err)
		}
		consts[name] = unixConst{name, value, ctype}
	}
	if len(consts) < 1000 {
		return nil, fmt.Errorf("%s: only %d constants for %s", dir, len(consts), goarch)
	}
	return consts, nil
}

func parseFor(fset *token.FileSet, dir, goarch string) ([]*ast.File, error) {
	ctxt := build.Context{GOOS: "linux", GOARCH: goarch, Compiler: "gc", ReleaseTags: build.Default.ReleaseTags}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var parsed []*ast.File
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".go" || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		match, err := ctxt.MatchFile(dir, e.Name())
		if err != nil {
			return nil, err
		}
		if !match {
			continue
		}
		f, err := parser.ParseFile(fset, filepath.Join(dir, e.Name()), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, f)
	}
	return parsed, nil
}

// standIns imports an empty package for any path, but for the two types of
// syscall that constants have.
type standIns struct{}

func (standIns) Import(path string) (*types.Package, error) {
	pkg := types.NewPackage(path, filepath.Base(path))
	if path == "syscall" {
		for name, kind := range map[string]types.BasicKind{"Errno": types.Uintptr, "Signal": types.Int} {
			obj := types.NewTypeName(token.NoPos, pkg, name, nil)
			types.NewNamed(obj, types.Typ[kind], nil)
			pkg.Scope().Insert(obj)
		}
	}
	pkg.MarkComplete()
	return pkg, nil
}

// goNames are constants of x/sys/unix that look like C's and are not: C
// spells the options of wait(2) with two underscores before them.
var goNames = []string{"WALL", "WCLONE", "WNOTHREAD"}

// isC reports whether a Go name is also a name in C headers: an upper-case
// letter throughout its first word. (The package adds names of its own, such
// as SizeofSockaddrInet4.)
func isC(name string) bool {
	first, _, _ := strings.Cut(name, "_")
	return first == strings.ToUpper(first) && !slices.Contains(goNames, name)
}

// cValue is an integer as C reads its literal: int if it fits, else unsigned
// int as a hexadecimal literal does, else long, else unsigned long. A long is
// read as 64 bits wide on every target.
func cValue(v constant.Value) (value uint64, ctype string, err error) {
	if i, ok := constant.Int64Val(v); ok {
		switch {
		case i == int64(int32(i)):
			return uint64(i), "Int", nil
		case i == int64(uint32(i)):
			return uint64(i), "Uint", nil
		}
		return uint64(i), "Long", nil
	}
	if u, ok := constant.Uint64Val(v); ok {
		return u, "ULong", nil
	}
	return 0, "", errors.New("does not fit 64 bits")
}
