package arch_test

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
)

var update = flag.Bool("update", false, "rewrite testdata")

// TestTables checks what the look-ups rely on, and that they agree.
func TestTables(t *testing.T) {
	for _, a := range arch.All() {
		last, n := int64(-1), 0
		names := map[string]bool{}
		for name, nr := range a.Syscalls() {
			if int64(nr) <= last {
				t.Errorf("%v: %s is %d, after %d", a, name, nr, last)
			}
			if names[name] {
				t.Errorf("%v: two calls named %s", a, name)
			}
			last, names[name] = int64(nr), true
			n++
			if got, ok := a.Number(name); got != nr || !ok {
				t.Errorf("%v.Number(%q) = %d, %v; want %d", a, name, got, ok, nr)
			}
			if got, ok := a.Name(nr); got != name || !ok {
				t.Errorf("%v.Name(%d) = %q, %v; want %q", a, nr, got, ok, name)
			}
		}
		if a == arch.ARM { // private calls come after the last number
			last = 471
		}
		if got, ok := a.LastNumber(); int64(got) != last || !ok {
			t.Errorf("%v.LastNumber() = %d, %v; want %d", a, got, ok, last)
		}
		// Round trip from the numbers' side: whatever the list has not, is not.
		found := 0
		for i := range uint32(1<<20 + 8000) {
			nr := i
			if i >= 1<<20 {
				nr = i - 1<<20 + arch.X32Bit
			}
			if name, ok := a.Name(nr); ok {
				found++
				if got, _ := a.Number(name); got != nr {
					t.Errorf("%v: %d is %s is %d", a, nr, name, got)
				}
			}
		}
		if found != n || n < 300 {
			t.Errorf("%v: %d of %d calls found by number", a, found, n)
		}
	}
}

func TestLookups(t *testing.T) {
	for _, c := range []struct {
		a    arch.Arch
		name string
		nr   uint32
		ok   bool
	}{
		{arch.X86, "restart_syscall", 0, true},
		{arch.X86, "write", 4, true},
		{arch.X86, "socketcall", 102, true},
		{arch.X86, "_llseek", 140, true},
		{arch.X86, "fstatat64", 300, true},
		{arch.X86, "newfstatat", 0, false},
		{arch.X86, "futex_time64", 422, true},
		{arch.X86, "accept", 0, false}, // by socketcall only
		{arch.X86_64, "read", 0, true},
		{arch.X86_64, "write", 1, true},
		{arch.X86_64, "newfstatat", 262, true},
		{arch.X86_64, "io_uring_enter", 426, true},
		{arch.X86_64, "rt_sigaction", 13, true}, // not x32's 512
		{arch.X86_64, "execve", 59, true},       // not x32's 520
		{arch.X86_64, "create_module", 174, true},
		{arch.X86_64, "fstatat64", 0, false},
		{arch.X86_64, "wirte", 0, false},
		{arch.X86_64, "", 0, false},
		{arch.X86_64, "WRITE", 0, false},
		{arch.AArch64, "io_setup", 0, true},
		{arch.AArch64, "write", 64, true},
		{arch.AArch64, "newfstatat", 79, true},
		{arch.AArch64, "renameat", 38, true},
		{arch.AArch64, "prlimit64", 261, true},
		{arch.AArch64, "memfd_secret", 447, true},
		{arch.AArch64, "poll", 0, false},
		{arch.AArch64, "open", 0, false},
		{arch.AArch64, "clock_gettime64", 0, false}, // 32-bit architectures only
		{arch.X32, "read", 0x40000000, true},
		{arch.X32, "rt_sigaction", 0x40000200, true},
		{arch.X32, "execve", 0x40000208, true},
		{arch.X32, "execveat", 0x40000221, true},
		{arch.X32, "create_module", 0, false}, // x86_64 only
		{arch.ARM, "read", 3, true},
		{arch.ARM, "cacheflush", 0xf0002, true},
		{arch.ARM, "set_tls", 0xf0005, true},
		{arch.ARM, "time", 0, false}, // of the old ABI
		{arch.ARM, "socketcall", 0, false},
		{arch.ARM, "arm_fadvise64_64", 270, true},
		{arch.LoongArch64, "read", 63, true},
		{arch.LoongArch64, "renameat", 0, false},
		{arch.LoongArch64, "memfd_secret", 447, true},
		{arch.RISCV64, "riscv_hwprobe", 258, true},
		{arch.RISCV64, "getrlimit", 163, true},
		{arch.RISCV64, "renameat", 0, false},
		{arch.M68K, "read", 3, true},
		{arch.M68K, "cacheflush", 123, true},
		{arch.MIPS, "syscall", 4000, true},
		{arch.MIPSel, "read", 4003, true},
		{arch.MIPS64, "read", 5000, true},
		{arch.MIPSel64, "sysmips", 5199, true},
		{arch.MIPS64N32, "read", 6000, true},
		{arch.MIPSel64N32, "preadv", 6293, true},
		{arch.PARISC, "_llseek", 140, true},
		{arch.PARISC64, "_llseek", 0, false},
		{arch.PPC, "fstatat64", 291, true},
		{arch.PPC64, "newfstatat", 291, true},
		{arch.PPC64LE, "spu_run", 278, true},
		{arch.S390, "fstatat64", 293, true},
		{arch.S390, "chown32", 212, true},
		{arch.S390X, "newfstatat", 293, true},
		{arch.S390X, "chown", 212, true},
		{arch.SH, "sync_file_range2", 388, true},
		{arch.SHEB, "accept", 344, true},
	} {
		nr, ok := c.a.Number(c.name)
		if nr != c.nr || ok != c.ok {
			t.Errorf("%v.Number(%q) = %d, %v; want %d, %v", c.a, c.name, nr, ok, c.nr, c.ok)
		}
	}
}

