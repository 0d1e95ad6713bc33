package arch_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// build builds a program below testdata, and gives the symbols it has of
// package arch, and its size in bytes without debugging information.
func build(t *testing.T, program string) (symbols []string, size int64) {
	t.Helper()
	exe := filepath.Join(t.TempDir(), program)
	run := func(args ...string) []byte {
		out, err := exec.Command("go", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("go %v: %v\n%s", args, err, out)
		}
		return out
	}
	run("build", "-o", exe, "./testdata/"+program)
	for line := range strings.Lines(string(run("tool", "nm", exe))) {
		if _, symbol, ok := strings.Cut(strings.TrimSpace(line), "/tileseal/arch."); ok {
			symbols = append(symbols, symbol)
		}
	}
	run("build", "-ldflags=-s -w", "-o", exe, "./testdata/"+program)
	info, err := os.Stat(exe)
	if err != nil {
		t.Fatal(err)
	}
	return symbols, info.Size()
}

// TestNoInit: no importer pays at start, and each only for the tables it
// names.
func TestNoInit(t *testing.T) {
	var sizes []int64
	for _, c := range []struct {
		program string
		tables  int
		has     string
	}{
		{"importer", 0, "infos"},
		{"one", 1, "X86_64Table"},
		{"every", 18, "S390XTable"},
	} {
		symbols, size := build(t, c.program)
		tables := 0
		for _, name := range symbols {
			if strings.HasPrefix(name, "init") {
				t.Errorf("program %s has arch.%s", c.program, name)
			}
			if strings.HasSuffix(name, "Table") && !strings.Contains(name, ".") {
				tables++
			}
		}
		t.Logf("%s: %d tables, %d bytes", c.program, tables, size)
		if tables != c.tables || !slices.Contains(symbols, c.has) {
			t.Errorf("program %s has %d tables, want %d; of package arch it has %q", c.program, tables, c.tables, symbols)
		}
		sizes = append(sizes, size)
	}
	// The linker rounds to pages.
	if got := sizes[1] - sizes[0]; got > 32<<10 {
		t.Errorf("one table costs %d bytes, want at most 32 KiB", got)
	}
	if got := sizes[2] - sizes[1]; got < 80<<10 || got > 300<<10 {
		t.Errorf("17 more cost %d bytes, want 80 to 300 KiB: either each program has all, or tables grew", got)
	}
}
