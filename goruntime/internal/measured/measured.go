// Package measured reads, for tests, the facts the baselines are made of: which
// system calls the Go runtime was seen to make. They are kept beside the
// checkout, not in it.
package measured

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Levels holds the rows of each level and GOARCH: Levels["core"]["amd64"]. A call
// is allowed if some row holds.
type Levels map[string]map[string][]Row

// A Row is a call with what its arguments have to be.
type Row struct {
	Syscall string
	Nr      uint32
	Args    map[int]Constraint // by the argument's index; others are free
}

// A Constraint is what one argument has to be: one of In, or the value known as
// Var. Width is 64 if both words count, else only the low one does.
type Constraint struct {
	In    []int64
	Width int
	Var   string
}

// Load reads the facts, or skips the test where they are absent.
func Load(t testing.TB) Levels {
	t.Helper()
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "..", "shared", "go-runtime", "go_runtime.json"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the measurements are not beside this checkout: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Levels Levels }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file.Levels
}

// moduleRoot is the directory of go.mod, above the test's own.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for start := dir; ; {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("no go.mod above %s", start)
		}
		dir = up
	}
}

// Values lists what the constraint allows. vars holds the values of variables,
// besides minus1, the -1 that stands for no descriptor.
func (c Constraint) Values(t testing.TB, vars map[string]uint32) []uint64 {
	t.Helper()
	if c.Var == "minus1" {
		return []uint64{1<<32 - 1}
	}
	if c.Var != "" {
		v, ok := vars[c.Var]
		if !ok {
			t.Fatalf("no value for the variable %q", c.Var)
		}
		return []uint64{uint64(v)}
	}
	values := make([]uint64, len(c.In))
	for i, v := range c.In {
		values[i] = uint64(v)
	}
	return values
}

// Mask is the part of an argument that counts on an architecture of so many bits.
func (c Constraint) Mask(bits int) uint64 {
	if c.Width == 64 && bits == 64 {
		return 1<<64 - 1
	}
	return 1<<32 - 1
}
