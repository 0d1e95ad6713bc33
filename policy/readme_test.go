//go:build linux

package policy_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/internal/emit"
	"github.com/tileseal/tileseal/internal/policytest"
)

// TestREADMETable compares the table of tiles in README.md with the policies.
func TestREADMETable(t *testing.T) {
	const begin, end = "<!-- tiles -->\n", "<!-- /tiles -->"
	name := filepath.Join("..", "README.md")
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("there is no README.md")
	}
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(text), begin)
	have, tail, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Skipf("README.md has no %q and %q", begin, end)
	}
	want := tileTable(t)
	switch {
	case have == want:
	case *policytest.Update:
		if err := os.WriteFile(name, []byte(head+begin+want+end+tail), 0o666); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the table of tiles in README.md is stale; run go test -run TestREADMETable -update")
	}
}

// tileTable is the table of tiles, in Markdown. Lengths and calls are those of
// amd64.
func tileTable(t *testing.T) string {
	var b strings.Builder
	b.WriteString("| tile | what it does | function | layout | instructions | calls |\n|---|---|---|---|--:|--:|\n")
	for i, p := range policies(t) {
		target := p.On(policytest.Archs[0])
		params := []string{"out"}
		for _, param := range target.Params {
			params = append(params, paramIdent(param.Name))
		}
		fmt.Fprintf(&b, "| [%s](policy/%[1]s.seccomppolicy) | %s | `%s(%s)` | %v | %d | %d |\n", p.Name,
			strings.TrimSuffix(emit.Summary(p.File), "."), table[i].function(), strings.Join(params, ", "),
			p.Layout, len(target.Program.Insns), len(target.Calls))
	}
	return b.String()
}
