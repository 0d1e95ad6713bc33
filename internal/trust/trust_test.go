package trust

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The page is the one that the records make, and nobody wrote into it.
func TestFresh(t *testing.T) {
	root := filepath.Join("..", "..")
	want, err := Page(root)
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile(filepath.Join(root, "docs", "trust.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Error("docs/trust.md is not what docs/trust/*.json make; run go run ./internal/hunts, and have figures from runs only")
	}
	files, err := filepath.Glob(filepath.Join(root, "docs", "trust", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if name, ok := strings.CutSuffix(filepath.Base(f), ".json"); !ok || !slices.Contains(names, name) {
			t.Errorf("%s is no record that the page has", f)
		}
	}
}

func TestSave(t *testing.T) {
	root := t.TempDir()
	r := &Record{
		Title: "Calls: VM & kernel", Command: "make oracle", About: "About.", Date: "2026-01-02", On: "Linux 7.2", Took: "3s", Result: "all | well",
		Tables: []Table{{Title: "Of each:", Head: []string{"a", "b"}, Rows: [][]string{{"1|2", "x\ny"}}}},
		Notes:  []string{"one", "two"},
	}
	if err := r.Save(root, "oracle"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, "docs", "trust.md"))
	if err != nil {
		t.Fatal(err)
	}
	const want = `| | command | date | result |
|---|---|---|---|
| [Calls: VM & kernel](#calls-vm--kernel) | ` + "`make oracle`" + ` | 2026-01-02 | all \| well |

## Calls: VM & kernel

` + "`make oracle`" + `, 2026-01-02, on Linux 7.2; took 3s

About.

**all | well**

Of each:

| a | b |
|---|---|
| 1\|2 | x<br>y |

- one
- two
`
	if string(got) != head+want {
		t.Errorf("%s\nwant\n%s", got, head+want)
	}
	if back, err := Load(root, "oracle"); err != nil || back.Tables[0].Rows[0][0] != "1|2" {
		t.Errorf("read back: %+v, %v", back, err)
	}
	if none, err := Load(root, "fuzz"); none != nil || err != nil {
		t.Errorf("a record that is not there: %+v, %v", none, err)
	}
	if err := os.WriteFile(file(root, "fuzz"), []byte(`{"Titel": ""}`), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := r.Save(root, "oracle"); err == nil || !strings.Contains(err.Error(), "fuzz.json") {
		t.Errorf("with a record that nobody can read: error %v", err)
	}
}
