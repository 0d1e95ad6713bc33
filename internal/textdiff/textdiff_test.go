package textdiff

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestUnified(t *testing.T) {
	for _, test := range []struct{ name, a, b, want string }{
		{"equal", "x\n", "x\n", ""},
		{"empty", "", "x\n", "@@ -0,0 +1 @@\n+x\n"},
		{"one of many", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n",
			"@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"},
		{"no line break at the end", "x\ny", "x\ny\n", "@@ -1,2 +1,2 @@\n x\n-y\n\\ No newline at end of file\n+y\n"},
		{"two hunks", "a\n1\n2\n3\n4\n5\n6\n7\nb\n", "1\n2\n3\n4\n5\n6\n7\n",
			"@@ -1,4 +1,3 @@\n-a\n 1\n 2\n 3\n@@ -6,4 +5,3 @@\n 5\n 6\n 7\n-b\n"},
	} {
		want := test.want
		if want != "" {
			want = "--- old\n+++ new\n" + want
		}
		if got := Unified("old", test.a, "new", test.b); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, got, want)
		}
	}
}

// TestPatch has patch(1) turn one text into the other.
func TestPatch(t *testing.T) {
	patch, err := exec.LookPath("patch")
	if err != nil {
		t.Skip("patch is not installed")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	random := func() string {
		var b strings.Builder
		for range rng.IntN(40) {
			fmt.Fprintln(&b, rng.IntN(4))
		}
		return b.String()
	}
	for range 100 {
		a, b := random(), random()
		file := filepath.Join(t.TempDir(), "text")
		if err := os.WriteFile(file, []byte(a), 0o666); err != nil {
			t.Fatal(err)
		}
		d := Unified("text", a, "text", b)
		cmd := exec.Command(patch, "--no-backup-if-mismatch", "-F0", file)
		cmd.Stdin = strings.NewReader(d)
		out, err := cmd.CombinedOutput()
		if strings.Contains(d, "@@") && (err != nil || strings.Contains(string(out), "offset")) {
			t.Fatalf("patch: %v\n%s\n%s", err, out, d)
		}
		if got, _ := os.ReadFile(file); string(got) != b {
			t.Fatalf("patched:\n%s\nwant\n%s\n%s", got, b, d)
		}
	}
}
