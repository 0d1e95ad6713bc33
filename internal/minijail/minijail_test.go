package minijail_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/minijail"
	"github.com/tileseal/tileseal/internal/policytext"
	"github.com/tileseal/tileseal/internal/rule"
)

// files are what policies of these tests include.
var files = map[string]string{
	"dir/base.policy":   "write: 1\n@include ../up.policy\n",
	"up.policy":         "close: 1\n",
	"dir/loop.policy":   "@include ./loop.policy\n",
	"dir/wrong.policy":  "read 1\n",
	"dir/braced.policy": "{write, close}: 1\n",
}

func open(name string) ([]byte, error) {
	text, ok := files[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return []byte(text), nil
}

// text is what a policy becomes, without the first lines, or its errors.
func text(t testing.TB, policy string, a arch.Arch) string {
	t.Helper()
	p, errs := minijail.Read("dir/p", []byte(policy), open)
	if errs.Err() != nil {
		return errs.Error()
	}
	m, errs := p.Meaning("p", a)
	if errs.Err() != nil {
		return errs.Error()
	}
	out, err := policytext.Write(nil, []*rule.Policy{m})
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(out), "noarg"))
}

// TestMeaning is every form of a policy, and what it means.
func TestMeaning(t *testing.T) {
	for _, tc := range []struct{ name, policy, want string }{
		{"allow", "read: 1\nwrite: allow # always\n\n# more\nkill: 1", "read\nwrite\nkill"},
		{"error", "open: return ENOENT\nclose: return 5", "open -> errno(ENOENT)\nclose -> errno(EIO)"},
		{"by number", "0: 1\n0x1: 1", "read\nwrite"},
		{"comparisons", "lseek: arg1 == 5 || arg1 > 0x10 && arg2 != 010", "lseek: (or (eq (arg 1) 5) (and (> (arg 1) 16) (ne (arg 2) 8)))"},
		{"order", "lseek: arg1 < 5 || arg1 >= 100\nwrite: arg2 <= 4096", "lseek: (or (< (arg 1) 5) (>= (arg 1) 100))\nwrite: (<= (arg 2) 0x1000)"},
		{"flags set", "ioctl: arg1 == 0x5401 || arg1 & 2", "ioctl: (or (eq (arg 1) 0x5401) (ne (mask (arg 1) 2) 0))"},
		{"flags among", "mprotect: arg2 in PROT_READ|PROT_WRITE", `mprotect: (eq (mask (arg 2) "~(PROT_READ|PROT_WRITE)") 0)`},
		{"flags not", "mmap: arg2 in ~PROT_EXEC || arg2 in ~PROT_WRITE", "mmap: (or (eq (mask (arg 2) PROT_EXEC) 0) (eq (mask (arg 2) PROT_WRITE) 0))"},
		{"flags in numbers", "mprotect: arg2 in 3", "mprotect: (eq (mask (arg 2) 0xfffffffffffffffc) 0)"},
		{"32 bits", "openat: arg0 == AT_FDCWD && arg2 in 3", "openat: (and (eq (arg 0) AT_FDCWD) (eq (mask (arg 2) 0xfffffffc) 0))"},
		{"parentheses", "socket: arg1 == (SOCK_STREAM|(SOCK_CLOEXEC))", "socket: (eq (arg 1) 0x80001)"},
		{"negative", "close: arg0 == -1", "close: (eq (arg 0) 0xffffffff)"},
		{"unsigned complement", "lseek: arg1 == ~EPOLLET", "lseek: (eq (arg 1) 0xffffffff7fffffff)"},
		{"else", "read: arg0 == 0; return EBADF", "read: (eq (arg 0) 0)\nread -> errno(EBADF)"},
		{"continued", "read: arg0 == 0 || \\\n  arg0 == 1", "read: (in (arg 0) 0 1)"},
		{"include", "read: 1\n@include ./base.policy\nfsync: 1", "read\nwrite\nclose\nfsync"},
		{"frequency", "@frequency ./p.frequency\nread: 1", "read"},
		{"default", "@default trap\nread: 1", "default -> trap\n\nread"},
		{"actions", "read: log\nwrite: trace\nclose: trap\ndup: user-notify\nfsync: kill-thread", "read -> log\nwrite -> trace(0)\nclose -> trap\ndup -> notify\nfsync -> kill_thread"},
		{"braces", "{read, write}: { arg0 == 1; allow, arg0 == 2; allow, return EPERM }", "read: (in (arg 0) 1 2)\nread -> errno(EPERM)\nwrite: (in (arg 0) 1 2)\nwrite -> errno(EPERM)"},
		{"the first that holds", "read: { arg0 == 1; return EPERM, allow }", "read: (ne (arg 0) 1)\nread -> errno(EPERM)"},
		{"denied but", "@denylist\nptrace: return EPERM\nsocket: arg0 == AF_NETLINK; return EACCES", "default -> allow\n\nptrace -> errno(EPERM)\nsocket -> errno(EACCES): (eq (arg 0) AF_NETLINK)"},
		{"two lines", "read: arg0 == 1\nread: arg0 == 2", "read: (in (arg 0) 1 2)"},
		{"never", "close: arg0 < 0\nread: 1", "read"},
		{"always", "close: arg0 >= 0\nread: arg0 & 0 || arg0 == 3", "close\nread: (eq (arg 0) 3)"},
		{"architectures", "open[arch=x86_64,arm]: 1\nread[arch=arm64]: 1", "open"},

		{"both readers", "{read}: 1\nwrite: arg0 == 1; return EPERM", "dir/p:2:17: minijail0 allows the call if the condition holds, and compile_seccomp_policy, for which dir/p:1 is written, if it does not; write it as {CONDITION; allow, return ERRNO} or the other way round"},
		{"both readers, included", "@include ./braced.policy\nread: arg0 == 1; return EPERM", "dir/p:2:16: minijail0 allows the call if the condition holds, and compile_seccomp_policy, for which dir/braced.policy:1 is written, if it does not; write it as {CONDITION; allow, return ERRNO} or the other way round"},
		{"no call", "raed: 1", "dir/p:1:1: x86_64 has no call raed; leave the architecture out, or write raed[arch=...]"},
		{"no constant", "read: arg0 == FOO", `dir/p:1:15: "FOO" is no constant on x86_64`},
		{"octal", "read: arg0 == 08", `dir/p:1:15: "08" is no constant on x86_64`},
		{"no argument", "read: arg6 == 1", "dir/p:1:7: there is no arg6; arguments are arg0 to arg5"},
		{"old names", "open: flags == 0", "dir/p:1:7: an action belongs here: 1, return ERRNO, allow, kill-process, kill-thread, kill, trap, trace, log or user-notify"},
		{"no operator", "read: arg0 = 1", "dir/p:1:12: after arg0 belongs ==, !=, <, <=, >, >=, & or in"},
		{"no value", "read: arg0 ==", "dir/p:1:12: a constant belongs here"},
		{"no colon", "read 1", `dir/p:1:6: a ":" belongs between calls and what becomes of them`},
		{"something after", "read: 1 2", `dir/p:1:9: unexpected "2"; a line ends here`},
		{"no token", "read: $", `dir/p:1:7: "$" has no meaning here` + "\n" + "dir/p:1:5: an action belongs here: 1, return ERRNO, allow, kill-process, kill-thread, kill, trap, trace, log or user-notify"},
		{"unclosed", "{read, write: 1", `dir/p:1:13: a "}" belongs after the names of calls`},
		{"permissive default", "@default allow", "dir/p:1:1: @default takes kill-process, kill-thread, kill, trap or user-notify"},
		{"directive", "@deny", "dir/p:1:1: unknown directive @deny; there are @default, @denylist, @frequency and @include"},
		{"group", "file-io@systemd: 1", "dir/p:1:1: file-io@systemd: groups of calls are defined in minijail's build"},
		{"decided", "read: 1\nread: arg0 == 1", "dir/p:2:7: read is decided already, at line 1"},
		{"not among errors", "read: return 5000", "dir/p:1:14: 5000 is no error from 0 to 4095"},
		{"pointer", "read: arg1 == 5", "dir/p:1:12: read on x86_64: argument 1 is a pointer"},
		{"too wide", "close: arg0 == 0x100000000", "dir/p:1:13: close on x86_64: argument 0 has 32 bits, and 0x100000000 does not fit them"},
		{"no file", "@include ./none.policy", "dir/p:1:10: @include: file does not exist"},
		{"loop", "@include ./loop.policy", "dir/loop.policy:1:10: includes nest deeper than 10"},
		{"wrong include", "@include ./wrong.policy", `dir/wrong.policy:1:6: a ":" belongs between calls and what becomes of them`},
		{"three verdicts", "read: { arg0 == 1; return EPERM, arg0 == 2; allow }", "dir/p:1:9: read on x86_64 cannot be said: "},
		{"denied without error", "@denylist\nread: 1", "dir/p:2:7: in a @denylist every call has an error to return"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := text(t, tc.policy, arch.X86_64)
			if got != tc.want && !(strings.HasPrefix(tc.want, "dir/") && strings.HasPrefix(got, tc.want)) {
				t.Errorf("%s\n got %s\nwant %s", tc.policy, got, tc.want)
			}
		})
	}
}

