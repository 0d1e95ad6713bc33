//go:build linux && (386 || amd64 || arm64 || tileseal_experimental)

package gotile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/internal/policytest"
)

// TestREADMETable compares the table of gotile programs in README.md with the
// programs.
func TestREADMETable(t *testing.T) {
	needsAll(t)
	const begin, end = "<!-- gotile -->\n", "<!-- /gotile -->"
	name := filepath.Join("..", "..", "README.md")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(text), begin)
	have, tail, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Skipf("README.md has no %q and %q", begin, end)
	}
	want := readmeTable(t)
	switch {
	case have == want:
	case *policytest.Update:
		if err := os.WriteFile(name, []byte(head+begin+want+end+tail), 0o666); err != nil {
			t.Fatal(err)
		}
	default:
		t.Error("the table of gotile programs in README.md is stale; run go test -run TestREADMETable -update")
	}
}

// readmeTable has a row for each tile: the lengths on the three architectures, and
// of amd64 the instructions executed for a wake of a thread, a line to the log, the
// mean over a busy runtime's calls that no kernel caches, and the tile's first own
// call. Testdata/gotile.counts has more.
func readmeTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| tile | amd64 | 386 | arm64 | wake | log | mean | own call |\n|---|--:|--:|--:|--:|--:|--:|---|\n")
	for _, p := range policies(t) {
		var length []string
		for _, a := range policytest.Archs {
			n := "none"
			if p.Has(a) {
				n = fmt.Sprint(len(p.On(a).Program.Insns))
			}
			length = append(length, n)
		}
		c := counts(t, policytest.Archs[0], p)
		at := func(column string) string { return c[columnOf(column)] }
		fmt.Fprintf(&b, "| [%s](policy/gotile/%[1]s.seccomppolicy) | %s | %s | %s | %s | %s %s |\n", p.Name,
			strings.Join(length, " | "), at("wake"), at("log"), at("uncached"), at("call"), at("own"))
	}
	return b.String()
}

// columnOf is the place of a column in a row of counts.
func columnOf(name string) int { return slices.Index(columns(), name) }
