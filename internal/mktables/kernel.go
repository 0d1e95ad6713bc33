package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A target is one architecture whose tables are generated.
type target struct {
	name   string // libseccomp's, as in package arch
	ident  string // prefix of its generated Go names, constant in package arch
	goarch string
	table  string   // the kernel's table of system calls
	abis   []string // the rows of that table that are the target's
	dir    string   // of the sources below arch/
	config []string // what its kernels are configured with, of the options that change a prototype
}

// targets is in the order of the constants in package arch.
//
// The rows of arm64 are those that arch/arm64/kernel/Makefile.syscalls names
// besides common and 64. x86_64's x32 rows are another architecture's.
// The options are selected in arch/x86/Kconfig and arch/arm64/Kconfig.
var targets = []target{
	{"x86", "x86", "386", "arch/x86/entry/syscalls/syscall_32.tbl", []string{"i386"}, "arch/x86",
		[]string{"CONFIG_ARCH_SPLIT_ARG64", "CONFIG_CLONE_BACKWARDS", "CONFIG_OLD_SIGSUSPEND3"}},
	{"x86_64", "x86_64", "amd64", "arch/x86/entry/syscalls/syscall_64.tbl", []string{"common", "64"}, "arch/x86", nil},
	{"aarch64", "aarch64", "arm64", "scripts/syscall.tbl", []string{"common", "64", "renameat", "rlimit", "memfd_secret"}, "arch/arm64",
		[]string{"CONFIG_CLONE_BACKWARDS"}},
}

// A row is one line of the kernel's table of system calls: the call, the
// function behind it, and the one that serves 32-bit callers of a 64-bit
// kernel where that is another. An entry is "" where there is none.
type row struct {
	nr            uint32
	name          string
	entry, compat string
}

// kernelFiles makes the tables that come from the kernel source in dir.
func kernelFiles(dir string) ([]file, error) {
	release, err := kernelRelease(dir)
	if err != nil {
		return nil, err
	}
	from := "Linux " + release
	decls, err := scanDecls(dir)
	if err != nil {
		return nil, err
	}
	files := []file{emitRelease(from, release)}
	for _, t := range targets {
		rows, err := readTable(filepath.Join(dir, t.table), t.abis)
		if err != nil {
			return nil, err
		}
		protos, err := resolve(t, rows, decls)
		if err != nil {
			return nil, err
		}
		files = append(files, emitCalls(from, t, rows), emitProtos(from, t, protos))
	}
	return files, nil
}

var makefileVersion = regexp.MustCompile(`(?m)^VERSION = (\d+)\nPATCHLEVEL = (\d+)\nSUBLEVEL = (\d+)\nEXTRAVERSION = *(\S*)$`)

// kernelRelease reads the release from the top of the kernel's Makefile.
func kernelRelease(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, "Makefile"))
	if err != nil {
		return "", err
	}
	m := makefileVersion.FindSubmatch(text)
	if m == nil {
		return "", fmt.Errorf("%s: no version at the top", filepath.Join(dir, "Makefile"))
	}
	return fmt.Sprintf("%s.%s.%s%s", m[1], m[2], m[3], m[4]), nil
}

// readTable reads the rows of a table of system calls that belong to one of
// the abis, in ascending order of numbers. The columns are number, abi, name,
// entry, compat entry and noreturn; the last three may be missing, and a "-"
// stands for a missing one before others.
func readTable(path string, abis []string) ([]row, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var rows []row
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		col := strings.Fields(line)
		if len(col) == 0 {
			continue
		}
		if len(col) < 3 || len(col) > 6 {
			return nil, fmt.Errorf("%s:%d: %d columns", path, n, len(col))
		}
		nr, err := strconv.ParseUint(col[0], 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %v", path, n, err)
		}
		if !slices.Contains(abis, col[1]) {
			continue
		}
		col = append(col, "", "")
		r := row{nr: uint32(nr), name: col[2], entry: col[3]}
		if col[4] != "-" {
			r.compat = col[4]
		}
		rows = append(rows, r)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b row) int { return int(a.nr) - int(b.nr) })
	for i := 1; i < len(rows); i++ {
		if rows[i-1].nr == rows[i].nr {
			return nil, fmt.Errorf("%s: %d is both %s and %s", path, rows[i].nr, rows[i-1].name, rows[i].name)
		}
	}
	return rows, nil
}
