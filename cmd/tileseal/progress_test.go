package main

import (
	"os"
	"strings"
	"testing"
)

// TestProgress: the line is written over at each step and gone after the last.
func TestProgress(t *testing.T) {
	var b strings.Builder
	p := &progress{w: &b, what: "compiled", total: 3}
	for range 3 {
		p.step()
	}
	if got, want := b.String(), "\r\x1b[Kcompiled 1 of 3\r\x1b[Kcompiled 2 of 3\r\x1b[K"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestNoProgress: a file or a pipe is no terminal, and gets none of it.
func TestNoProgress(t *testing.T) {
	f, err := os.Create(t.TempDir() + "/log")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p := (&command{stderr: f}).progress("compiled", 100)
	p.step()
	if info, err := f.Stat(); err != nil || info.Size() != 0 || p.w != nil {
		t.Errorf("%v, %v", info.Size(), err)
	}
}
