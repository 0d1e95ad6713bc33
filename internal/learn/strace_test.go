package learn

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/sigsys"
)

// texts are calls as strace prints them, and as this package decodes them again. What
// was not told is ?.
var texts = []struct{ strace, want string }{
	{`openat(AT_FDCWD, "/etc/hosts", O_RDONLY|O_CLOEXEC) = 3`, `openat(AT_FDCWD, "/etc/hosts", O_RDONLY|O_CLOEXEC, ?)`},
	{`12345 openat(AT_FDCWD, "a, \"b\") = 4", O_WRONLY|O_CREAT|O_TRUNC, 0640) = -1 EACCES (Permission denied)`, `12345: openat(AT_FDCWD, "a, \"b\") = 4", O_WRONLY|O_CREAT|O_TRUNC, 0640)`},
	{`[pid   77] 10:20:30.123456 read(3</etc/hosts>, "\177ELF"..., 832) = 832 <0.000011>`, `77: read(3 /etc/hosts, _, _)`},
	{`openat(5</tmp/a,b (c>, "x", O_RDONLY) = 6</tmp/a,b (c/x>`, `openat(5 /tmp/a,b (c, "x", O_RDONLY, ?)`},
	{`shutdown(3<TCP:[127.0.0.1:5->127.0.0.1:6]>, SHUT_WR) = 0`, `shutdown(3 TCP:[127.0.0.1:5->127.0.0.1:6], SHUT_WR)`},
	{`personality(1<<3) = 0`, `personality(8)`},
	{`mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000`, `mmap(_, _, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, _)`},
	{`clone(child_stack=0x3fd5fb102000, flags=CLONE_VM|CLONE_THREAD|SIGCHLD, parent_tid=[5], tls=0x3) = 5`, `clone(SIGCHLD|CLONE_VM|CLONE_THREAD, _, ?, ?, ?)`},
	{`rt_sigaction(SIGINT, {sa_handler=0x55, sa_mask=[INT TERM]}, NULL, 8) = 0`, `rt_sigaction(SIGINT, _, _, _)`},
	{`ioctl(1, TCGETS, 0x7ffc) = -1 ENOTTY (Inappropriate ioctl for device)`, `ioctl(1, TCGETS, _)`},
	{`ioctl(1, _IOC(_IOC_READ, 0x54, 0x1, 0x4), 0x7ffc) = 0`, `ioctl(1, ?, _)`},
	{`arch_prctl(0x3001 /* ARCH_??? */, 0x7ffd) = -1 EINVAL`, `arch_prctl(12289, _)`},
	{`exit_group(0) = ?`, `exit_group(_)`},
	{`exit_group(3 <unfinished ...>`, `exit_group(_)`},
	{`kill(-1, SIGTERM) = 0`, `kill(-1, SIGTERM)`},
	{`getppid() = 1`, `getppid()`},
	{`socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 3`, `socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, 6)`},
	{`--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED} ---`, ``},
	{`+++ exited with 0 +++`, ``},
	{`strace: Process 4 attached`, ``},
	{``, ``},
	{"9 read(3,  <unfinished ...>\n8 getpid() = 8\n9 <... read resumed>\"x\", 1) = 1", "8: getpid()\n9: read(3, _, _)"},
	{"clone(child_stack=NULL, flags=SIGCHLDstrace: Process 7 attached\n <unfinished ...>\n[pid 7] getpid() = 7\n<... clone resumed>, tls=0) = 7", "7: getpid()\nclone(SIGCHLD, _, ?, ?, ?)"},
}

func TestStrace(t *testing.T) {
	for _, tt := range texts {
		var got []string
		_, skipped, err := Strace(strings.NewReader(tt.strace), arch.X86_64, func(c Call) { got = append(got, text(&c)) })
		if err != nil || skipped > 0 || strings.Join(got, "\n") != tt.want {
			t.Errorf("%s\n got %s\nwant %s\n%d skipped, %v", tt.strace, strings.Join(got, "\n"), tt.want, skipped, err)
		}
	}
	if _, skipped, _ := Strace(strings.NewReader("frobnicate(1) = 0\n"), arch.X86_64, nil); skipped != 1 {
		t.Errorf("%d skipped, want 1: the tables have no frobnicate", skipped)
	}
}

// text is what is known of a call: _ stands for what is not compared.
func text(c *Call) string {
	r := sigsys.Report{Arch: c.Arch, Nr: c.Nr, Args: c.Args, HasArgs: true}
	args, _ := r.Arguments()
	var words []string
	for i, a := range args {
		w := a.Text
		switch {
		case c.Texts[i] != "":
			w = fmt.Sprintf("%q", c.Texts[i])
		case c.Missing[i] != Told:
			w = "?"
		case !comparable(r.Name(), a):
			w = "_"
		}
		if c.Files[i] != "" {
			w += " " + c.Files[i]
		}
		words = append(words, w)
	}
	out := r.Name() + "(" + strings.Join(words, ", ") + ")"
	if c.PID != 0 {
		out = fmt.Sprintf("%d: %s", c.PID, out)
	}
	return out
}

// FuzzStrace: whatever the text, what is learned of it is a policy that compiles.
func FuzzStrace(f *testing.F) {
	for _, tt := range texts {
		f.Add(tt.strace)
	}
	f.Fuzz(func(t *testing.T, s string) {
		trace := NewTrace(arch.X86_64)
		Strace(strings.NewReader(s), arch.X86_64, trace.Add)
		compiles(t, trace.Policy("fuzz"))
	})
}
