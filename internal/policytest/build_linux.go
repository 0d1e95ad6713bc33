package policytest

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/internal/kerneltest"
	"golang.org/x/sys/unix"
)

// Go is the go command for a target, without cgo and without the network.
func Go(goos, goarch string, args ...string) *exec.Cmd {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0", "GOFLAGS=", "GOPROXY=off")
	return cmd
}

// On386 runs tests of the package once more, built for 386, which an amd64
// kernel runs too. All of them have to pass there.
func On386(t *testing.T, tests ...string) {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("on amd64 only: there the kernel runs programs for 386 too")
	}
	kerneltest.Runs(t, "386")
	pattern := "^(" + strings.Join(tests, "|") + ")$"
	out, err := Go("linux", "386", "test", "-v", "-run="+pattern, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range tests {
		if !bytes.Contains(out, []byte("\n--- PASS: "+name+" ")) {
			t.Errorf("%s did not run\n%s", name, out)
		}
	}
}

// A Binary is a program that is looked at and not run.
type Binary struct {
	*elf.File
	symbols []elf.Symbol
}

// BuildTest builds the tests of the package for linux and goarch.
func BuildTest(t *testing.T, goarch string) *Binary {
	t.Helper()
	name := filepath.Join(t.TempDir(), "test")
	if out, err := Go("linux", goarch, "test", "-c", "-o", name, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f, err := elf.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	symbols, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	return &Binary{f, symbols}
}

// Array reads the initial value of a package-level array of n instructions, by
// its name in the table of symbols.
func (b *Binary) Array(t *testing.T, name string, n int) []unix.SockFilter {
	t.Helper()
	i := slices.IndexFunc(b.symbols, func(s elf.Symbol) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("no %s in the binary", name)
	}
	s, array := b.symbols[i], make([]unix.SockFilter, n)
	if want := uint64(binary.Size(array)); s.Size != want {
		t.Fatalf("%s has %d bytes, want %d", name, s.Size, want)
	}
	data, section := make([]byte, s.Size), b.Sections[s.Section]
	if _, err := section.ReadAt(data, int64(s.Value-section.Addr)); err != nil {
		t.Fatal(err)
	}
	if _, err := binary.Decode(data, b.ByteOrder, array); err != nil {
		t.Fatal(err)
	}
	return array
}

// Filled is a program with parameters filled in, as Populate has it.
func (in *Instance) Filled() []unix.SockFilter {
	prog := in.Program.Fill(in.Params)
	out := make([]unix.SockFilter, len(prog))
	for i, insn := range prog {
		out[i] = unix.SockFilter(insn)
	}
	return out
}