// TestNoX32 keeps the calls of x32, which share x86_64's table, out.
func TestNoX32(t *testing.T) {
	for nr := uint32(512); nr < 1024; nr++ {
		if name, ok := arch.X86_64.Name(nr); ok {
			t.Errorf("x86_64 has %d, %s", nr, name)
		}
	}
	if name, ok := arch.X86_64.Name(arch.X32Bit); ok {
		t.Errorf("x86_64 has %#x, %s", arch.X32Bit, name)
	}
	if last, _ := arch.X86_64.LastNumber(); last >= 512 {
		t.Errorf("x86_64's last number is %d", last)
	}
	for name, nr := range arch.X32.Syscalls() {
		if nr&arch.X32Bit == 0 {
			t.Errorf("x32's %s is %d, without bit 30", name, nr)
		}
		if name, ok := arch.X32.Name(nr &^ arch.X32Bit); ok {
			t.Errorf("x32 has %d, %s, without bit 30", nr&^arch.X32Bit, name)
		}
	}
}

func TestSyscallsStops(t *testing.T) {
	n := 0
	for range arch.X86_64.Syscalls() {
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("%d rounds", n)
	}
}

func TestKernelRelease(t *testing.T) {
	if !regexp.MustCompile(`^\d+\.\d+\.\d+$`).MatchString(arch.KernelRelease) {
		t.Errorf("KernelRelease = %q", arch.KernelRelease)
	}
	files, err := filepath.Glob("z*.go")
	if err != nil || len(files) != 19 {
		t.Fatalf("%d generated files, %v; want 19", len(files), err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		release := arch.KernelRelease
		if name == "zs390.go" {
			release = arch.S390Table.Release()
		}
		want := "// Code generated by mktables from Linux " + release + "; DO NOT EDIT.\n"
		if !bytes.HasPrefix(text, []byte(want)) {
			t.Errorf("%s does not begin with %q", name, want)
		}
	}
	for _, a := range arch.All() {
		if got := a.Table().Release(); (got == arch.KernelRelease) == (a == arch.S390) {
			t.Errorf("%v is of %s", a, got)
		}
	}
}

// TestXSys compares the tables with golang.org/x/sys/unix.
func TestXSys(t *testing.T) {
	// The module cache has it: this module requires it.
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys").Output()
	dir := strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		t.Fatalf("go list: %v; run go mod download", err)
	}
	line := regexp.MustCompile(`(?m)^\s+SYS_(\w+)\s+= (\d+)$`)
	theirs := map[arch.Arch]map[string]uint32{}
	for _, a := range arch.All() {
		goarch := a.GOARCH()
		if a == arch.PPC {
			goarch = "ppc" // of gccgo
		}
		if goarch == "" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, "unix", "zsysnum_linux_"+goarch+".go"))
		if err != nil {
			t.Fatal(err)
		}
		theirs[a] = map[string]uint32{}
		for _, m := range line.FindAllSubmatch(text, -1) {
			nr, err := strconv.ParseUint(string(m[2]), 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			theirs[a][strings.ToLower(string(m[1]))] = uint32(nr)
		}
	}
	compare(t, theirs, "testdata/xsys.txt")
}

