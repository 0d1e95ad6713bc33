package arch_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoInit builds a program that imports the package for its tokens only.
// It must carry neither code that runs at start nor the tables of calls.
func TestNoInit(t *testing.T) {
	exe := filepath.Join(t.TempDir(), "importer")
	if out, err := exec.Command("go", "build", "-o", exe, "./testdata/importer").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	out, err := exec.Command("go", "tool", "nm", exe).Output()
	if err != nil {
		t.Fatalf("go tool nm: %v", err)
	}
	found := false
	for line := range strings.Lines(string(out)) {
		_, symbol, ok := strings.Cut(strings.TrimSpace(line), "/tileseal/arch.")
		if !ok {
			continue
		}
		found = found || symbol == "infos"
		if strings.HasPrefix(symbol, "init") || strings.HasSuffix(symbol, "ByNumber") || strings.HasSuffix(symbol, "ByName") && symbol != "ByName" {
			t.Errorf("a program that looks no call up has arch.%s", symbol)
		}
	}
	if !found {
		t.Error("the program lacks arch.infos: the symbols were not read as they are")
	}
}
