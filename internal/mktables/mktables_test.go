package main

import (
	"bytes"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestFresh regenerates the tables that come from x/sys/unix, which the
// module cache has, and compares them with those checked in. (Those from the
// kernel need its source; make tables does it.)
func TestFresh(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys").Output()
	if err != nil {
		t.Fatalf("go list: %v; run go mod download", err)
	}
	if err := run([]string{"-check", "-o", "../..", "-sys", strings.TrimSpace(string(out))}, io.Discard); err != nil {
		t.Error(err)
	}
}

// fetch is the flag -fetch: go test ./internal/mktables -run Pinned -args -fetch
var fetch = flag.Bool("fetch", false, "make the tables of the kernel anew, from sources fetched from a Debian mirror")

// TestPinned regenerates all tables from the sources that the file pinned names.
func TestPinned(t *testing.T) {
	if !*fetch {
		t.Skip("fetches 320 MB of kernel sources; -args -fetch does it")
	}
	cmd := exec.Command("make", "-C", "../..", "tables", "TABLES=-check")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("make tables TABLES=-check: %v\n%s", err, out)
	}
}

// writeTree writes the files of a txtar-like text below dir.
func writeTree(t *testing.T, dir, text string) {
	t.Helper()
	for part := range strings.SplitSeq(text, "-- ") {
		name, content, ok := strings.Cut(part, " --\n")
		if !ok {
			continue
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// tree is a kernel's source of a few system calls, one for each difficulty.
const tree = `
-- Makefile --
# SPDX-License-Identifier: GPL-2.0
VERSION = 9
PATCHLEVEL = 8
SUBLEVEL = 7
EXTRAVERSION =
-- arch/x86/entry/syscalls/syscall_32.tbl --
# a comment
1	i386	exit	sys_exit	-	noreturn
120	i386	clone	sys_clone	compat_sys_ia32_clone
180	i386	pread64	sys_ia32_pread64
17	i386	break
-- arch/x86/entry/syscalls/syscall_64.tbl --
0	common	writev	sys_writev
56	64	clone	sys_clone
512	x32	rt_sigaction	compat_sys_rt_sigaction
-- scripts/syscall.tbl --
38	renameat	renameat	sys_renameat
25	32	fcntl64	sys_fcntl64
25	64	fcntl	sys_fcntl
92	common	personality	sys_personality
-- arch/mips/kernel/syscalls/syscall_o32.tbl --
0	o32	syscall		sys_syscall	sys32_syscall
2	o32	fork		__sys_fork
22	o32	pipe		sysm_pipe
86	o32	uselib		sys_uselib
200	o32	pread64		sys_pread64	sys_32_pread
336	o32	fanotify_mark	sys_fanotify_mark	compat_sys_fanotify_mark
-- arch/mips/kernel/syscall.c --
asmlinkage int sysm_pipe(void)
{
}
SYSCALL_DEFINE6(32_pread, unsigned long, fd, char __user *, buf, size_t, count,
	unsigned long, unused, unsigned long, a4, unsigned long, a5)
-- arch/x86/kernel/sys_ia32.c --
/* SYSCALL_DEFINE1(commented, int, out) */
SYSCALL_DEFINE5(ia32_pread64, unsigned int, fd, char __user *, ubuf,
		u32, count, u32, poslo, u32, poshi)
{
}
COMPAT_SYSCALL_DEFINE5(ia32_clone, unsigned long, clone_flags,
		       unsigned long, newsp, int __user *, parent_tidptr,
		       unsigned long, tls_val, int __user *, child_tidptr)
-- arch/x86/um/sys.c --
SYSCALL_DEFINE0(exit)
-- arch/arm64/kernel/sys.c --
SYSCALL_DEFINE1(arm64_personality, unsigned int, personality)
-- block/empty.c --
-- drivers/char/random.c --
-- drivers/pci/syscall.c --
-- io_uring/empty.c --
-- ipc/empty.c --
-- mm/empty.c --
-- net/empty.c --
-- security/empty.c --
-- kernel/sys_ni.c --
COND_SYSCALL(uselib);
-- fs/fanotify.c --
SYSCALL_DEFINE5(fanotify_mark, int, fanotify_fd, unsigned int, flags, __u64, mask, int, dfd, const char __user *, pathname)
SYSCALL32_DEFINE6(fanotify_mark, int, fanotify_fd, unsigned int, flags, SC_ARG64(mask), int, dfd, const char __user *, pathname)
-- fs/read_write.c --
SYSCALL_DEFINE4(pread64, unsigned int, fd, char __user *, buf, size_t, count, loff_t, pos)
SYSCALL_DEFINE3(writev, unsigned long, fd, const struct iovec __user *, vec,
		unsigned long, vlen)
SYSCALL_DEFINE4(renameat, int, olddfd, const char __user *, oldname,
		int, newdfd, const char __user *, newname)
SYSCALL_DEFINE3(fcntl, unsigned int, fd, unsigned int, cmd, unsigned long, arg)
-- kernel/signal.c --
COMPAT_SYSCALL_DEFINE3(rt_sigaction, int, sig, const struct compat_sigaction __user *, act, compat_size_t, sigsetsize)
-- kernel/fork.c --
SYSCALL_DEFINE1(exit, int, error_code)
SYSCALL_DEFINE0(fork)
#ifdef __ARCH_WANT_SYS_CLONE
#ifdef CONFIG_CLONE_BACKWARDS
SYSCALL_DEFINE5(clone, unsigned long, clone_flags, unsigned long, newsp,
		 int __user *, parent_tidptr,
		 unsigned long, tls,
		 int __user *, child_tidptr)
#elif defined(CONFIG_CLONE_BACKWARDS2)
SYSCALL_DEFINE5(clone, unsigned long, newsp, unsigned long, clone_flags,
		 int __user *, parent_tidptr,
		 int __user *, child_tidptr,
		 unsigned long, tls)
#else
SYSCALL_DEFINE5(clone, unsigned long, clone_flags, unsigned long, newsp,
		 int __user *, parent_tidptr,
		 int __user *, child_tidptr,
		 unsigned long, tls)
#endif
#endif
`

// only narrows targets to those tree has.
func only(t *testing.T) {
	all := targets
	t.Cleanup(func() { targets = all })
	targets = slices.DeleteFunc(slices.Clone(all), func(t target) bool {
		return !slices.Contains([]string{"x86", "x86_64", "x32", "aarch64", "mips"}, t.name)
	})
}

func TestKernel(t *testing.T) {
	only(t)
	src, out := t.TempDir(), t.TempDir()
	writeTree(t, src, tree)
	writeTree(t, out, "-- arch/x --\n-- internal/proto/x --\n")
	if err := run([]string{"-linux", src, "-o", out}, io.Discard); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{
		"arch/zrelease.go": {`const KernelRelease = "9.8.7"`},
		"arch/zx86.go":     {"// Code generated by mktables from Linux 9.8.7; DO NOT EDIT.\n", "{\"exit\", 1},\n\t\t{\"break\", 17},\n\t\t{\"clone\", 120},\n\t\t{\"pread64\", 180},\n\t}", "1, 2, 0, 3,\n"},
		"arch/zx86_64.go":  {"{\n\t\t{\"writev\", 0},\n\t\t{\"clone\", 56},\n\t}"},
		"arch/zaarch64.go": {
			"{\n\t\t{\"fcntl\", 25},\n\t\t{\"renameat\", 38},\n\t\t{\"personality\", 92},\n\t}"},
		"internal/proto/zx86.go": {
			`{"clone", []Arg{{"clone_flags", Flags, 32}, {"newsp", ULong, 32}, {"parent_tidptr", Pointer, 32}, {"tls_val", ULong, 32}, {"child_tidptr", Pointer, 32}}}`,
			`{"exit", []Arg{{"error_code", Int, 32}}}`,
			`{"pread64", []Arg{{"fd", FD, 32}, {"ubuf", Pointer, 32}, {"count", Uint, 32}, {"poslo", Uint, 32}, {"poshi", Uint, 32}}}`,
		},
		"arch/zx32.go":  {"X32Table is arch/x86/entry/syscalls/syscall_64.tbl (common, x32), of Linux 9.8.7.", "{\"writev\", 1073741824},\n\t\t{\"rt_sigaction\", 1073742336},\n"},
		"arch/zmips.go": {"last:    4336,", `{"syscall", 4000}`, `{"fanotify_mark", 4336}`},
		"internal/proto/zmips.go": {
			`{"fanotify_mark", []Arg{{"fanotify_fd", FD, 32}, {"flags", Flags, 32}, {"mask_hi", Uint, 32}, {"mask_lo", Uint, 32}, {"dfd", DirFD, 32}, {"pathname", Pointer, 32}}}`,
			`{"fork", nil}`, `{"pipe", nil}`,
			`{"pread64", []Arg{{"fd", FD, 32}, {"buf", Pointer, 32}, {"count", Size, 32}, {"pad", Uint, 32}, {"pos_hi", Uint, 32}, {"pos_lo", Uint, 32}}}`,
		},
		"internal/proto/zmipsel.go": {
			"var mipselCalls = [...]call{\n\t{\"fanotify_mark\",", `{"pos_lo", Uint, 32}, {"pos_hi", Uint, 32}}}`,
		},
		"internal/proto/zx32.go": {`{"rt_sigaction", []Arg{{"sig", Int, 32}, {"act", Pointer, 64}, {"sigsetsize", Size, 32}}}`},
		"internal/proto/zx86_64.go": {
			`{"clone", []Arg{{"clone_flags", Flags, 32}, {"newsp", ULong, 64}, {"parent_tidptr", Pointer, 64}, {"child_tidptr", Pointer, 64}, {"tls", ULong, 64}}}`,
			`{"writev", []Arg{{"fd", FD, 32}, {"vec", Pointer, 64}, {"vlen", ULong, 64}}}`,
		},
		"internal/proto/zaarch64.go": {
			`{"fcntl", []Arg{{"fd", FD, 32}, {"cmd", Uint, 32}, {"arg", ULong, 64}}}`,
			`{"personality", []Arg{{"personality", Uint, 32}}}`,
			`{"renameat", []Arg{{"olddfd", DirFD, 32}, {"oldname", Pointer, 64}, {"newdfd", DirFD, 32}, {"newname", Pointer, 64}}}`,
		},
	} {
		got, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, w := range want {
			if !bytes.Contains(got, []byte(w)) {
				t.Errorf("%s lacks\n%s\nit is\n%s", name, w, got)
			}
		}
	}
	checkStale(t, src, out)
}

// checkStale makes sure -check fails when it must, and writes nothing.
func checkStale(t *testing.T, src, out string) {
	args := []string{"-check", "-linux", src, "-o", out}
	if err := run(args, io.Discard); err != nil {
		t.Errorf("fresh files: %v", err)
	}
	path := filepath.Join(out, "internal", "proto", "zx86.go")
	if err := os.WriteFile(path, []byte("stale"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := run(args, io.Discard); err == nil || err.Error() != "internal/proto/zx86.go is stale; run make tables" {
		t.Errorf("a stale file: %v", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "stale" {
		t.Error("-check wrote a file")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := run(args, io.Discard); err == nil {
		t.Error("a missing file: no error")
	}
}

// TestKernelErrors changes one thing of the tree at a time.
func TestKernelErrors(t *testing.T) {
	only(t)
	for _, c := range []struct{ old, new, want string }{
		{"VERSION = 9", "", "no version at the top"},
		{"1	i386	exit", "x	i386	exit", "syscall_32.tbl:2:"},
		{"1	i386	exit", "17	i386	exit", "17 is both"},
		{"0	common	writev	sys_writev", "0	common", "2 columns"},
		{"sys_writev", "sys_other", "no definition of sys_other"},
		{"unsigned long, fd, const", "fd_t, fd, const", `type "fd_t" of fd is not known`},
		{"SYSCALL_DEFINE4(renameat", "SYSCALL_DEFINE3(renameat", "want 3 arguments"},
		{"int, newdfd, const char __user *, newname)", "int, newdfd", "unterminated SYSCALL_DEFINE"},
		{"COND_SYSCALL(uselib)", "", "mips uselib: no definition of sys_uselib"},
		{"unsigned long, a4, unsigned long, a5", "unsigned long, a4, char *, a5", "sys_32_pread takes"},
		{"unsigned long, newsp, int __user *, parent_tidptr,\n\t\t       unsigned", "unsigned long, newsp, int, parent_tidptr,\n\t\t       unsigned", "compat_sys_ia32_clone takes"},
		{"SYSCALL_DEFINE1(exit, int, error_code)", "SYSCALL_DEFINE1(exit, int, error_code)\nSYSCALL_DEFINE0(exit)", "elsewhere"},
	} {
		if strings.Count(tree, c.old) < 1 {
			t.Fatalf("%q is not in the tree", c.old)
		}
		src := t.TempDir()
		writeTree(t, src, strings.Replace(tree, c.old, c.new, 1))
		if _, err := kernelFiles(src, "", ""); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for %q: error %v, want %q", c.new, c.old, err, c.want)
		}
	}
}

func TestNest(t *testing.T) {
	var conds []string
	var got []string
	for _, d := range [][2]string{
		{"ifdef", "A"}, {"ifndef", "B"}, {"else", ""}, {"endif", ""}, {"elif", "defined(C)"}, {"else", ""}, {"endif", ""}, {"endif", ""}, {"else", ""},
	} {
		conds = nest(conds, d[0], d[1])
		got = append(got, strings.Join(conds, ";"))
	}
	want := []string{"A", "A;!B", "A;B", "A", "!A&&C", "!A&&!C", "", "", ""}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"-check"}, {"-linux", "x", "y"}, {"-nope"}, {"-sys", "no-version"}, {"-sys", "none@v1"}, {"-linux", "none"}} {
		if err := run(args, io.Discard); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}