// TestLibseccompNumbers compares the tables with libseccomp's.
func TestLibseccompNumbers(t *testing.T) {
	var table struct {
		Offset   map[string]uint32   `json:"add_to_number"`
		Covers   map[string][]string `json:"column_covers"`
		Syscalls map[string]map[string]*uint32
	}
	readShared(t, "libseccomp/syscalls.json", &table)
	theirs := map[arch.Arch]map[string]uint32{}
	for _, a := range arch.All() {
		theirs[a] = map[string]uint32{}
		column := a.String()
		for c, covers := range table.Covers {
			if slices.Contains(covers, column) {
				column = c
				break
			}
		}
		for name, numbers := range table.Syscalls {
			if nr := numbers[column]; nr != nil {
				theirs[a][name] = *nr + table.Offset[a.String()]
			}
		}
	}
	compare(t, theirs, "testdata/libseccomp.txt")
}

// compare holds our tables to another's: a name both have must have the same
// number, and the names only one has must be those listed in a file, as
// "x86_64 only-ours listns 470" and "aarch64 only-theirs fstatat 79".
func compare(t *testing.T, theirs map[arch.Arch]map[string]uint32, list string) {
	var diff []string
	for _, a := range slices.Sorted(maps.Keys(theirs)) {
		if len(theirs[a]) < 250 {
			t.Fatalf("%v: only %d calls to compare with", a, len(theirs[a]))
		}
		for name, nr := range theirs[a] {
			ours, ok := a.Number(name)
			if !ok {
				diff = append(diff, fmt.Sprintf("%v only-theirs %s %d", a, name, nr))
			} else if ours != nr {
				t.Errorf("%v: %s is %d, theirs %d", a, name, ours, nr)
			}
		}
		for name, nr := range a.Syscalls() {
			if _, ok := theirs[a][name]; !ok {
				diff = append(diff, fmt.Sprintf("%v only-ours %s %d", a, name, nr))
			}
		}
	}
	slices.Sort(diff)
	if *update {
		text := comments(t, list) + strings.Join(diff, "\n") + "\n"
		if err := os.WriteFile(list, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want := listed(t, list)
	for _, line := range diff {
		if !slices.Contains(want, line) {
			t.Errorf("%s lacks %q", list, line)
		}
	}
	for _, line := range want {
		if !slices.Contains(diff, line) {
			t.Errorf("%s has %q, which is no difference any more", list, line)
		}
	}
}

// listed is the lines of a file that are not comments.
func listed(t *testing.T, path string) (lines []string) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for scan := bufio.NewScanner(bytes.NewReader(text)); scan.Scan(); {
		if line := scan.Text(); line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	return lines
}

// comments is the lines of a file that are.
func comments(t *testing.T, path string) string {
	var b strings.Builder
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if line[0] == '#' {
			b.WriteString(line)
		}
	}
	return b.String()
}