// TestArchitectures: constants, numbers and calls are those of the architecture.
func TestArchitectures(t *testing.T) {
	const policy = "read: return ENOSYS\nopenat: arg2 & O_DIRECTORY\nopen[arch=x86_64]: 1"
	for a, want := range map[arch.Arch]string{
		arch.X86_64:  "read -> errno(ENOSYS)\nopenat: (ne (mask (arg 2) O_DIRECTORY) 0)\nopen",
		arch.AArch64: "read -> errno(ENOSYS)\nopenat: (ne (mask (arg 2) O_DIRECTORY) 0)",
	} {
		if got := text(t, policy, a); got != want {
			t.Errorf("%v: %s, want %s", a, got, want)
		}
	}
}

// FuzzRead: whatever the text, it is refused at a place in it, or becomes a
// policy that is proven to mean what was read.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"read: 1\nopen: return ENOENT\n", "ioctl: arg1 == 0x5401 || arg1 & 2\n", "mmap: arg2 in ~PROT_EXEC || arg2 in ~(PROT_WRITE|4)\n",
		"@default trap\n@frequency ./x\n{read, write[arch=x86_64]}: {arg0 == 1; allow, arg0 != 2 && arg2 < 0x10; return EPERM, kill}\n",
		"@include ./base.policy\n@denylist\nptrace: \\\n return 1\n", "0: arg0 == -1; return EBADF",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, policy string) {
		p, errs := minijail.Read("dir/p", []byte(policy), open)
		for _, e := range errs {
			if e.Pos.File == "dir/p" && (e.Pos.Line < 1 || e.Pos.Line > strings.Count(policy, "\n")+1 || e.Pos.Col < 1) {
				t.Errorf("%v is not in the text", e)
			}
		}
		if errs.Err() != nil {
			return
		}
		m, errs := p.Meaning("p", arch.X86_64)
		if errs.Err() != nil {
			return
		}
		_, err := policytext.Write(nil, []*rule.Policy{m})
		var list gen.ErrorList
		if err != nil && !errors.As(err, &list) {
			t.Error(err)
		}
	})
}
