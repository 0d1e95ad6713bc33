package cconst

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
)

// targets are the architectures x/sys/unix has, but ppc, which no Go has.
var targets = slices.DeleteFunc(arch.All(), func(a arch.Arch) bool { return a.GOARCH() == "" })

func TestLookup(t *testing.T) {
	const minus1 = 1<<64 - 1
	for _, c := range []struct {
		arches string
		want   Const
	}{
		{"x86 x86_64 aarch64", Const{"AF_INET", 2, Int, true, ""}},
		{"x86 x86_64 aarch64", Const{"EPERM", 1, Int, true, ""}},
		{"x86 x86_64 aarch64", Const{"SIGKILL", 9, Int, true, ""}},
		{"x86 x86_64 aarch64", Const{"AT_FDCWD", minus1 - 99, Int, true, ""}},
		{"x86 x86_64 aarch64", Const{"MSG_NOSIGNAL", 0x4000, Int, true, ""}},
		{"x86 x86_64 aarch64", Const{"EPOLLIN", 1, Int, true, ""}},
		{"x86 x86_64 aarch64", Const{"EPOLLET", 0x80000000, Uint, true, ""}},
		{"x86 x86_64 aarch64", Const{"CLONE_IO", 0x80000000, Uint, true, ""}},
		{"x86 x86_64 aarch64", Const{"SEEK_SET", 0, Int, true, ""}},
		{"x86 x86_64 aarch64", Const{"SHUT_WR", 1, Int, true, ""}},
		{"x86 x86_64 aarch64", Const{"RENAME_NOREPLACE", 1, Int, true, ""}},
		{"x86 x86_64 aarch64", Const{"RLIM_INFINITY", minus1, ULong, true, ""}},
		{"x86 x86_64 aarch64", Const{"BPF_F_CTXLEN_MASK", 0xfffff00000000, Long, true, ""}},
		// One name, several values.
		{"x86 x86_64", Const{"O_DIRECTORY", 0x10000, Int, true, ""}},
		{"aarch64", Const{"O_DIRECTORY", 0x4000, Int, true, ""}},
		{"x86_64 aarch64", Const{"F_SETLK", 6, Int, true, ""}},
		{"x86", Const{"F_SETLK", 6, Int, false, "asm-generic/fcntl.h"}},
		{"x86_64", Const{"MAP_32BIT", 0x40, Int, true, ""}},
		{"mips mipsel mips64 mipsel64 mips64n32", Const{"O_CREAT", 0x100, Int, true, ""}},
		{"mips mipsel mips64 mipsel64 mipsel64n32", Const{"SOCK_STREAM", 2, Int, true, ""}},
		{"mips mipsel", Const{"F_GETLK", 14, Int, false, "asm/fcntl.h"}},
		{"mips64 mips64n32", Const{"F_GETLK", 14, Int, true, ""}},
		{"mips64 mips64n32", Const{"FIONREAD", 0x467f, Int, false, "asm/ioctls.h"}},
		{"mips64", Const{"FS_IOC_GETFLAGS", 0x40086601, Int, true, ""}},
		{"mips", Const{"FS_IOC_GETFLAGS", 0x40046601, Int, true, ""}},
		{"ppc ppc64 ppc64le", Const{"TCGETS", 0x402c7413, Int, true, ""}},
		{"ppc ppc64 ppc64le", Const{"FIONREAD", 0x4004667f, Int, false, "asm/ioctls.h"}},
		{"arm ppc", Const{"F_SETLK", 6, Int, false, "asm-generic/fcntl.h"}},
		{"arm", Const{"O_DIRECTORY", 0x4000, Int, true, ""}},
		{"s390x", Const{"POSIX_FADV_DONTNEED", 6, Int, false, "linux/fadvise.h"}},
		{"s390 riscv64", Const{"POSIX_FADV_DONTNEED", 4, Int, false, "fcntl.h"}},
		{"x32 riscv64 loongarch64 s390x", Const{"O_DIRECTORY", 0x10000, Int, true, ""}},
		// From the kernel's headers.
		{"parisc parisc64", Const{"ENOSYS", 251, Int, false, uapi}},
		{"parisc parisc64", Const{"SIGSYS", 31, Int, false, uapi}},
		{"parisc parisc64", Const{"SIGUSR1", 16, Int, false, uapi}},
		{"parisc parisc64", Const{"O_CREAT", 0x100, Int, false, uapi}},
		{"parisc parisc64", Const{"MAP_ANONYMOUS", 0x10, Int, false, uapi}},
		{"parisc parisc64", Const{"SOCK_NONBLOCK", 0x40000000, Int, false, uapi}},
		{"parisc parisc64", Const{"SOCK_CLOEXEC", 0x200000, Int, false, uapi}},
		{"parisc parisc64", Const{"TCGETS", 0x40245410, Int, false, uapi}},
		{"parisc parisc64", Const{"EPERM", 1, Int, true, ""}},
		{"m68k", Const{"O_DIRECTORY", 0x4000, Int, false, uapi}},
		{"m68k sh sheb s390", Const{"ENOSYS", 38, Int, false, uapi}},
		{"m68k sh sheb s390", Const{"O_NONBLOCK", 0x800, Int, false, uapi}},
		{"m68k sh sheb s390", Const{"EFD_NONBLOCK", 0x800, Int, false, uapi}},
		{"sh sheb", Const{"FIONREAD", 0x8004667f, Uint, false, uapi}},
		{"sh sheb", Const{"TCGETS", 0x5401, Int, false, uapi}},
		{"s390", Const{"F_GETLK", 5, Int, false, uapi}},
		{"s390", Const{"F_GETLK64", 12, Int, false, uapi}},
		// What x/sys/unix lacks.
		{"x86 x86_64 aarch64", Const{"FUTEX_WAKE", 1, Int, false, "linux/futex.h"}},
		{"x86 x86_64 aarch64", Const{"__WALL", 0x40000000, Int, false, "linux/wait.h"}},
		{"x86 x86_64 aarch64", Const{"__WCLONE", 0x80000000, Uint, false, "linux/wait.h"}},
		{"x86 x86_64 aarch64", Const{"MS_NOUSER", minus1 - 0x7fffffff, Int, false, "linux/mount.h"}},
		{"x86 x86_64 aarch64", Const{"FD_SOCKADDR_IN_SZ", 16, ULong, false, "Firedancer"}},
		{"x86 x86_64 aarch64", Const{"FD_IORING_REGISTER_FILES_UPDATE", 6, Int, false, "Firedancer"}},
		{"x86 x86_64 aarch64", Const{"ULONG_MAX", minus1, ULong, false, "limits.h"}},
		{"x86 x86_64 aarch64", Const{"INT_MIN", minus1 - 0x7fffffff, Int, false, "limits.h"}},
	} {
		for name := range strings.FieldsSeq(c.arches) {
			a, err := arch.ByName(name)
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := Lookup(a, c.want.Name); got != c.want || !ok {
				t.Errorf("%v %s: %+v, %v; want %+v", a, c.want.Name, got, ok, c.want)
			}
		}
	}
}

