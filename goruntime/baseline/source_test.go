package baseline_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/goruntime/baseline"
)

// ownLevels are the levels about calls that the runtime itself makes, in assembly.
var ownLevels = []string{"core", "core_vmaname", "core_novdso", "core_gomaxprocs", "core_oldkernel", "core_godebug",
	"netpoll_init", "netpoll", "signals", "crash", "crash_core", "pprof", "pprof_oldkernel", "rand", "allthreads"}

// startOnly are calls that the runtime has functions for and makes before Prepare
// only, or on Android only, or never: files that are read at the start, the
// auxiliary vector, descriptors 0 to 2. uname is in files and net.
var startOnly = strings.Fields("open openat close pipe2 mincore access faccessat connect socket socketcall brk fcntl arch_prctl uname")

// The calls the runtime's source has for an architecture are those of the levels:
// each that it makes, by the number it uses, is in some level or made at the start
// only, and each that a level allows has a caller.
func TestLevelsAreTheRuntimesSource(t *testing.T) {
	for _, a := range archs(t) {
		t.Run(a.GOARCH(), func(t *testing.T) {
			defined := definitions(t, a)
			held := map[string]bool{}
			for _, level := range ownLevels {
				for _, c := range load(t, level, a).policy.Calls {
					held[c.Name] = true
				}
			}
			called := map[string]bool{}
			for name, nr := range defined {
				call, ok := a.Name(nr)
				if !ok {
					t.Errorf("the runtime calls %s by number %d, which %s does not have", name, nr, a)
				}
				if !held[call] && !slices.Contains(startOnly, call) {
					t.Errorf("the runtime makes %s (%d), which no level holds", call, nr)
				}
				called[call] = true
			}
			for call := range held {
				if !called[call] && !slices.Contains(elsewhere, call) {
					t.Errorf("a level holds %s, which the runtime's source does not name", call)
				}
			}
		})
	}
}

// elsewhere are the calls of the levels that are made elsewhere than in the files
// definitions reads: by the kernel and the trampolines it provides, and by package
// internal/syscall/unix.
var elsewhere = []string{"restart_syscall", "rt_sigreturn", "getrandom"}

var (
	asmDefine = regexp.MustCompile(`(?m)^#define\s+SYS_(\w+)\s+\(?(?:SYS_BASE\s*\+\s*)?(\d+)\)?\s*$`)
	asmUse    = regexp.MustCompile(`\$SYS_(\w+)`)
	goDefine  = regexp.MustCompile(`(?m)^\s*SYS_(\w+)\s*=\s*(\d+)\s*$`)
)

// definitions are the numbers of the calls that the runtime's assembly and package
// internal/runtime/syscall/linux make on an architecture.
func definitions(t *testing.T, a arch.Arch) map[string]uint32 {
	t.Helper()
	asm := source(t, "runtime/sys_linux_"+family(a.GOARCH())+".s")
	numbers := map[string]uint32{}
	for _, m := range asmDefine.FindAllStringSubmatch(asm, -1) {
		numbers[m[1]] = number(t, m[2])
	}
	used := map[string]uint32{}
	for _, m := range asmUse.FindAllStringSubmatch(asm, -1) {
		nr, ok := numbers[m[1]]
		if !ok {
			t.Fatalf("SYS_%s has no number", m[1])
		}
		used[m[1]] = nr
	}
	for _, m := range goDefine.FindAllStringSubmatch(source(t, "internal/runtime/syscall/linux/defs_linux_"+family(a.GOARCH())+".go"), -1) {
		if m[1] != "EPOLL_PWAIT2" { // has no caller
			used[m[1]] = number(t, m[2])
		}
	}
	if len(used) < 30 {
		t.Fatalf("only %d calls found in the runtime's source", len(used))
	}
	return used
}

func number(t *testing.T, s string) uint32 {
	t.Helper()
	n, err := strconv.ParseUint(s, 0, 32)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(n)
}

// family is how the names of the runtime's files end, which serve pairs of GOARCHs.
func family(goarch string) string {
	switch goarch {
	case "mips", "mipsle":
		return "mipsx"
	case "mips64", "mips64le":
		return "mips64x"
	case "ppc64", "ppc64le":
		return "ppc64x"
	}
	return goarch
}

// source is a file of the standard library of the toolchain that runs the test. It
// has to be of a release the levels are for.
func source(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT", "GOVERSION").Output()
	if err != nil {
		t.Fatal(err)
	}
	root, version, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if !slices.ContainsFunc(baseline.Minors(), func(minor string) bool {
		return version == "go"+minor || strings.HasPrefix(version, "go"+minor+".")
	}) {
		t.Skipf("the source beside this toolchain is of %s, the levels are for %v", version, baseline.Minors())
	}
	text, err := os.ReadFile(filepath.Join(root, "src", filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("this toolchain came without its source: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
