package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A row is one line of the kernel's table of system calls: the call, the
// function behind it, and the one that serves 32-bit callers of a 64-bit
// kernel where that is another. An entry is "" where there is none.
type row struct {
	nr            uint32
	name          string
	entry, compat string
}

// A kernel is one unpacked source.
type kernel struct {
	dir, release string
	decls        map[string][]decl
}

func openKernel(dir string) (kernel, error) {
	release, err := kernelRelease(dir)
	if err != nil {
		return kernel{}, err
	}
	decls, err := scanDecls(dir)
	return kernel{dir, release, decls}, err
}

// from names the source in a generated file's header.
func (k kernel) from() string { return "Linux " + k.release }

// kernelFiles makes the tables that come from the kernel source in dir, and
// from the older one in oldDir, besides the names of constants in sys. Without
// one of the two its tables are left alone.
func kernelFiles(dir, oldDir, sys string) ([]file, error) {
	k, err := openKernel(dir)
	if err != nil {
		return nil, err
	}
	var old kernel
	if oldDir != "" {
		if old, err = openKernel(oldDir); err != nil {
			return nil, err
		}
	}
	files := []file{emitRelease(k)}
	var errs []error
	for _, t := range targets {
		from := k
		if t.old {
			from = old
		}
		if from.dir == "" {
			continue
		}
		these, err := from.files(t)
		errs = append(errs, err)
		files = append(files, these...)
	}
	if sys != "" {
		these, err := headerFiles(k, old, sys)
		errs = append(errs, err)
		files = append(files, these...)
	}
	return files, errors.Join(errs...)
}

// files makes the tables of one target.
func (k kernel) files(t target) ([]file, error) {
	rows, err := readTable(filepath.Join(k.dir, t.table), t.abis)
	if err != nil {
		return nil, err
	}
	protos, err := resolve(t, rows, k.decls)
	if err != nil {
		return nil, err
	}
	files := []file{emitCalls(k, t, rows), emitProtos(k.from(), t.name, protos)}
	if t.twin != "" {
		t.big = !t.big
		swapped, err := resolve(t, rows, k.decls)
		if err != nil {
			return nil, err
		}
		files = append(files, emitProtos(k.from(), t.twin, differing(swapped, protos)))
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
// stands for a missing one before others. Where abis is nil every row does.
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
		if abis != nil && !slices.Contains(abis, col[1]) {
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
