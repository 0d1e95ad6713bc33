package proto

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
)

// TestComplete holds that a call has a prototype or is listed without one.
func TestComplete(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "unknown.txt"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if call, why, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && line[0] != '#' {
			want[call] = why
		}
	}
	for _, a := range arch.All() {
		n := 0
		for name := range a.Syscalls() {
			key := a.String() + " " + name
			_, ok := Of(a, name)
			why, listed := want[key]
			switch {
			case ok && listed:
				t.Errorf("testdata/unknown.txt lists %s, which has a prototype", key)
			case !ok && !listed:
				t.Errorf("testdata/unknown.txt lacks %s", key)
			case listed && !slices.Contains([]string{"no entry", "sys_ni_syscall", "removed", "indirect"}, why):
				t.Errorf("testdata/unknown.txt: %s: reason %q", key, why)
			}
			delete(want, key)
			if ok {
				n++
			}
		}
		if got := len(table(a)); got != n {
			t.Errorf("%v: %d prototypes, of which %d are of calls", a, got, n)
		}
	}
	for key := range want {
		t.Errorf("testdata/unknown.txt lists %s, which is no system call", key)
	}
}

// TestWellFormed checks what every row must be.
func TestWellFormed(t *testing.T) {
	for _, a := range arch.All() {
		last := ""
		for _, c := range slices.Concat(table(a), swapped(a)) {
			if c.name <= last && c.name != firstSwapped(a) {
				t.Errorf("%v: %s after %s", a, c.name, last)
			}
			last = c.name
			if len(c.args) > 6 {
				t.Errorf("%v %s: %d arguments", a, c.name, len(c.args))
			}
			for i, arg := range c.args {
				if arg.Name == "" || arg.Kind < Int || arg.Kind > Pointer {
					t.Errorf("%v %s: argument %d is %+v", a, c.name, i, arg)
				}
				if want := bitsOf(a, arg.Kind); want != 0 && int(arg.Bits) != want {
					t.Errorf("%v %s: %s is %v with %d bits", a, c.name, arg.Name, arg.Kind, arg.Bits)
				}
			}
		}
	}
}

// firstSwapped is the first call of the second table of a, "" if it has none.
func firstSwapped(a arch.Arch) string {
	if calls := swapped(a); len(calls) > 0 {
		return calls[0].name
	}
	return ""
}

// TestSwapped: the two byte orders of an architecture have the same calls,
// and arguments that differ in name alone.
func TestSwapped(t *testing.T) {
	for _, pair := range [][2]arch.Arch{{arch.MIPS, arch.MIPSel}, {arch.SH, arch.SHEB}} {
		for _, c := range swapped(pair[1]) {
			other, _ := Of(pair[0], c.name)
			if got, _ := Of(pair[1], c.name); format(got) != format(other) || slices.Equal(got, other) {
				t.Errorf("%s: %v %v, %v %v", c.name, pair[1], got, pair[0], other)
			}
		}
	}
}

// bitsOf is how many bits every argument of a kind has on a; 0 if that
// depends.
func bitsOf(a arch.Arch, k Kind) int {
	switch {
	case a == arch.X32 || a == arch.MIPS64N32 || a == arch.MIPSel64N32:
		if k == FD || k == DirFD || k == PID || k == UID || k == Int || k == Uint || k == Mode {
			return 32
		}
		return 0 // 32 where the call goes to the function for 32-bit programs
	case a.Bits() == 32:
		return 32
	case k == Flags || k == ULong: // open's flags, mmap's flags; mbind's mode
		return 0
	case k == Long || k == Size || k == Off || k == Pointer:
		return 64
	}
	return 32
}

// TestOf compares the prototypes of some calls with the kernel's definitions
// and the section 2 manual pages, read by hand. An argument is written as its
// kind, and ":64" after it where the kernel looks at 64 bits.
func TestOf(t *testing.T) {
	for _, c := range rows {
		for a := range strings.FieldsSeq(c.arches) {
			on, err := arch.ByName(a)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := Of(on, c.call)
			if text := format(got); text != c.args || !ok {
				t.Errorf("%s %s: %v\n got %s\nwant %s", a, c.call, ok, text, c.args)
			}
		}
	}
}

