package policytest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/emit"
)

// A Table holds digests of programs: a line each, the words that name the
// program, then its length and its digest. The lines are sorted.
type Table map[string]string

// Set adds a line for the program that names name.
func (t Table) Set(length int, digest string, names ...string) {
	t[strings.Join(names, " ")] = fmt.Sprintf("%d %s", length, digest)
}

// String is the table as its file has it.
func (t Table) String() string {
	var lines []string
	for name, value := range t {
		lines = append(lines, name+" "+value+"\n")
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// ReadTable reads a table of testdata.
func ReadTable(t testing.TB, name string) Table {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(Root(t), "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	table := Table{}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if n := len(words); n > 2 {
			table[strings.Join(words[:n-2], " ")] = words[n-2] + " " + words[n-1]
		}
	}
	return table
}

// Lines are the instructions of a program as digests take them: "code jt jf k",
// all decimal, and k "$name" where param answers the name of a parameter.
func Lines(prog []bpf.Insn, param func(pc int) string) []byte {
	var b bytes.Buffer
	for pc, in := range prog {
		k := fmt.Sprint(in.K)
		if s := param(pc); s != "" {
			k = "$" + s
		}
		fmt.Fprintf(&b, "%d %d %d %s\n", in.Code, in.Jt, in.Jf, k)
	}
	return b.Bytes()
}

// Digest is the SHA-256 of a program's lines, in hexadecimal.
func Digest(lines []byte) string { return fmt.Sprintf("%x", sha256.Sum256(lines)) }

// Open are the instructions of a compiled program with parameters left open,
// and the function that names them.
func Open(p *compile.Program) (prog []bpf.Insn, param func(pc int) string) {
	prog = make([]bpf.Insn, len(p.Insns))
	for pc, in := range p.Insns {
		prog[pc] = in.Insn
	}
	return prog, func(pc int) string {
		ref := p.Insns[pc].Ref
		n := ref.Param()
		switch {
		case n < 0, ref.High && p.Policy.Params[n].Bits == 32: // the high word of those is 0
			return ""
		case ref.High:
			return p.Policy.Params[n].Name + ">>32"
		}
		return p.Policy.Params[n].Name
	}
}

// Goldens compares the programs of a package with what is checked in: a table
// of digests of all architectures, testdata/GROUP.digests, and the listings for
// x86_64, testdata/listings/GROUP/NAME.txt.
func Goldens(t *testing.T, group string, policies []*Policy) {
	t.Helper()
	table := Table{}
	dir := filepath.Join("listings", group)
	known := map[string]bool{}
	for _, p := range policies {
		for _, target := range p.Targets {
			digest := Digest(Lines(Open(target.Program)))
			table.Set(len(target.Program.Insns), digest, p.Name, p.Layout.String(), target.Target.Name)
		}
		name := p.Name + ".txt"
		known[name] = true
		Golden(t, filepath.Join(dir, name), emit.Asm(p.On(Archs[0])))
	}
	Golden(t, group+".digests", []byte(table.String()))
	entries, err := os.ReadDir(filepath.Join(Root(t), "testdata", dir))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !known[e.Name()] {
			t.Errorf("testdata/%s/%s belongs to no policy; remove it", dir, e.Name())
		}
	}
}

// Golden compares a text with a file of testdata, or writes it there.
func Golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join(Root(t), "testdata", name)
	if *Update {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
		return
	}
	if line, g, w, differ := firstDifference(got, want); differ {
		t.Errorf("testdata/%s:%d: have\n\t%s\nwant\n\t%s\nif that is meant, run go test -update", name, line, g, w)
	}
}

// firstDifference finds the first line in which two texts differ.
func firstDifference(a, b []byte) (line int, inA, inB string, differ bool) {
	as, bs := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	for i := range max(len(as), len(bs)) {
		inA, inB = "(end)", "(end)"
		if i < len(as) {
			inA = as[i]
		}
		if i < len(bs) {
			inB = bs[i]
		}
		if inA != inB {
			return i + 1, inA, inB, true
		}
	}
	return 0, "", "", false
}
