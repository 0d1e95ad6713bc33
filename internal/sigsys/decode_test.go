package sigsys

import (
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/cconst"
	"github.com/tileseal/tileseal/internal/proto"
)

// stopped is the report of a call.
func stopped(t *testing.T, a arch.Arch, name string, args ...uint64) *Report {
	t.Helper()
	nr, ok := a.Number(name)
	if !ok {
		t.Fatalf("no %s on %v", name, a)
	}
	r := &Report{Kind: Crash, Arch: a, Nr: nr, HasArgs: true}
	copy(r.Args[:], args)
	return r
}

func TestString(t *testing.T) {
	const neg100, all = 0xffffffffffffff9c, 1<<64 - 1
	for _, tc := range []struct {
		arch arch.Arch
		name string
		args []uint64
		want string
	}{
		{arch.X86_64, "openat", []uint64{neg100, 0xc000012345, 0x80000, 0}, "openat(AT_FDCWD, 0xc000012345, O_RDONLY|O_CLOEXEC, 0)"},
		{arch.X86_64, "openat", []uint64{0xffffff9c, 0, 0x80241, 0o640}, "openat(AT_FDCWD, NULL, O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0640)"},
		{arch.X86_64, "openat", []uint64{5, 1, 0x101002, 0}, "openat(5, 0x1, O_RDWR|O_SYNC, 0)"},
		{arch.X86_64, "openat", []uint64{5, 1, 0x1000, 0}, "openat(5, 0x1, O_RDONLY|O_DSYNC, 0)"},
		{arch.X86_64, "openat", []uint64{5, 1, 0x410002, 0}, "openat(5, 0x1, O_RDWR|O_TMPFILE, 0)"},
		{arch.X86_64, "openat", []uint64{5, 1, 0x40000003, 0}, "openat(5, 0x1, 0x40000003, 0)"},
		{arch.X86, "openat", []uint64{0xffffff9c, 1, 0x88000, 0}, "openat(AT_FDCWD, 0x1, O_RDONLY|O_LARGEFILE|O_CLOEXEC, 0)"},
		{arch.AArch64, "openat", []uint64{neg100, 1, 0x4000, 0}, "openat(AT_FDCWD, 0x1, O_RDONLY|O_DIRECTORY, 0)"},
		{arch.X86_64, "dup3", []uint64{1, 2, 0x80000}, "dup3(1, 2, O_CLOEXEC)"},
		{arch.X86_64, "mmap", []uint64{0, 4096, 3, 0x22, all, 0}, "mmap(0, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)"},
		{arch.X86_64, "mmap", []uint64{0, 4096, 0, 0x2, 3, 0x10000}, "mmap(0, 4096, PROT_NONE, MAP_PRIVATE, 3, 0x10000)"},
		{arch.X86, "mmap2", []uint64{0, 4096, 5, 1, 0xffffffff, 0}, "mmap2(0, 4096, PROT_READ|PROT_EXEC, MAP_SHARED, -1, 0)"},
		{arch.X86_64, "socket", []uint64{2, 0x80801, 6}, "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK, 6)"},
		{arch.X86_64, "socket", []uint64{99, 9, 0}, "socket(99, 9, 0)"},
		{arch.X86_64, "clone", []uint64{0x50f00, 0, 0, 0, 0}, "clone(CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM, 0, NULL, NULL, 0)"},
		{arch.X86_64, "clone", []uint64{0x4111, 0, 0, 0, 0}, "clone(SIGCHLD|CLONE_VM|CLONE_VFORK, 0, NULL, NULL, 0)"},
		{arch.X86_64, "madvise", []uint64{0x7f0000000000, 4096, 4}, "madvise(0x7f0000000000, 4096, MADV_DONTNEED)"},
		{arch.X86_64, "fcntl", []uint64{3, 4, 0x800}, "fcntl(3, F_SETFL, O_RDONLY|O_NONBLOCK)"},
		{arch.X86_64, "fcntl", []uint64{3, 2, 1}, "fcntl(3, F_SETFD, FD_CLOEXEC)"},
		{arch.X86_64, "fcntl", []uint64{3, 0, 10}, "fcntl(3, F_DUPFD, 10)"},
		{arch.X86, "fcntl64", []uint64{3, 6, 0x8000000}, "fcntl64(3, F_SETLK, 0x8000000)"},
		{arch.X86_64, "epoll_ctl", []uint64{4, 1, 5, 0xc000}, "epoll_ctl(4, EPOLL_CTL_ADD, 5, 0xc000)"},
		{arch.X86_64, "futex", []uint64{0xc000, 129, 1, 0, 0, 0}, "futex(0xc000, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0)"},
		{arch.X86, "futex_time64", []uint64{0xc000, 0x189, 1, 0, 0, 0xffffffff}, "futex_time64(0xc000, FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME, 1, NULL, NULL, 4294967295)"},
		{arch.X86_64, "kill", []uint64{all, 15}, "kill(-1, SIGTERM)"},
		{arch.X86_64, "kill", []uint64{1, 64}, "kill(1, 64)"},
		{arch.X86_64, "tgkill", []uint64{1, 2, 23}, "tgkill(1, 2, SIGURG)"},
		{arch.X86_64, "prctl", []uint64{0x53564d41, 0, 1, 2, 3}, "prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, 1, 2, 3)"},
		{arch.X86_64, "prctl", []uint64{38, 1, 0, 0, 0}, "prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)"},
		{arch.X86_64, "setsockopt", []uint64{3, 1, 2, 0xc000, 4}, "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, 0xc000, 4)"},
		{arch.X86_64, "setsockopt", []uint64{3, 6, 1, 0xc000, 4}, "setsockopt(3, IPPROTO_TCP, TCP_NODELAY, 0xc000, 4)"},
		{arch.X86_64, "setsockopt", []uint64{3, 0x107, 1, 0xc000, 4}, "setsockopt(3, 263, 1, 0xc000, 4)"},
		{arch.X86_64, "lseek", []uint64{3, all, 2}, "lseek(3, -1, SEEK_END)"},
		{arch.X86_64, "faccessat", []uint64{neg100, 1, 0}, "faccessat(AT_FDCWD, 0x1, F_OK)"},
		{arch.X86_64, "faccessat", []uint64{neg100, 1, 5}, "faccessat(AT_FDCWD, 0x1, R_OK|X_OK)"},
		{arch.X86_64, "flock", []uint64{3, 6}, "flock(3, LOCK_EX|LOCK_NB)"},
		{arch.X86_64, "getpid", []uint64{1, 2, 3}, "getpid()"},
		{arch.X86_64, "uselib", []uint64{1}, "uselib(0x1, 0, 0, 0, 0, 0)"},
	} {
		want := tc.want + " on " + map[arch.Arch]string{arch.X86: "i386", arch.X86_64: "x86_64", arch.AArch64: "aarch64"}[tc.arch]
		if got := stopped(t, tc.arch, tc.name, tc.args...).String(); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
}

// TestMultiplexed: the calls behind socketcall.
func TestMultiplexed(t *testing.T) {
	for n, want := range map[uint64]string{0: "", 1: "socket", 3: "connect", 18: "accept4", 20: "sendmmsg", 21: "", 1<<32 - 1: ""} {
		if got, ok := stopped(t, arch.X86, "socketcall", n).Multiplexed(); got != want || ok != (want != "") {
			t.Errorf("%d: %q, %v", n, got, ok)
		}
	}
	if name, ok := stopped(t, arch.X86, "socket", 1).Multiplexed(); ok {
		t.Errorf("socket is %q", name)
	}
}

// TestNames holds the tables of names to the constants and prototypes.
func TestNames(t *testing.T) {
	archs := []arch.Arch{arch.X86, arch.X86_64, arch.AArch64}
	for _, u := range uses {
		for _, call := range strings.Fields(u.calls) {
			if !slices.ContainsFunc(archs, func(a arch.Arch) bool {
				args, ok := proto.Of(a, call)
				return ok && u.arg < len(args) && args[u.arg].Kind != proto.Pointer
			}) {
				t.Errorf("%s: no architecture has such an argument %d", call, u.arg)
			}
		}
		if u.given != "" {
			if _, ok := cconst.Lookup(arch.X86_64, u.given[2:]); !ok || u.given[0] < '0' || u.given[0] > '5' || u.given[1] != ' ' {
				t.Errorf("%s: given %q", u.calls, u.given)
			}
		}
		for _, a := range archs {
			checkSet(t, a, u)
		}
	}
}

// only86 are names that other architectures lack.
var only86 = []string{"MAP_32BIT"}

func checkSet(t *testing.T, a arch.Arch, u use) {
	seen := map[uint64]string{}
	var bits []uint64 // of the names before
	for i, name := range append(strings.Fields(u.set.enum), strings.Fields(u.set.bits)...) {
		c, ok := cconst.Lookup(a, name)
		if !ok {
			if a != arch.AArch64 || !slices.Contains(only86, name) {
				t.Errorf("%s: no constant %s on %v", u.calls, name, a)
			}
			continue
		}
		v := uint64(uint32(c.Value))
		if other, twice := seen[v]; twice && v != 0 {
			t.Errorf("%s: %s and %s are one on %v", u.calls, name, other, a)
		}
		seen[v] = name
		if i < len(strings.Fields(u.set.enum)) || v == 0 {
			continue
		}
		if slices.ContainsFunc(bits, func(b uint64) bool { return v&b == b }) {
			t.Errorf("%s: a name before %s takes a part of it on %v", u.calls, name, a)
		}
		bits = append(bits, v)
	}
}
