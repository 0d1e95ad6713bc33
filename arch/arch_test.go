package arch_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
)

// readShared decodes a file of ../shared, which lies beside the checkout on
// some machines only.
func readShared(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "shared", name))
	if err != nil {
		t.Skipf("not compared with %s: %v", name, err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// TestLibseccomp compares the tokens with those libseccomp has.
func TestLibseccomp(t *testing.T) {
	var want struct {
		Arches []struct {
			Name   string
			Token  uint32
			Audit  uint32 `json:"kernel_audit_arch"`
			Bits   int
			Endian string
		}
	}
	readShared(t, "libseccomp/arches.json", &want)
	if got := len(arch.All()); got != 23 || len(want.Arches) != got {
		t.Errorf("%d architectures, libseccomp has %d, want 23", got, len(want.Arches))
	}
	for _, w := range want.Arches {
		a, err := arch.ByName(w.Name)
		if err != nil {
			t.Error(err)
			continue
		}
		endian := "little"
		if a.BigEndian() {
			endian = "big"
		}
		if uint32(a) != w.Token || a.Audit() != w.Audit || a.Bits() != w.Bits || endian != w.Endian || a.String() != w.Name {
			t.Errorf("%s: token %#x, audit %#x, %d bits, %s-endian, String %q; libseccomp: %+v",
				w.Name, uint32(a), a.Audit(), a.Bits(), endian, a, w)
		}
	}
}

func TestConstants(t *testing.T) {
	// One row each, so that the constants themselves, and not only the names,
	// are held to values (include/uapi/linux/audit.h).
	for _, c := range []struct {
		a            arch.Arch
		token        uint32
		name, goarch string
		bits         int
		bigEndian    bool
		audit        uint32
	}{
		{arch.X86, 0x40000003, "x86", "386", 32, false, 0x40000003},
		{arch.X86_64, 0xc000003e, "x86_64", "amd64", 64, false, 0xc000003e},
		{arch.X32, 0x4000003e, "x32", "", 32, false, 0xc000003e},
		{arch.ARM, 0x40000028, "arm", "arm", 32, false, 0x40000028},
		{arch.AArch64, 0xc00000b7, "aarch64", "arm64", 64, false, 0xc00000b7},
		{arch.LoongArch64, 0xc0000102, "loongarch64", "loong64", 64, false, 0xc0000102},
		{arch.M68K, 0x4, "m68k", "", 32, true, 0x4},
		{arch.MIPS, 0x8, "mips", "mips", 32, true, 0x8},
		{arch.MIPSel, 0x40000008, "mipsel", "mipsle", 32, false, 0x40000008},
		{arch.MIPS64, 0x80000008, "mips64", "mips64", 64, true, 0x80000008},
		{arch.MIPSel64, 0xc0000008, "mipsel64", "mips64le", 64, false, 0xc0000008},
		{arch.MIPS64N32, 0xa0000008, "mips64n32", "", 32, true, 0xa0000008},
		{arch.MIPSel64N32, 0xe0000008, "mipsel64n32", "", 32, false, 0xe0000008},
		{arch.PARISC, 0xf, "parisc", "", 32, true, 0xf},
		{arch.PARISC64, 0x8000000f, "parisc64", "", 64, true, 0x8000000f},
		{arch.PPC, 0x14, "ppc", "", 32, true, 0x14},
		{arch.PPC64, 0x80000015, "ppc64", "ppc64", 64, true, 0x80000015},
		{arch.PPC64LE, 0xc0000015, "ppc64le", "ppc64le", 64, false, 0xc0000015},
		{arch.S390, 0x16, "s390", "", 32, true, 0x16},
		{arch.S390X, 0x80000016, "s390x", "s390x", 64, true, 0x80000016},
		{arch.RISCV64, 0xc00000f3, "riscv64", "riscv64", 64, false, 0xc00000f3},
		{arch.SHEB, 0x2a, "sheb", "", 32, true, 0x2a},
		{arch.SH, 0x4000002a, "sh", "", 32, false, 0x4000002a},
	} {
		if uint32(c.a) != c.token || !c.a.Valid() {
			t.Errorf("%s: token %#x, valid %v; want %#x, true", c.name, uint32(c.a), c.a.Valid(), c.token)
		}
		if got, err := arch.ByName(c.name); got != c.a || err != nil {
			t.Errorf("ByName(%q) = %v, %v", c.name, got, err)
		}
		if c.a.String() != c.name || c.a.GOARCH() != c.goarch || c.a.Bits() != c.bits || c.a.BigEndian() != c.bigEndian || c.a.Audit() != c.audit {
			t.Errorf("%#x: %v, GOARCH %q, %d bits, big-endian %v, audit %#x; want %+v",
				c.token, c.a, c.a.GOARCH(), c.a.Bits(), c.a.BigEndian(), c.a.Audit(), c)
		}
		if c.goarch != "" {
			if got, err := arch.ByGOARCH(c.goarch); got != c.a || err != nil {
				t.Errorf("ByGOARCH(%q) = %v, %v; want %v", c.goarch, got, err, c.a)
			}
		}
		if _, ok := c.a.LastNumber(); !ok || c.a.Table() == nil {
			t.Errorf("%s has no table", c.name)
		}
	}
}

func TestAll(t *testing.T) {
	all := arch.All()
	if !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != 23 {
		t.Errorf("All() = %v: not 23 in ascending order", all)
	}
	all[0] = 0
	if arch.All()[0] == 0 {
		t.Error("All shares its slice")
	}
}

func TestByName(t *testing.T) {
	for _, c := range []struct {
		name string
		want arch.Arch
	}{
		{"i386", arch.X86}, {"amd64", arch.X86_64}, {"arm64", arch.AArch64},
		{"", 0}, {"native", 0}, {"X86_64", 0}, {"x86-64", 0}, {"386", 0}, {"SCMP_ARCH_X86", 0}, {" x86", 0},
	} {
		got, err := arch.ByName(c.name)
		if got != c.want || (err == nil) != (c.want != 0) {
			t.Errorf("ByName(%q) = %v, %v; want %v", c.name, got, err, c.want)
		}
		if err != nil && (!strings.HasPrefix(err.Error(), "arch: unknown architecture ") || !strings.Contains(err.Error(), `"`+c.name+`"`)) {
			t.Errorf("ByName(%q): error %q does not name it", c.name, err)
		}
	}
}

func TestByGOARCH(t *testing.T) {
	for _, name := range []string{"", "wasm", "x86_64", "aarch64", "armbe"} {
		if got, err := arch.ByGOARCH(name); err == nil || got != 0 {
			t.Errorf("ByGOARCH(%q) = %v, %v; want an error", name, got, err)
		}
	}
}

func TestNative(t *testing.T) {
	want, err := arch.ByGOARCH(runtime.GOARCH)
	if err != nil {
		t.Skip("Linux does not run on this GOARCH: ", runtime.GOARCH)
	}
	if got := arch.Native(); got != want || got.GOARCH() != runtime.GOARCH {
		t.Errorf("Native() = %v on %s", got, runtime.GOARCH)
	}
}

// TestInvalid makes sure no number that is not a token passes for one.
func TestInvalid(t *testing.T) {
	for _, a := range []arch.Arch{0, 1, 0x40000002, 0xc000003f, 0xffffffff} {
		if a.Valid() || a.Bits() != 0 || a.BigEndian() || a.GOARCH() != "" || !strings.HasPrefix(a.String(), "Arch(0x") {
			t.Errorf("%#x: valid %v, %d bits, GOARCH %q, String %q", uint32(a), a.Valid(), a.Bits(), a.GOARCH(), a)
		}
		if _, ok := a.Number("read"); ok {
			t.Errorf("%v has a read", a)
		}
		if _, ok := a.Name(0); ok {
			t.Errorf("%v has a call 0", a)
		}
		if _, ok := a.LastNumber(); ok {
			t.Errorf("%v has a last number", a)
		}
		for name := range a.Syscalls() {
			t.Errorf("%v lists %s", a, name)
		}
		if _, _, ok := a.Multiplexed("socket"); ok || a.Table() != nil || a.Table().Release() != "" {
			t.Errorf("%v has a table", a)
		}
	}
}