func TestLookupUnknown(t *testing.T) {
	for _, c := range []struct {
		a    arch.Arch
		name string
	}{
		{arch.X86_64, ""}, {arch.X86_64, "AF_INTE"}, {arch.X86_64, "af_inet"}, {arch.X86_64, "SYS_WRITE"},
		{arch.X86_64, "SizeofSockaddrInet4"}, {arch.X86_64, "WALL"}, {arch.X86_64, "PROT_BTI"}, {arch.AArch64, "MAP_32BIT"},
		{arch.X32, "FS_IOC_GETFLAGS"}, {arch.MIPS64N32, "BLKGETSIZE64"}, {arch.M68K, "MAP_32BIT"}, {0, "AF_INET"}, {0, "FUTEX_WAIT"},
	} {
		if got, ok := Lookup(c.a, c.name); ok {
			t.Errorf("%v %q: %+v", c.a, c.name, got)
		}
	}
}

// TestNames holds Names and Lookup to each other, and every constant to its
// type.
func TestNames(t *testing.T) {
	for _, a := range arch.All() {
		seen := map[string]bool{}
		for name := range Names(a) {
			seen[name] = true
			c, ok := Lookup(a, name)
			if !ok || c.Name != name || c.Unix == (c.Source != "") {
				t.Errorf("%v %s: %+v, %v", a, name, c, ok)
			}
			v, fits := c.Value, true
			switch c.Type {
			case Int:
				fits = v == uint64(int32(v))
			case Uint:
				fits = v == uint64(uint32(v))
			}
			if !fits || c.Type == 0 {
				t.Errorf("%v %s: %#x is no %v", a, name, v, c.Type)
			}
		}
		if len(seen) < 5000 {
			t.Errorf("%v: %d names", a, len(seen))
		}
		n := 0
		for range Names(a) {
			if n++; n == 2 {
				break
			}
		}
	}
	for name := range Names(0) {
		t.Errorf("the invalid architecture has %s", name)
	}
}

