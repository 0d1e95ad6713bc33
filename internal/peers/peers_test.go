package peers

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
)

func TestEncode(t *testing.T) {
	prog := []bpf.Insn{{Code: 0x20, K: 4}, {Code: 0x15, Jt: 1, Jf: 255, K: 0xc000003e}, {Code: 6, K: 1 << 31}}
	p := Program{Policy: "A", Maker: "us", Code: Encode(prog)}
	const want = "0020000000000004 001501ffc000003e 0006000080000000"
	if p.Code != want {
		t.Errorf("encoded as %s, want %s", p.Code, want)
	}
	if back, err := p.Insns(); err != nil || !slices.Equal(back, prog) {
		t.Errorf("read back as %v, %v", back, err)
	}
	for _, bad := range []string{"", "0020", "00200000000000041", "002000000000000g"} {
		p.Code = bad
		if got, err := p.Insns(); err == nil {
			t.Errorf("%q is read as %v", bad, got)
		}
	}
}

func TestReadWrite(t *testing.T) {
	dir := t.TempDir()
	if none, err := Read(dir, arch.S390X); none != nil || err != nil {
		t.Errorf("without a file: %v, %v", none, err)
	}
	list := []Program{{Policy: "A", Maker: "m", Version: "1", Code: "0006000080000000"}, {Policy: "B", Maker: "m", Why: "cannot"}}
	if err := Write(dir, arch.S390X, list); err != nil {
		t.Fatal(err)
	}
	if back, err := Read(dir, arch.S390X); err != nil || !reflect.DeepEqual(back, list) {
		t.Errorf("read back: %v, %v", back, err)
	}
}

// The files that are checked in can be read, are of every policy, and hold
// programs that a kernel takes, or say why they do not.
func TestFiles(t *testing.T) {
	for _, a := range Archs {
		list, err := Read(filepath.Join("..", "..", Dir), a)
		if err != nil || list == nil {
			t.Errorf("%v: %v, %v", a, list, err)
		}
		for _, name := range Policies {
			if !slices.ContainsFunc(list, func(p Program) bool { return p.Policy == name }) {
				t.Errorf("%v: nothing of policy %s", a, name)
			}
		}
		for _, p := range list {
			if p.Why != "" {
				if p.Code != "" {
					t.Errorf("%v: policy %s by %s has a program, and a reason why not", a, p.Policy, p.Maker)
				}
				continue
			}
			prog, err := p.Insns()
			if err == nil {
				err = bpf.Check(prog)
			}
			if err != nil || !strings.ContainsAny(p.Version, "0123456789") {
				t.Errorf("%v: policy %s by %s %q: %v", a, p.Policy, p.Maker, p.Version, err)
			}
		}
	}
}
