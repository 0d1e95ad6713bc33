package lint

import (
	"fmt"
	"slices"

	"github.com/tileseal/tileseal/internal/rule"
)

// aliases are calls that do each other's work.
var aliases = [][]string{
	{"open", "openat", "openat2"}, {"creat", "openat"}, {"rename", "renameat", "renameat2"},
	{"poll", "ppoll", "ppoll_time64"}, {"select", "_newselect", "pselect6", "pselect6_time64"},
	{"epoll_wait", "epoll_pwait", "epoll_pwait2"}, {"mkdir", "mkdirat"}, {"mknod", "mknodat"},
	{"unlink", "unlinkat"}, {"rmdir", "unlinkat"}, {"link", "linkat"}, {"symlink", "symlinkat"},
	{"readlink", "readlinkat"}, {"chmod", "fchmodat", "fchmodat2"}, {"chown", "chown32", "fchownat"},
	{"access", "faccessat", "faccessat2"}, {"truncate", "truncate64"}, {"ftruncate", "ftruncate64"},
	{"fork", "clone"}, {"vfork", "clone"}, {"dup2", "dup3"}, {"fcntl", "fcntl64"}, {"mmap", "mmap2"},
	{"mprotect", "pkey_mprotect"}, {"send", "sendto"}, {"recv", "recvfrom"}, {"accept", "accept4"},
	{"sendmsg", "sendmmsg"}, {"recvmsg", "recvmmsg", "recvmmsg_time64"},
	{"kill", "pidfd_send_signal"}, {"tkill", "tgkill"}, {"futex", "futex_time64"}, {"prlimit64", "setrlimit"},
	{"socket", "socketcall"}, {"pwrite64", "pwritev", "pwritev2"}, {"pread64", "preadv", "preadv2"},
	{"write", "writev"}, {"read", "readv"},
}

// newer pairs calls with those that libraries have moved on to, or that stand
// for them on newer architectures.
var newer = [][2]string{{"open", "openat"}, {"rename", "renameat2"}, {"renameat", "renameat2"}, {"poll", "ppoll"}}

// aliases is L7.
func (c *checker) aliases() {
	for _, group := range aliases {
		for _, name := range group {
			strict, ok := c.call(name)
			if !ok || len(strict.Cases) == 0 || c.passesAll(strict) || c.fallsBack(strict) {
				continue
			}
			for _, other := range group {
				lax, ok := c.call(other)
				if ok && other != name && len(lax.Cases) > 0 && c.passesAll(lax) {
					c.add(src(lax), "L7", "%s passes with any arguments, though %s, which does the same, is checked (%s); check both", other, name, where(src(strict), src(lax)))
				}
			}
		}
	}
	for _, pair := range newer {
		c.missing(pair[0], pair[1])
	}
}

// missing reports a call that passes while the newer one for it kills.
func (c *checker) missing(old, new string) {
	call, ok := c.call(old)
	next, exists := c.call(new)
	if !ok || !exists || len(call.Cases) == 0 || len(next.Cases) > 0 || !c.passes(call, nil) {
		return
	}
	if slices.Contains([]rule.Action{rule.KillProcess, rule.KillThread, rule.Trap}, c.target.Default.Kind()) {
		c.add(src(call), "L7", "%s passes and %s kills, which a newer library may call in its place; allow it alike, or answer it with errno(ENOSYS)", old, new)
	}
}

// fallsBack reports whether all a call gets is ENOSYS, for which libraries use an
// alias of it.
func (c *checker) fallsBack(call rule.Call) bool {
	want := rule.Errno | rule.Action(c.constant("ENOSYS"))
	return !slices.ContainsFunc(call.Cases, func(k rule.Case) bool { return k.Action != want })
}

// where names the place of a rule to a reader at another.
func where(at, reader rule.Src) string {
	if at.File != reader.File {
		return "in " + at.File
	}
	return fmt.Sprintf("line %d", at.Line)
}
