package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// script is an executable of one line in place of QEMU.
func script(t *testing.T, line string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "qemu")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+line+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestFindQEMU(t *testing.T) {
	if _, err := findQEMU(&machine{qemu: "qemu-system-pdp11"}, t.TempDir()); !isSkip(err) {
		t.Errorf("without QEMU: error %v, want a reason to skip", err)
	}
	seven := script(t, `echo "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)"`)
	for least, command := range map[int]string{0: seven, 7: seven} {
		if got, err := findQEMU(&machine{qemu: seven, least: least}, t.TempDir()); err != nil || got.command != command {
			t.Errorf("QEMU 7 where %d will do: %v (%v)", least, got, err)
		}
	}
	if _, err := findQEMU(&machine{qemu: script(t, "echo hello")}, t.TempDir()); err == nil || isSkip(err) {
		t.Errorf("a program that is not QEMU: error %v", err)
	}
	// One of a newer release that was unpacked before is taken from the cache.
	cache := t.TempDir()
	dir := filepath.Join(cache, "qemu", "usr", "bin")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(seven))
	ten := filepath.Join(dir, "qemu")
	if err := os.Rename(script(t, `echo "QEMU emulator version 10.0.2"`), ten); err != nil {
		t.Fatal(err)
	}
	m := &machine{qemu: "qemu", least: 10}
	if got, err := findQEMU(m, cache); err != nil || got.command != ten || len(got.args) != 2 {
		t.Errorf("QEMU 10 in the cache: %v (%v)", got, err)
	}
	m.least = 11
	if _, err := findQEMU(m, cache); !isSkip(err) {
		t.Errorf("where even that is too old: error %v, want a reason to skip", err)
	}
}

// A machine that fails or does not end is an error, and what it said is kept.
func TestBoot(t *testing.T) {
	const long = time.Minute // on a busy machine a shell takes its time
	for _, tt := range []struct {
		line, want string
		limit      time.Duration
	}{
		{"echo said; echo complaint >&2; exit 3", "complaint", long},
		{"echo said; exec sleep 600", "did not end in 3s", 3 * time.Second},
		{"echo said", "", long},
	} {
		g := &guest{target: &target{machine: &machine{qemu: "qemu"}}, qemu: emulator{command: script(t, tt.line)}}
		said, err := boot(context.Background(), g, tt.limit, io.Discard)
		if got := err == nil; got != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.line, err, tt.want)
		}
		if string(said) != "said\n" {
			t.Errorf("%s: said %q", tt.line, said)
		}
	}
}
