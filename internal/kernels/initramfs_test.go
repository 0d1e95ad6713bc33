package main

import (
	"bytes"
	"io/fs"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var someNodes = []node{
	{path: "init", mode: 0o755, data: []byte("program")},
	{path: "dev/console", mode: fs.ModeCharDevice | 0o600, major: 5, minor: 1},
	{path: "a/b/c.seccomppolicy", mode: 0o644, data: []byte("12345678")},
	{path: "a/b", mode: fs.ModeDir | 0o700},
	{path: "init", mode: 0o755, data: []byte("a second one")},
	{path: "empty", mode: 0o644},
}

// An entry is what a reader finds.
type entry struct {
	name, data                         string
	mode, links, major, minor, ordinal uint64
}

// readNewc reads an archive by the description in the kernel's
// buffer-format.rst, apart from what wrote it.
func readNewc(t *testing.T, archive []byte) []entry {
	t.Helper()
	var list []entry
	at := 0
	take := func(n int) string {
		if at+n > len(archive) {
			t.Fatalf("the archive ends at %d, in a part that goes to %d", len(archive), at+n)
		}
		s := string(archive[at : at+n])
		at += n
		return s
	}
	for {
		start := at
		if magic := take(6); magic != "070701" || start%4 != 0 {
			t.Fatalf("at %d: magic %q", start, magic)
		}
		var f [13]uint64
		for i := range f {
			v, err := strconv.ParseUint(take(8), 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			f[i] = v
		}
		name := take(int(f[11]))
		take(-at & 3)
		data := take(int(f[6]))
		take(-at & 3)
		if !strings.HasSuffix(name, "\x00") {
			t.Fatalf("name %q has no end", name)
		}
		name = name[:len(name)-1]
		if name == "TRAILER!!!" {
			break
		}
		list = append(list, entry{name: name, data: data, ordinal: f[0], mode: f[1], links: f[4], major: f[9], minor: f[10]})
	}
	if at != len(archive) {
		t.Errorf("%d bytes after the trailer", len(archive)-at)
	}
	return list
}

func TestWriteNewc(t *testing.T) {
	var buf bytes.Buffer
	if err := writeNewc(&buf, someNodes); err != nil {
		t.Fatal(err)
	}
	want := []entry{
		{name: "a", mode: 0o40755, links: 2, ordinal: 1},
		{name: "a/b", mode: 0o40700, links: 2, ordinal: 2},
		{name: "a/b/c.seccomppolicy", mode: 0o100644, links: 1, ordinal: 3, data: "12345678"},
		{name: "dev", mode: 0o40755, links: 2, ordinal: 4},
		{name: "dev/console", mode: 0o20600, links: 1, ordinal: 5, major: 5, minor: 1},
		{name: "empty", mode: 0o100644, links: 1, ordinal: 6},
		{name: "init", mode: 0o100755, links: 1, ordinal: 7, data: "program"},
	}
	if got := readNewc(t, buf.Bytes()); !slices.Equal(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

// cpio reads it as we mean it.
func TestWriteNewcForCpio(t *testing.T) {
	if _, err := exec.LookPath("cpio"); err != nil {
		t.Skip("there is no cpio here")
	}
	var buf bytes.Buffer
	if err := writeNewc(&buf, someNodes); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("cpio", "-t", "--quiet")
	cmd.Stdin = &buf
	out, err := cmd.Output()
	if want := "a\na/b\na/b/c.seccomppolicy\ndev\ndev/console\nempty\ninit\n"; err != nil || string(out) != want {
		t.Errorf("%q (%v), want %q", out, err, want)
	}
}
