package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// A block is a fenced part of a document.
type block struct {
	line     int    // of the fence
	language string // the first word after it
	file     string // the second: the name of a file
	text     string
}

var fence = regexp.MustCompile("(?m)^```(\\w+)(?: (\\S+))?\n((?s).*?)^```$")

func blocks(document string) []block {
	var list []block
	for _, m := range fence.FindAllStringSubmatchIndex(document, -1) {
		b := block{line: strings.Count(document[:m[0]], "\n") + 1, language: document[m[2]:m[3]], text: document[m[6]:m[7]]}
		if m[4] >= 0 {
			b.file = document[m[4]:m[5]]
		}
		list = append(list, b)
	}
	return list
}

// TestFirstPolicy walks docs/first-policy.md: writes its files, runs its commands
// and compares what they print. With -update, what they print is written to it.
func TestFirstPolicy(t *testing.T) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("the walk is on amd64 Linux")
	}
	name := filepath.Join(root, "docs", "first-policy.md")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	dir := filepath.Join(home, "stamp")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	document := string(text)
	for _, b := range blocks(string(text)) {
		switch {
		case b.file != "":
			if err := os.WriteFile(filepath.Join(dir, b.file), []byte(b.text), 0o666); err != nil {
				t.Fatal(err)
			}
		case b.language == "console":
			document = strings.Replace(document, b.text, session(t, b, dir), 1)
		default:
			t.Errorf("%s:%d: a block of %s has no name of a file", name, b.line, b.language)
		}
	}
	if *update {
		if err := os.WriteFile(name, []byte(document), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// session runs the commands of a block, those after "$ ", and is the block with
// what they print. A difference is an error, unless the block is being updated.
func session(t *testing.T, b block, dir string) string {
	t.Helper()
	var out strings.Builder
	parts := strings.Split("\n"+b.text, "\n$ ")
	if parts[0] != "" {
		t.Fatalf("line %d: %q comes before a command", b.line, parts[0])
	}
	for _, part := range parts[1:] {
		command, want, _ := strings.Cut(part, "\n")
		// The library is where its packages have been built before, and not beside.
		cmd := exec.Command("sh", "-c", strings.ReplaceAll(command, "=../tileseal", "="+root))
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "LC_ALL=C", "PWD="+dir, "GOFLAGS=", "GOWORK=off")
		printed, err := cmd.CombinedOutput()
		got := strings.TrimSuffix(strings.ReplaceAll(string(printed), dir, "/home/you/stamp"), "\n")
		if want = strings.TrimSuffix(want, "\n"); !matches(got, want) && !*update {
			t.Errorf("line %d: %s (%v)\nprinted\n%s\nand should have printed\n%s", b.line, command, err, got, want)
		}
		if fmt.Fprintf(&out, "$ %s\n", command); got != "" && !matches(got, want) {
			want = got
		}
		if want != "" {
			fmt.Fprintln(&out, want)
		}
	}
	return out.String()
}

// matches reports whether a text is as a pattern says, in which ... stands for
// anything, and on a line of its own for any lines.
func matches(text, pattern string) bool {
	re := regexp.QuoteMeta(pattern + "\n")
	re = regexp.MustCompile(`(?m)^\\\.\\\.\\\.\n`).ReplaceAllString(re, "(?:.*\n)*?")
	re = strings.ReplaceAll(re, `\.\.\.`, ".*?")
	return regexp.MustCompile("^" + re + "$").MatchString(text + "\n")
}

func TestMatches(t *testing.T) {
	for _, tc := range []struct {
		text, pattern string
		want          bool
	}{
		{"a\nb", "a\nb", true},
		{"a\nb", "a", false},
		{"a", "a\nb", false},
		{"a\nb\nc", "a\n...\nc", true},
		{"a\nc", "a\n...\nc", true},
		{"a\nb\nd", "a\n...\nc", false},
		{"at 0x1234 now", "at ... now", true},
		{"at 0x1234\nnow", "at ... now", false},
		{"", "", true},
		{"a", "", false},
	} {
		if got := matches(tc.text, tc.pattern); got != tc.want {
			t.Errorf("%q as %q: %v", tc.text, tc.pattern, got)
		}
	}
}
