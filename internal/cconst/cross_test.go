package cconst

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
)

// TestCrossHeaders has a C compiler print the constants as the headers of
// Debian's linux-libc-dev-*-cross packages define them. These are installed
// below /usr, or unpacked below the directory CROSS_HEADERS names.
func TestCrossHeaders(t *testing.T) {
	root := os.Getenv("CROSS_HEADERS")
	if root == "" {
		root = "/usr"
	}
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("not compared with cross headers: ", err)
	}
	compared := 0
	for _, c := range []struct {
		a       arch.Arch
		triplet string
		macros  string
		// What x/sys has as a C library has it (O_LARGEFILE, F_GETLK64 and so
		// on, RLIM_INFINITY, MAP_RENAME), and requests with a struct's size.
		differ string
	}{
		{arch.M68K, "m68k-linux-gnu", "-D__m68k__", ""},
		// parisc renumbered these in Linux 6.2, after Debian's headers.
		{arch.PARISC, "hppa-linux-gnu", "-D__hppa__", "MADV_DODUMP MADV_WIPEONFORK MADV_DONTDUMP MADV_UNMERGEABLE MADV_KEEPONFORK " +
			"MADV_COLLAPSE MADV_NOHUGEPAGE MADV_MERGEABLE MADV_HUGEPAGE"},
		{arch.SH, "sh4-linux-gnu", "-D__sh__", "SIOCGSTAMP_OLD SIOCGSTAMPNS_OLD"},
		{arch.S390, "s390x-linux-gnu", "-D__s390__", ""},
		{arch.ARM, "arm-linux-gnueabihf", "-D__arm__", ""},
		{arch.MIPS, "mips-linux-gnu", "-D__mips__ -D_MIPS_SIM=1", "RLIM_INFINITY MAP_RENAME"},
		{arch.MIPS64, "mips64-linux-gnuabi64", "-D__mips__ -D__mips64 -D_MIPS_SIM=3", "O_LARGEFILE MAP_RENAME"},
		{arch.MIPS64N32, "mips64-linux-gnuabin32", "-D__mips__ -D__mips64 -D_MIPS_SIM=2", "O_LARGEFILE MAP_RENAME"},
		{arch.PPC, "powerpc-linux-gnu", "-D__powerpc__", ""},
		{arch.S390X, "s390x-linux-gnu", "-D__s390__ -D__s390x__", "O_LARGEFILE"},
		{arch.X32, "x86_64-linux-gnux32", "-D__x86_64__ -D__ILP32__", "O_LARGEFILE F_GETLK64 F_SETLK64 F_SETLKW64"},
	} {
		include := filepath.Join(root, c.triplet, "include")
		if _, err := os.Stat(filepath.Join(include, "linux")); err != nil {
			continue
		}
		n := 0
		for name, want := range crossValues(t, cc, c.a, include, strings.Fields(c.macros)) {
			got, _ := Lookup(c.a, name)
			n++
			if uint32(got.Value) != want && !strings.Contains(" "+c.differ+" ", " "+name+" ") {
				t.Errorf("%v: %s is %#x, in the cross headers %#x", c.a, name, got.Value, want)
			}
		}
		if n < 500 {
			t.Errorf("%v: only %d constants in the cross headers", c.a, n)
		}
		compared++
	}
	if compared == 0 {
		t.Skip("not compared with cross headers: none below " + root)
	}
}

// crossValues is the low 32 bits of each constant of a that headers define.
func crossValues(t *testing.T, cc string, a arch.Arch, include string, macros []string) map[string]uint32 {
	t.Helper()
	dir := t.TempDir()
	var b strings.Builder
	for _, h := range []string{
		"asm/bitsperlong.h", "asm/errno.h", "asm/fcntl.h", "asm/ioctls.h", "asm/mman.h", "asm/poll.h", "asm/resource.h", "asm/signal.h",
		"asm/socket.h", "asm/sockios.h", "asm/termbits.h", "linux/eventpoll.h", "linux/fcntl.h", "linux/inotify.h", "linux/memfd.h",
		"linux/mount.h", "linux/sched.h", "linux/stat.h", "linux/wait.h",
	} {
		fmt.Fprintf(&b, "#include <%s>\n", h)
	}
	b.WriteString("typedef __kernel_long_t time_t;\ntypedef int pid_t;\ntypedef long long loff_t;\nint printf(const char *, ...);\nint main(void) {\n")
	seen := map[string]bool{}
	for name := range Names(a) {
		// Structs are the compiler's own machine's: no sizes in ioctls.
		if !seen[name] && !strings.HasPrefix(name, "TC") && !strings.HasPrefix(name, "TIOC") {
			fmt.Fprintf(&b, "#ifdef %s\nprintf(\"%%s %%u\\n\", %q, (unsigned)(%s));\n#endif\n", name, name, name)
		}
		seen[name] = true
	}
	b.WriteString("}\n")
	source, exe := filepath.Join(dir, "x.c"), filepath.Join(dir, "x")
	if err := os.WriteFile(source, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"-w", "-nostdinc", "-U__x86_64__", "-U__LP64__", "-U_LP64", "-U__i386__", "-U__aarch64__", "-I", include, "-o", exe}, macros...)
	if out, err := exec.Command(cc, append(args, source)...).CombinedOutput(); err != nil {
		t.Errorf("%v: %v\n%.2000s", a, err, out)
		return nil
	}
	out, err := exec.Command(exe).Output()
	if err != nil && len(out) == 0 {
		t.Fatal(err)
	}
	values := map[string]uint32{}
	for line := range strings.Lines(string(out)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		v, err := strconv.ParseUint(value, 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		values[name] = uint32(v)
	}
	return values
}