func format(args []Arg) string {
	var words []string
	for _, arg := range args {
		word := arg.Kind.String()
		if arg.Bits != 32 {
			word += fmt.Sprintf(":%d", arg.Bits)
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		a     arch.Arch
		call  string
		names string
	}{
		// The order of clone's last two arguments depends on the architecture.
		{arch.X86_64, "clone", "clone_flags newsp parent_tidptr child_tidptr tls"},
		{arch.X86, "clone", "clone_flags newsp parent_tidptr tls_val child_tidptr"},
		{arch.AArch64, "clone", "clone_flags newsp parent_tidptr tls child_tidptr"},
		{arch.X86_64, "write", "fd buf count"},
		{arch.X86, "pread64", "fd ubuf count poslo poshi"},
		{arch.X86, "fallocate", "fd mode offset_lo offset_hi len_lo len_hi"},
		{arch.X86, "fanotify_mark", "fanotify_fd flags mask_lo mask_hi dfd pathname"},
		// Each order clone(2) lists under "C library/kernel differences".
		{arch.S390X, "clone", "newsp clone_flags parent_tidptr child_tidptr tls"},
		{arch.S390, "clone", "newsp clone_flags parent_tidptr child_tidptr tls"},
		{arch.ARM, "clone", "clone_flags newsp parent_tidptr tls child_tidptr"},
		{arch.MIPS64, "clone", "clone_flags newsp parent_tidptr tls child_tidptr"},
		{arch.PPC64LE, "clone", "clone_flags newsp parent_tidptr tls child_tidptr"},
		{arch.PARISC, "clone", "clone_flags newsp parent_tidptr tls child_tidptr"},
		{arch.RISCV64, "clone", "clone_flags newsp parent_tidptr tls child_tidptr"},
		{arch.SH, "clone", "clone_flags newsp parent_tidptr child_tidptr tls"},
		{arch.M68K, "clone", "clone_flags newsp parent_tidptr child_tidptr tls"},
		{arch.LoongArch64, "clone", "clone_flags newsp parent_tidptr child_tidptr tls"},
		// 64-bit values in two registers: their order, and where they begin
		// (syscall(2), "Architecture-specific requirements").
		{arch.ARM, "pread64", "fd buf count pad pos_lo pos_hi"},
		{arch.ARM, "truncate64", "path pad length_lo length_hi"},
		{arch.ARM, "arm_fadvise64_64", "fd advice offset_lo offset_hi len_lo len_hi"},
		{arch.MIPS, "pread64", "fd buf count pad pos_hi pos_lo"},
		{arch.MIPSel, "pread64", "fd buf count pad pos_lo pos_hi"},
		{arch.MIPSel, "sync_file_range", "fd pad offset_lo offset_hi nbytes_lo nbytes_hi"}, // flags is the seventh
		{arch.PPC, "readahead", "fd r4 offset1 offset2 count"},
		{arch.PPC, "fanotify_mark", "fanotify_fd flags mask_hi mask_lo dfd pathname"},
		{arch.SH, "pread64", "fd buf count dummy pos_lo pos_hi"},
		{arch.SHEB, "pread64", "fd buf count dummy pos_hi pos_lo"},
		{arch.M68K, "pread64", "fd buf count pos_hi pos_lo"},
		{arch.PARISC, "pread64", "fd buf count high low"},
		{arch.S390, "pread64", "fd ubuf count high low"},
		{arch.S390X, "mmap", "arg"}, // one pointer to six values
		{arch.S390, "mmap2", "arg"},
		{arch.M68K, "mmap", "arg"},
		{arch.ARM, "mmap2", "addr len prot flags fd pgoff"},
		{arch.X32, "preadv", "fd vec vlen pos"},
		{arch.S390X, "sigsuspend", "unused1 unused2 mask"},
		{arch.PPC, "sigsuspend", "mask"},
		{arch.MIPS, "sigsuspend", "uset"},
	} {
		args, _ := Of(c.a, c.call)
		var names []string
		for _, arg := range args {
			names = append(names, arg.Name)
		}
		if got := strings.Join(names, " "); got != c.names {
			t.Errorf("%v %s: %s, want %s", c.a, c.call, got, c.names)
		}
	}
}

func TestUnknown(t *testing.T) {
	for _, c := range []struct {
		a    arch.Arch
		call string
	}{
		{arch.X86_64, "wirte"}, {arch.X86_64, ""}, {arch.X86_64, "WRITE"}, {arch.X86_64, "fstatat64"},
		{arch.X86_64, "set_thread_area"}, {arch.X86_64, "create_module"}, {arch.X86, "uselib"},
		{arch.AArch64, "open"}, {arch.AArch64, "poll"}, {arch.X32, "_llseek"}, {arch.ARM, "cacheflush"}, {arch.MIPS, "syscall"}, {0, "read"},
	} {
		if args, ok := Of(c.a, c.call); ok || args != nil {
			t.Errorf("%v %q: %v, %v", c.a, c.call, args, ok)
		}
	}
}

// TestOfAllocates: a look-up is a search in static data, and appending to its
// result does not reach the table.
func TestOfAllocates(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { Of(arch.X86_64, "write") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	args, _ := Of(arch.X86_64, "write")
	_ = append(args, Arg{"x", Int, 32})
	if again, _ := Of(arch.X86_64, "write"); len(again) != 3 || cap(args) != 3 {
		t.Errorf("%v, capacity %d", again, cap(args))
	}
}

func TestKindString(t *testing.T) {
	seen := map[string]bool{}
	for k := Int; k <= Pointer; k++ {
		if s := k.String(); s == "" || strings.Contains(s, "(") || seen[s] {
			t.Errorf("kind %d is %q", uint8(k), s)
		}
		seen[k.String()] = true
	}
	if got := Kind(0).String() + " " + (Pointer + 1).String(); got != "Kind(0) Kind(14)" {
		t.Error(got)
	}
}