// TestSorted checks what binary search relies on.
func TestSorted(t *testing.T) {
	for _, a := range arch.All() {
		for _, table := range append(tables(a), headers(a)) {
			if !slices.IsSortedFunc(table, func(a, b entry) int { return strings.Compare(a.name, b.name) }) {
				t.Errorf("%v: the table that begins with %s is not sorted", a, table[0].name)
			}
		}
		for _, table := range extras(a) {
			if !slices.IsSortedFunc(table, func(a, b extra) int { return strings.Compare(a.name, b.name) }) {
				t.Errorf("%v: the table that begins with %s is not sorted", a, table[0].name)
			}
		}
	}
	if !slices.IsSortedFunc(sizes[:], func(a, b sizeRow) int { return strings.Compare(a.name, b.name) }) {
		t.Error("sizes is not sorted")
	}
}

// TestExtrasNeeded: a hand-written constant is one x/sys/unix does not have
// with that value.
func TestExtrasNeeded(t *testing.T) {
	for _, a := range targets {
		for _, table := range extras(a) {
			for _, e := range table {
				for _, generated := range tables(a) {
					i, ok := slices.BinarySearchFunc(generated, e.name, entry.compare)
					if ok && generated[i].value == e.value {
						t.Errorf("%v: x/sys/unix has %s = %#x", a, e.name, e.value)
					}
				}
			}
		}
	}
}

func TestType(t *testing.T) {
	for _, c := range []struct {
		t      Type
		name   string
		signed bool
		size   int
	}{{Int, "int", true, 4}, {Uint, "unsigned int", false, 4}, {Long, "long", true, 8}, {ULong, "unsigned long", false, 8}} {
		if c.t.String() != c.name || c.t.Signed() != c.signed || c.t.Size() != c.size {
			t.Errorf("%v: signed %v, %d bytes", c.t, c.t.Signed(), c.t.Size())
		}
	}
	if got := Type(0).String() + Type(9).String(); got != "invalidinvalid" {
		t.Error(got)
	}
}

// TestShared compares with the constants Firedancer's policies name, as a C
// compiler read them.
func TestShared(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "goldens", "constants.json"))
	if err != nil {
		t.Skip("not compared with constants.json: ", err)
	}
	var want struct {
		Ident map[string]map[string]struct {
			Signed bool
			Size   int
			Value  json.Number
		}
		Sizeof map[string]map[string]uint64
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"i386", "x86_64", "aarch64"} {
		a, err := arch.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(want.Ident[name]) < 60 || len(want.Sizeof[name]) == 0 {
			t.Fatalf("%s: %d identifiers, %d sizes", name, len(want.Ident[name]), len(want.Sizeof[name]))
		}
		for ident, w := range want.Ident[name] {
			c, ok := Lookup(a, ident)
			value := fmt.Sprint(c.Value)
			if c.Type.Signed() {
				value = fmt.Sprint(int64(c.Value))
			}
			size := c.Type.Size()
			if a == arch.X86 && c.Type == ULong {
				size = 4 // a long is 64 bits wide here, on purpose
			}
			if !ok || value != w.Value.String() || c.Type.Signed() != w.Signed || size != w.Size {
				t.Errorf("%s %s: %+v, %v; want %+v", name, ident, c, ok, w)
			}
		}
		for typ, w := range want.Sizeof[name] {
			if got, ok := Sizeof(a, typ); got != w || !ok {
				t.Errorf("%s sizeof(%s) = %d, %v; want %d", name, typ, got, ok, w)
			}
		}
	}
}

// TestVersion holds the tables to the version of x/sys that go.mod requires:
// with another, unix.NAME may be missing or have another value.
func TestVersion(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", "golang.org/x/sys").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	want := []byte("// Code generated by mktables from golang.org/x/sys " + strings.TrimSpace(string(out)) + "; DO NOT EDIT.\n")
	files, err := filepath.Glob("z*.go")
	if err != nil || len(files) != 23 {
		t.Fatalf("generated files: %q, %v; want 23", files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want := want
		switch name {
		case "zm68k.go", "zparisc.go", "zparisc64.go", "zsh.go":
			want = []byte("// Code generated by mktables from Linux " + arch.KernelRelease + "; DO NOT EDIT.\n")
		case "zs390.go":
			want = []byte("// Code generated by mktables from Linux " + arch.S390Table.Release() + "; DO NOT EDIT.\n")
		}
		if !bytes.HasPrefix(text, want) {
			t.Errorf("%s does not begin with %q; run make tables", name, want)
		}
	}
}
