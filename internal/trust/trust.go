// Package trust keeps the record of what was tried against this library, and
// makes docs/trust.md of it: figures of runs, none of them typed.
//
// A command that tries something ends with [Record.Save]. Its record is a file
// of its own in docs/trust, so that each can be made again without the others.
package trust

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Module is what the import paths of this module's packages begin with.
const Module = "github.com/tileseal/tileseal/"

// names are the records there may be, in the page's order.
var names = []string{"kernels", "cost", "attack", "oracle", "accept", "fuzz", "mutants", "cover", "race", "vulnerabilities", "reproduce"}

// A Record is what one run showed. Texts are Markdown.
type Record struct {
	Title   string // of its section
	Command string // that made it, as a reader would type it
	About   string // what was tried, and how to read the tables
	Date    string // 2006-01-02
	On      string // the kernel and the Go release it ran on
	Took    string
	Result  string // in one line
	Tables  []Table
	Notes   []string // what the figures do not say
}

// A Table has a row for each thing that was tried.
type Table struct {
	Title string // above it; "" for none
	Head  []string
	Rows  [][]string
}

// New starts a record of what begins now, on this machine.
func New(title, command, about string) *Record {
	on := runtime.GOOS + "/" + runtime.GOARCH
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		version, _, _ := strings.Cut(strings.TrimSpace(string(release)), "-") // what follows names a machine
		on = "Linux " + version + ", " + runtime.GOARCH
	}
	return &Record{
		Title: title, Command: command, About: about,
		Date: time.Now().Format(time.DateOnly),
		On:   fmt.Sprintf("%s, %d processors, %s", on, runtime.NumCPU(), runtime.Version()),
	}
}

// Since says how long the run took.
func (r *Record) Since(start time.Time) {
	d := time.Since(start)
	if d >= time.Minute {
		d = d.Round(time.Second)
	}
	r.Took = d.Round(100 * time.Millisecond).String()
}

// Save keeps the record under its name and makes the page anew. root is the
// module's directory.
func (r *Record) Save(root, name string) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "\t")
	if err := enc.Encode(r); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file(root, name)), 0o777); err != nil {
		return err
	}
	if err := os.WriteFile(file(root, name), buf.Bytes(), 0o666); err != nil {
		return err
	}
	return WritePage(root)
}

// WritePage makes docs/trust.md anew.
func WritePage(root string) error {
	page, err := Page(root)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, "docs", "trust.md"), page, 0o666)
}

// Load reads a record; it is nil if there is none yet.
func Load(root, name string) (*Record, error) {
	text, err := os.ReadFile(file(root, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r := new(Record)
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(r); err != nil {
		return nil, fmt.Errorf("%s: %w", file(root, name), err)
	}
	return r, nil
}

func file(root, name string) string { return filepath.Join(root, "docs", "trust", name+".json") }

// Root is the directory of the module that the working directory is in.
func Root() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}
