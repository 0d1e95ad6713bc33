package gen

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
)

var allArchs = []arch.Arch{arch.X86, arch.X86_64, arch.AArch64}

// TestErrors reads policies that are wrong. Each expected error is a comment
// on the line it is about: # ERROR column: message | ERROR column: message.
func TestErrors(t *testing.T) {
	t.Chdir(filepath.Join("..", "..", "testdata", "errors"))
	files, err := filepath.Glob("*" + Ending)
	if err != nil || len(files) == 0 {
		t.Fatalf("no policies: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for i, l := range strings.Split(string(text), "\n") {
			_, expected, ok := strings.Cut(l, "# ERROR ")
			if !ok {
				continue
			}
			for e := range strings.SplitSeq(expected, " | ERROR ") {
				col, msg, _ := strings.Cut(e, ": ")
				want = append(want, fmt.Sprintf("%s:%d:%s: %s", file, i+1, col, msg))
			}
		}
		_, _, errs := Read(file, string(text), Tileseal, allArchs, compile.Plain)
		var got []string
		for _, e := range errs {
			if e.Pos.File == file {
				got = append(got, e.Error())
			}
		}
		compareErrors(t, file, got, want)
	}
}

func compareErrors(t *testing.T, file string, got, want []string) {
	t.Helper()
	have := map[string]bool{}
	for _, g := range got {
		have[g] = true
	}
	for _, w := range want {
		if !have[w] {
			t.Errorf("missing: %s", w)
		}
		delete(have, w)
	}
	for _, g := range got {
		if have[g] {
			t.Errorf("not expected: %s", g)
		}
	}
	for i := range min(len(got), len(want)) {
		if i > 0 && lineOf(got[i]) < lineOf(got[i-1]) {
			t.Errorf("%s: errors out of order: %s after %s", file, got[i], got[i-1])
		}
	}
}

func lineOf(e string) int {
	var file string
	var line int
	fmt.Sscanf(strings.ReplaceAll(e, ":", " "), "%s %d", &file, &line)
	return line
}

// TestUpstreamDialectErrors is about what only the upstream dialects refuse.
func TestUpstreamDialectErrors(t *testing.T) {
	for _, tc := range []struct {
		d          Dialect
		text, want string
	}{
		{Classic, "", `p:1:1: the policy is empty; it begins with a line of parameters, as in: uint logfile_fd (or: noarg)`},
		{Classic, "noarg\nread: (eq (arg 0) 1)\n\n  (eq (arg 0) 2)\n", `p:4:1: the blank line above ends the entry, so this line continues nothing; remove the blank line`},
		{Classic, "  noarg\nread\n", `p:1:1: an indented line before the signature would be read as the end of the last entry; start it in column 1`},
		{Classic, "noarg\nread\n  # no\n", `p:3:1: dialect classic reads an indented comment as part of the entry; start it in column 1`},
		{Classic, "noarg\nread: (eq (arg 0) 1) # no\n", `p:2:22: dialect classic has no trailing comments; put the comment on a line of its own`},
		{Current, "noarg\nread # no\n", `p:2:6: no comment can follow an entry here; put it on a line of its own`},
		{Classic, "noarg\nread: (eq (arg 0) 010)\n", `p:2:19: dialect classic reads only the beginning of 010 as a number; quote the C expression`},
		{Classic, "noarg\nread: (eq (arg 0) A|B)\n", `p:2:20: '|' cannot stand in a symbol in dialect classic; quote the C expression`},
		{Classic, "noarg\nread: (eq (arg 0) :a)\n", `p:2:19: keyword :a is no value`},
		{Classic, "noarg\nread: (eq 1 (arg 0))\n", `p:2:11: 1 is no argument; compare an argument with a value, as in (eq (arg 0) 2)`},
		{Current, "noarg\nread: (eq (arg 0) -1)\n", `p:2:19: -1 is negative, which dialect current does not read; quote it with its type, as in "(int)-1"`},
		{Current, "noarg\nread: (eq (arg 0) 4294967296)\n", `p:2:19: 4294967296 does not fit 32 bits; quote it with its type, as in "1UL<<40"`},
		{Current, "unsigned int fd\nread: (eq (arg 0) fd)\n", `p:1:14: parameter fd has type "unsigned int"; dialect current has uint only`},
		{Current, "noarg\nnanosleep: (eq (arg 0) 0)\n", `p:2:16: arg 0: nanosleep is not in layout current's table of argument widths; use layout plain`},
		{Current, "noarg\nclose: (eq (arg 1) 0)\n", `p:2:12: arg 1: close takes 1 argument`},
		{Current, "noarg\nread: (ne (arg 0) 1)\n", `p:2:8: unknown operator "ne"`},
		{Current, "noarg\nread -> log\n", `p:2:6: unexpected "->" after read`},
		{Current, "noarg\ngroup io = read\n", `p:2:7: unexpected "io" after group`},
		{Classic, "noarg\n@io\n", `p:2:1: "@io" is no name of a system call`},
	} {
		l, err := compile.LayoutByName(tc.d.String())
		if err != nil {
			t.Fatal(err)
		}
		_, _, errs := Read("p", tc.text, tc.d, allArchs[1:2], l)
		if err := errs.Err(); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v: %q: %v\nwant %s", tc.d, tc.text, err, tc.want)
		}
	}
}

// TestLayoutErrors is about policies that a layout cannot hold.
func TestLayoutErrors(t *testing.T) {
	long := "noarg\nread: (or"
	for i := range 200 {
		long += fmt.Sprintf("\n  (eq (arg 0) %d)", i)
	}
	long += ")\n"
	vast := "noarg\nfsync\nread: (or"
	for i := range 2100 {
		vast += fmt.Sprintf("\n  (eq (arg 0) %d)", i)
	}
	vast += ")\n"
	for _, tc := range []struct {
		text string
		l    compile.Layout
		want string
	}{
		{long, compile.Classic, "p:2:1: instruction 1 has to jump 403 ahead, and 255 is the limit of this layout; this rule is the largest, use layout plain or list fewer values"},
		{long, compile.Current, "p:2:1: instruction 7 has to jump 399 ahead, and 255 is the limit of this layout; this rule is the largest, use layout plain or list fewer values"},
		{long, compile.Plain, ""},
		{vast, compile.Plain, "p:3:1: the program has 6183 instructions and the kernel takes 4096; this rule is the largest, split the tile or list fewer values"},
		{"noarg\nread -> log\n", compile.Classic, "p:2:9: layout classic has no actions but to allow a call and to kill the process; use layout plain"},
		{"noarg\ndefault -> log\n", compile.Current, "p:2:12: layout current has no actions but to allow a call and to kill the process; use layout plain"},
		{"uint fd\nread\n", compile.Current, "p:1:6: warning: parameter fd is never used"},
		{"uint fd\nwrite: (eq (arg 1) fd)\n", compile.Classic, "p:2:12: warning: arg 1 of write is a pointer, which says nothing about what it points to; it can only be compared with 0 (NULL)"},
	} {
		_, _, errs := Read("p", tc.text, Tileseal, allArchs[1:2], tc.l)
		if got := errs.Error(); got != tc.want {
			t.Errorf("%v: got %s\nwant %s", tc.l, got, tc.want)
		}
	}
}
