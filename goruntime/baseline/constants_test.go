package baseline_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/rule"
)

// A made call is one as the runtime makes it, with the values its own source has.
// An argument is a parameter of the fragments, a number, or constants of the
// runtime joined by |; "-" is anything.
type madeCall struct {
	level, on, call, args string
}

const everywhere = ""

// pages are the flags of an anonymous mapping.
const pages = "_MAP_ANON|_MAP_PRIVATE"

var madeCalls = []madeCall{
	{"core", "64-bit", "futex", "- 128 - - 0 0"},
	{"core", "32-bit", "futex_time64", "- 129 1 0 0 0"},
	{"core_oldkernel", "32-bit", "futex", "- 128 - - 0 0"},
	{"core", everywhere, "rt_sigprocmask", "_SIG_SETMASK - - sigset"},
	{"core", "amd64", "clone", "0xd0f00 - 0 0"},
	{"core", "386", "clone", "0x50f00 - 0 - 0"},
	{"core", "arm", "clone", "0x50f00 - 0 0 0"},
	{"core", "mips mipsle", "clone", "0x50f00 - 0 0"},
	{"core", "arm64 loong64 mips64 mips64le ppc64 ppc64le riscv64", "clone", "0x50f00"},
	{"core", "s390x", "clone", "- 0x50f00"},
	{"core", "amd64 arm64 loong64 mips mipsle mips64 mips64le ppc64 ppc64le riscv64", "mmap", "- - _PROT_NONE " + pages + " -1 0"},
	{"core", "amd64 arm64 loong64 mips mipsle mips64 mips64le ppc64 ppc64le riscv64", "mmap", "- - _PROT_READ|_PROT_WRITE " + pages + "|_MAP_FIXED -1 0"},
	{"core", "386 arm", "mmap2", "- - _PROT_READ|_PROT_WRITE " + pages + " -1 0"},
	{"core", "s390x", "mmap", "-"},
	{"core_godebug", "amd64 arm64 loong64 mips mipsle mips64 mips64le ppc64 ppc64le riscv64", "mmap", "- - _PROT_NONE " + pages + "|_MAP_FIXED -1 0"},
	{"core", everywhere, "madvise", "- - _MADV_DONTNEED"},
	{"core", "64-bit", "madvise", "- - _MADV_NOHUGEPAGE"},
	{"core", "64-bit", "madvise", "- - _MADV_HUGEPAGE"},
	{"core_godebug", everywhere, "madvise", "- - _MADV_FREE"},
	{"core", everywhere, "tgkill", "go_pid - _SIGURG"},
	{"core", everywhere, "epoll_pwait", "go_epoll_fd - 128 - 0"},
	{"core", "mips mipsle", "clock_gettime", "1"},
	{"core_novdso", everywhere, "clock_gettime", "0"},
	{"core_gomaxprocs", "64-bit", "pread64", "go_cgroup_quota_fd - 64 0"},
	{"core_gomaxprocs", "386", "pread64", "go_cgroup_quota_fd - 64 0 0"},
	{"core_gomaxprocs", "arm mips mipsle", "pread64", "go_cgroup_quota_fd - 64 - 0 0"},
	{"netpoll_init", everywhere, "eventfd2", "0 EFD_CLOEXEC|EFD_NONBLOCK"},
	{"netpoll_init", everywhere, "epoll_create1", "EPOLL_CLOEXEC"},
	{"crash_core", everywhere, "rt_sigprocmask", "_SIG_UNBLOCK - - sigset"},
	{"crash_core", everywhere, "rt_sigaction", "_SIGPIPE - - sigset"},
	{"crash_core", everywhere, "kill", "go_pid _SIGQUIT"},
	{"crash_core", everywhere, "tgkill", "go_pid - _SIGABRT"},
	{"crash_core", "riscv64", "tkill", "- _SIGHUP"},
	{"signals", everywhere, "rt_sigaction", "- - - sigset"},
	{"pprof", everywhere, "setitimer", "_ITIMER_PROF - 0"},
	{"pprof", everywhere, "timer_create", "_CLOCK_THREAD_CPUTIME_ID"},
	{"pprof", "32-bit", "timer_settime64", "- 0 - 0"},
	{"pprof", "64-bit", "timer_settime", "- 0 - 0"},
}

