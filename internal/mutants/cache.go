package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// A cache keeps verdicts between runs, so that one that was broken off goes on. A
// mutant that was killed is tried again when its declaration changes; one that
// survived, when a test of its package does.
type cache struct{ dir string }

func newCache() (*cache, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	c := &cache{filepath.Join(dir, "tileseal", "mutants", runtime.Version()+"-"+runtime.GOARCH)}
	return c, os.MkdirAll(c.dir, 0o777)
}

func (c *cache) file(m *mutant) string { return filepath.Join(c.dir, m.key()+".json") }

// load finds the verdict on a mutant, if it still holds.
func (c *cache) load(m *mutant, tests string) (verdict, bool) {
	var v verdict
	text, err := os.ReadFile(c.file(m))
	if err != nil || json.Unmarshal(text, &v) != nil {
		return v, false
	}
	return v, v.Outcome != survived || v.Tests == tests
}

func (c *cache) save(m *mutant, v verdict) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return os.WriteFile(c.file(m), text, 0o666)
}

// testsOf is a hash of the tests of a suite.
func (t *trier) testsOf() (string, error) {
	files, err := filepath.Glob(filepath.Join(t.root, filepath.FromSlash(t.dir), "*_test.go"))
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	fmt.Fprintln(hash, t.stages())
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(hash, "%s %d\n%s", filepath.Base(f), len(text), text)
	}
	return hex.EncodeToString(hash.Sum(nil)[:12]), nil
}
