package baseline_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
)

// wrappers are the functions of package syscall by which packages os, net and
// os/exec do what a level is for, where an architecture has them: the generated
// ones. A Stat is several, of which each architecture has some.
var wrappers = map[string]string{
	"files": "openat Close read write pread pwrite Fsync Getdents fcntl Fstat fstat fstatat fstatatInternal " +
		"Stat stat Lstat lstat statx Seek Ftruncate Mkdirat unlinkat Renameat renameat2 Uname",
	"net": "socket bind Listen connect accept4 getsockname getpeername setsockopt getsockopt Shutdown sendto recvfrom " +
		"sendmsg recvmsg read write Close Splice sendfile pipe2 fcntl openat Uname",
	"exec":        "openat Close read write pipe2 fcntl Stat stat statx wait4",
	"pprof_write": "openat Close read pread fcntl Fstat fstat statx",
	"tz":          "openat Close read",
	"cover":       "openat Close write fcntl Stat stat Lstat lstat statx Renameat renameat2",
}

var (
	wrapper    = regexp.MustCompile(`(?ms)^func (\w+)\(.*?^}`)
	wrapperUse = regexp.MustCompile(`\b_?SYS_(\w+)`)
)

// The calls by which package syscall does the work of a level on an architecture
// are in the level there.
func TestLevelsHoldTheWrappersCalls(t *testing.T) {
	for _, a := range archs(t) {
		made := wrapperCalls(t, a)
		for level, names := range wrappers {
			var held []string
			for _, c := range load(t, level, a).policy.Calls {
				held = append(held, c.Name)
			}
			for name := range strings.FieldsSeq(names) {
				if call, ok := made[name]; ok && !slices.Contains(held, call) {
					t.Errorf("level %s on %s: syscall.%s makes %s, which the level lacks", level, a, name, call)
				}
			}
		}
	}
}

// wrapperCalls are the calls that the generated functions of package syscall make,
// by the functions' names.
func wrapperCalls(t *testing.T, a arch.Arch) map[string]string {
	t.Helper()
	numbers := map[string]uint32{}
	for _, m := range goDefine.FindAllStringSubmatch(source(t, "syscall/zsysnum_linux_"+a.GOARCH()+".go"), -1) {
		numbers[m[1]] = number(t, m[2])
	}
	made := map[string]string{}
	for _, m := range wrapper.FindAllStringSubmatch(source(t, "syscall/zsyscall_linux_"+a.GOARCH()+".go"), -1) {
		use := wrapperUse.FindStringSubmatch(m[0])
		if use == nil {
			continue
		}
		nr, ok := numbers[use[1]]
		if !ok {
			continue
		}
		if call, ok := a.Name(nr); ok { // arm lacks a few, as time
			made[m[1]] = call
		}
	}
	if len(made) < 50 {
		t.Fatalf("only %d functions found in package syscall for %s", len(made), a)
	}
	return made
}