// The levels allow the calls of the runtime with the values its source has for each
// architecture, and not with another value in any place that is checked.
func TestLevelsHaveTheRuntimesConstants(t *testing.T) {
	for _, a := range archs(t) {
		constants := runtimeConstants(t, a)
		for _, c := range madeCalls {
			if !c.isOn(a) {
				continue
			}
			f := load(t, c.level, a)
			nr, ok := a.Number(c.call)
			if !ok {
				t.Errorf("%s does not have %s", a, c.call)
				continue
			}
			d := rule.Data{Nr: nr, Arch: f.policy.Target.Audit}
			fixed := strings.Fields(c.args)
			for i, s := range fixed {
				d.Args[i] = value(t, s, constants)
			}
			if got := f.policy.Eval(d, f.params); got != rule.Allow {
				t.Errorf("level %s on %s: %s(%s) is %v: %#x", c.level, a, c.call, c.args, got, d.Args)
			}
			for i, s := range fixed {
				if s == "-" {
					continue
				}
				odd := d
				odd.Args[i] ^= 0x4000 // no other value of any argument here
				if got := f.policy.Eval(odd, f.params); got == rule.Allow {
					t.Errorf("level %s on %s: %s(%s) with another argument %d is allowed", c.level, a, c.call, c.args, i)
				}
			}
		}
	}
}

func (c madeCall) isOn(a arch.Arch) bool {
	switch c.on {
	case everywhere:
		return true
	case "32-bit":
		return a.Bits() == 32
	case "64-bit":
		return a.Bits() == 64
	}
	for goarch := range strings.FieldsSeq(c.on) {
		if goarch == a.GOARCH() {
			return true
		}
	}
	return false
}

// value is what an argument of a made call is.
func value(t *testing.T, s string, constants map[string]uint32) uint64 {
	t.Helper()
	switch {
	case s == "-":
		return 0x1234
	case s == "-1":
		return 1<<32 - 1
	case s[0] >= '0' && s[0] <= '9':
		return uint64(number(t, s))
	}
	var v uint32
	for name := range strings.SplitSeq(s, "|") {
		n, ok := constants[name]
		if !ok {
			t.Fatalf("the runtime's source has no constant %s", name)
		}
		v |= n
	}
	return uint64(v)
}

var constant = regexp.MustCompile(`(?m)^\s*(\w+)\s*=\s*(0x[0-9a-f]+|[0-9]+)\s*(?://.*)?$`)

// runtimeConstants are the constants of the runtime's source for an architecture,
// besides the fragments' parameters, and sigset, the size of a set of signals.
func runtimeConstants(t *testing.T, a arch.Arch) map[string]uint32 {
	t.Helper()
	goarch := a.GOARCH()
	defs := family(goarch)
	signals := "generic"
	switch {
	case strings.HasPrefix(goarch, "ppc64"):
		defs = goarch
	case strings.HasPrefix(goarch, "mips"):
		signals = family(goarch)
	}
	if goarch == "ppc64" || goarch == "s390x" {
		signals = "be64"
	}
	all := map[string]uint32{"sigset": 8}
	if strings.HasPrefix(goarch, "mips") {
		all["sigset"] = 16 // [4]uint32 and [2]uint64
	}
	for name, v := range params {
		all[name] = v
	}
	for _, name := range []string{
		"runtime/defs_linux_" + defs + ".go", "runtime/os_linux_" + signals + ".go",
		"internal/runtime/syscall/linux/defs_linux.go", "internal/runtime/syscall/linux/defs_linux_" + family(goarch) + ".go",
	} {
		for _, m := range constant.FindAllStringSubmatch(source(t, name), -1) {
			all[m[1]] = number(t, m[2])
		}
	}
	return all
}
