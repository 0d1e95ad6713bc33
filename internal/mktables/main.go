// Mktables rewrites the generated tables of this module: system calls
// (package arch) and their prototypes (internal/proto) from the sources of a
// Linux kernel, C constants (internal/cconst) from golang.org/x/sys/unix.
//
//	mktables -linux DIR -old DIR -sys DIR [-o DIR] [-check]
//
// -linux is an unpacked kernel source, -old an older one that still has what
// the other lost (31-bit calls of s390), -sys the module golang.org/x/sys, -o
// the root of this module. Any source may be left out; its tables are then
// left alone. With -check nothing is written, and a table that is not what
// the sources say is an error. The output depends on the sources only.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// A file is one generated file: where it goes below the module's root, and
// its text.
type file struct {
	path string
	text []byte
}

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "mktables:", err)
		}
		os.Exit(2)
	}
}

func run(args []string, stderr io.Writer) error {
	fs := flag.NewFlagSet("mktables", flag.ContinueOnError)
	fs.SetOutput(stderr)
	linux := fs.String("linux", "", "`directory` of an unpacked kernel source")
	old := fs.String("old", "", "`directory` of an older kernel source, for what the other has no more")
	sys := fs.String("sys", "", "`directory` of the module golang.org/x/sys")
	out := fs.String("o", ".", "root `directory` of this module")
	check := fs.Bool("check", false, "compare instead of writing")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 || *linux == "" && *sys == "" {
		fs.Usage()
		return errors.New("name a source with -linux, -sys or both")
	}
	var files []file
	if *linux != "" {
		fromLinux, err := kernelFiles(*linux, *old, *sys)
		if err != nil {
			return err
		}
		files = append(files, fromLinux...)
	}
	if *sys != "" {
		fromSys, err := unixFiles(*sys)
		if err != nil {
			return err
		}
		files = append(files, fromSys...)
	}
	if *check {
		return compare(*out, files)
	}
	return write(*out, files)
}

func write(root string, files []file) error {
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(root, f.path), f.text, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// compare reports every file below root that differs from its generated text.
func compare(root string, files []file) error {
	var stale []error
	for _, f := range files {
		got, err := os.ReadFile(filepath.Join(root, f.path))
		if err != nil {
			stale = append(stale, err)
		} else if !bytes.Equal(got, f.text) {
			stale = append(stale, fmt.Errorf("%s is stale; run make tables", f.path))
		}
	}
	return errors.Join(stale...)
}
