package gen

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/rule"
)

// shape writes a resolved policy down: parameters with their least value,
// then calls with their conditions.
func shape(p *rule.Policy) string {
	var b strings.Builder
	for _, q := range p.Params {
		fmt.Fprintf(&b, "%s>=%d ", q.Name, q.Min)
	}
	for _, c := range p.Calls {
		fmt.Fprintf(&b, "| %s", c.Name)
		for _, k := range c.Cases {
			if k.When != nil {
				fmt.Fprintf(&b, " %s", form(p, k.When))
			}
			if k.Action != rule.Allow {
				fmt.Fprintf(&b, " -> %v", k.Action)
			}
		}
		b.WriteByte(' ')
	}
	return strings.TrimSpace(b.String())
}

func form(p *rule.Policy, x rule.Expr) string {
	join := func(op string, xs []rule.Expr) string {
		for _, y := range xs {
			op += " " + form(p, y)
		}
		return "(" + op + ")"
	}
	switch x := x.(type) {
	case rule.And:
		return join("and", x)
	case rule.Or:
		return join("or", x)
	case rule.Not:
		return "!" + form(p, x.X)
	}
	c := x.(*rule.Cmp)
	v := fmt.Sprintf("%#x", c.X.Value)
	if c.X.Param >= 0 {
		v = p.Params[c.X.Param].Name
	}
	return fmt.Sprintf("%d:%d%s%s", c.Arg, c.Width, [...]string{"=", "<", "<=", ">", ">="}[c.Op], v)
}

func TestResolve(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("sub", 0o777); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"log.seccomppolicy":      "uint log_fd\nwrite: (eq (arg 0) log_fd)\nfsync: (eq (arg 0) log_fd)\n",
		"sub/tile.seccomppolicy": "uint fd\nread: (eq (arg 0) fd)\ninclude \"../log2.seccomppolicy\"\n",
		"log2.seccomppolicy":     "noarg\ngetpid\n",
		"loop.seccomppolicy":     "noarg\ninclude \"loop.seccomppolicy\"\n",
		"deny.seccomppolicy":     "noarg\ngetpid -> errno(1)\n",
		"deny2.seccomppolicy":    "noarg\nread -> errno(1): (eq (arg 0) 3)\n",
		"dflt.seccomppolicy":     "noarg\ndefault -> log\n",
		"wrong.seccomppolicy":    "noarg\ngetpidd\n",
		"fence.seccomppolicy":    "uint log_fd\ndefault -> errno(1)\nwrite: (eq (arg 0) log_fd)\ngetpid\n",
		"any.seccomppolicy":      "uint fd\nread: (eq (arg 0) fd)\n",
		"level.seccomppolicy":    "noarg\nread\ninclude go/netpoll\n",
		"inward.seccomppolicy":   "noarg\nwithin \"inward.seccomppolicy\"\n",
		"io.seccomppolicy":       "noarg\ngroup io = read write\n@io: (eq (arg 0) 3)\n",
		"io2.seccomppolicy":      "noarg\ninclude \"io.seccomppolicy\"\n",
		"io3.seccomppolicy":      "noarg\ngroup io = pread64\n",
		"outer.seccomppolicy":    "noarg\n@mine\n",
	} {
		if err := os.WriteFile(filepath.FromSlash(name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		name, arch, text, want string // an error begins with "!"
	}{
		{"widths", "x86_64", "noarg\nread: (and (eq (arg 0) 1) (eq (arg 2) 1))\nlseek: (eq (arg 1) \"(int)-1\")",
			"| read (and 0:32=0x1 2:64=0x1) | lseek 1:64=0xffffffffffffffff"},
		{"widths on i386", "i386", "noarg\nread: (eq (arg 2) 1)\nlseek: (eq (arg 1) \"(int)-1\")",
			"| read 2:32=0x1 | lseek 1:32=0xffffffff"},
		{"mirrored", "x86_64", "noarg\nread: (< 5 (arg 2))", "| read 2:64>0x5"},
		{"in, ne, range", "x86_64", "uint a\nread: (in (arg 0) 1 a)\nwrite: (ne (arg 0) a)\nclose: (range (arg 0) 3 a)",
			"a>=0 | read (or 0:32=0x1 0:32=a) | write !0:32=a | close (and 0:32>=0x3 0:32<=a)"},
		{"-1 where it means nothing", "x86_64", "uint a\nread: (eq (arg 0) a)", "a>=-1 | read 0:32=a"},
		{"-1 as a directory", "x86_64", "uint a\nunlinkat: (eq (arg 0) a)", "a>=0 | unlinkat 0:32=a"},
		{"-1 as a process", "x86_64", "uint a\nkill: (eq (arg 0) a)", "a>=0 | kill 0:32=a"},
		{"-1 in order", "x86_64", "uint a\nread: (<= (arg 0) a)", "a>=0 | read 0:32<=a"},
		{"guards", "aarch64", "noarg\npoll on i386 x86_64\nppoll on arm64: (eq (arg 1) 1)", "| ppoll 1:32=0x1"},
		{"guards elsewhere", "i386", "noarg\npoll on i386 x86_64\nppoll on arm64: (eq (arg 1) 1)", "| poll"},
		{"include", "x86_64", "uint fd, uint log_fd\nread: (eq (arg 0) fd)\ninclude \"log.seccomppolicy\"",
			"fd>=-1 log_fd>=-1 | read 0:32=fd | write 0:32=log_fd | fsync 0:32=log_fd"},
		{"include is a union", "x86_64", "uint log_fd\nwrite: (eq (arg 0) 2)\ninclude \"log.seccomppolicy\"",
			"log_fd>=-1 | write 0:32=0x2 0:32=log_fd | fsync 0:32=log_fd"},
		{"include twice", "x86_64", "uint log_fd\ninclude \"log.seccomppolicy\" \"log.seccomppolicy\"",
			"log_fd>=-1 | write 0:32=log_fd | fsync 0:32=log_fd"},
		{"include of an include", "x86_64", "uint fd\ninclude \"sub/tile.seccomppolicy\"", "fd>=-1 | read 0:32=fd | getpid"},
		{"runtime parameters come first", "x86_64", "uint fd\nread: (eq (arg 0) fd)\ninclude go/netpoll",
			"go_epoll_fd>=-1 fd>=-1 | read 0:32=fd | epoll_ctl (and 0:32=go_epoll_fd (or 1:32=0x1 1:32=0x2))"},
		{"a level's parameter, below its include", "x86_64", "noarg\ninclude go/netpoll\nclose: (ne (arg 0) go_epoll_fd)",
			"go_epoll_fd>=-1 | epoll_ctl (and 0:32=go_epoll_fd (or 1:32=0x1 1:32=0x2)) | close !0:32=go_epoll_fd"},
		{"a level's parameter, above its include", "x86_64", "noarg\nclose: (ne (arg 0) go_epoll_fd)\ninclude go/netpoll",
			"!p:2:20: go_epoll_fd is known only below an include of a Go runtime level that has it, as in: include go/core"},
		{"actions", "x86_64", "noarg\nclone3 -> errno(ENOSYS)\nsocket -> trap(3): (eq (arg 0) 1)",
			"| clone3 -> errno(38) | socket 0:32=0x1 -> trap(3)"},
		{"dialects", "x86_64", "unsigned int fd\nread: (eq (arg 0) fd)", "fd>=-1 | read 0:32=fd"},
		{"group", "x86_64", "uint fd\ngroup io = read\n write # more\n fsync\n@io: (eq (arg 0) fd)\ngetpid",
			"fd>=-1 | read 0:32=fd | write 0:32=fd | fsync 0:32=fd | getpid"},
		{"group of other widths", "x86_64", "noarg\ngroup g = read fcntl\n@g: (eq (arg 2) 1)", "| read 2:64=0x1 | fcntl 2:64=0x1"},
		{"group of other widths on i386", "i386", "noarg\ngroup g = read fcntl\n@g: (eq (arg 2) 1)", "| read 2:32=0x1 | fcntl 2:32=0x1"},
		{"guard by word size", "mipsel64", "noarg\npoll on 32-bit\nppoll on 64-bit", "| ppoll"},
		{"guard by word size, 32", "arm", "noarg\npoll on 32-bit\nppoll on 64-bit", "| poll"},
		{"guard that leaves out", "s390x", "noarg\npoll on 64-bit !s390x\nppoll on !x86_64", "| ppoll"},
		{"guard that leaves others out", "x86_64", "noarg\npoll on 64-bit !s390x\nppoll on !x86_64", "| poll"},
		{"group with action and guard", "x86_64", "noarg\ngroup g = chmod chown\n@g on i386 x86_64 -> errno(EPERM)", "| chmod -> errno(1) | chown -> errno(1)"},
		{"group elsewhere", "aarch64", "noarg\ngroup g = chmod chown\n@g on i386 x86_64 -> errno(EPERM)\ngetpid", "| getpid"},
		{"group, where a call exists", "aarch64", "noarg\ngroup g = poll? ppoll\n@g", "| ppoll"},
		{"group, where both exist", "x86_64", "noarg\ngroup g = poll? ppoll\n@g", "| poll | ppoll"},
		{"group used twice, guarded", "i386", "noarg\ngroup g = getpid gettid\n@g on i386\n@g on x86_64 -> log", "| getpid | gettid"},
		{"group of an include", "x86_64", "noarg\ninclude \"io.seccomppolicy\"\n@io: (eq (arg 0) 4)",
			"| read 0:32=0x3 0:32=0x4 | write 0:32=0x3 0:32=0x4"},
		{"group of an include of an include", "x86_64", "noarg\ninclude \"io2.seccomppolicy\" \"io.seccomppolicy\"\n@io: (eq (arg 0) 4)",
			"| read 0:32=0x3 0:32=0x4 | write 0:32=0x3 0:32=0x4"},
		{"group used before the include", "x86_64", "noarg\n@io\ninclude \"io.seccomppolicy\"", "!p:2:1: there is no group \"io\""},
		{"group of two includes", "x86_64", "noarg\ninclude \"io.seccomppolicy\" \"io3.seccomppolicy\"",
			"!p:2:28: group io is already defined at io.seccomppolicy:2"},
		{"group of the includer", "x86_64", "noarg\ngroup mine = getpid\n@mine\ninclude \"outer.seccomppolicy\"",
			"!outer.seccomppolicy:2:1: there is no group \"mine\""},
		{"within", "x86_64", "uint fd, uint log_fd\nwrite: (in (arg 0) fd log_fd)\nread: (eq (arg 0) fd)\nwithin \"fence.seccomppolicy\"",
			"fd>=-1 log_fd>=-1 | write (and 0:32=log_fd (or 0:32=fd 0:32=log_fd)) 0:32=log_fd -> kill_process (or 0:32=fd 0:32=log_fd) -> errno(1) -> kill_process" +
				" | read 0:32=fd -> errno(1) -> kill_process | getpid -> kill_process"},
		{"within two, of which one is a level's", "x86_64", "uint fd\nread: (eq (arg 0) fd)\nwithin \"any.seccomppolicy\" \"level.seccomppolicy\"",
			"go_epoll_fd>=-1 fd>=-1 | read (and 0:32=fd 0:32=fd) 0:32=fd -> kill_process 0:32=fd -> kill_process -> kill_process" +
				" | epoll_ctl (and 0:32=go_epoll_fd (or 1:32=0x1 1:32=0x2)) -> kill_process -> kill_process"},
		{"within itself", "x86_64", "noarg\nwithin \"inward.seccomppolicy\"", "!inward.seccomppolicy:2:8: inward.seccomppolicy is within itself"},
		{"within needs parameters", "x86_64", "noarg\ngetpid\nwithin \"fence.seccomppolicy\"", "!p:3:8: fence.seccomppolicy needs a parameter log_fd, which this policy does not declare"},
		{"within, unquoted", "x86_64", "noarg\ngetpid\nwithin go/core", "!p:3:8: within go/core: quote the file's name"},
		{"loop", "x86_64", "noarg\ninclude \"loop.seccomppolicy\"", "!loop.seccomppolicy:2:9: loop.seccomppolicy includes itself"},
		{"contradiction", "x86_64", "noarg\ngetpid\ninclude \"deny.seccomppolicy\"", "!deny.seccomppolicy:2:1: getpid -> errno(1) contradicts allow at p:2"},
		{"contradiction on a condition", "x86_64", "noarg\nread: (in (arg 0) 3 4)\ninclude \"deny2.seccomppolicy\"", "!deny2.seccomppolicy:2:1: read -> errno(1) contradicts allow at p:2"},
		{"an answer for the rest", "x86_64", "uint log_fd\nfsync -> errno(1)\ninclude \"log.seccomppolicy\"",
			"log_fd>=-1 | fsync 0:32=log_fd -> errno(1) | write 0:32=log_fd"},
		{"an answer for the rest, in one file", "x86_64", "noarg\nsocket -> errno(ENOSYS)\nsocket: (eq (arg 0) 1)", "| socket 0:32=0x1 -> errno(38)"},
		{"two rules and an answer for the rest", "x86_64", "noarg\nsocket -> errno(ENOSYS)\nsocket: (eq (arg 0) 1)\nsocket: (eq (arg 0) 2)",
			"!p:4:1: socket already has a rule at line 3; join the two with (or ...)"},
		{"an answer for the rest, included", "x86_64", "noarg\nread -> errno(1)\ninclude \"io.seccomppolicy\"",
			"| read 0:32=0x3 -> errno(1) | write 0:32=0x3"},
		{"default of an include", "x86_64", "noarg\ninclude \"dflt.seccomppolicy\"", "!dflt.seccomppolicy:2:1: default belongs to the policy itself, not to a file it includes"},
		{"error in an include", "x86_64", "noarg\ninclude \"wrong.seccomppolicy\"", "!wrong.seccomppolicy:2:1: unknown system call \"getpidd\" on x86_64; did you mean \"getpid\"?"},
		{"reserved name", "x86_64", "uint go_pid\nkill: (eq (arg 0) go_pid)", "!p:1:6: parameter go_pid: names beginning with go_ belong to the Go runtime's levels"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, err := arch.ByName(tc.arch)
			if err != nil {
				t.Fatal(err)
			}
			_, targets, errs := Read("p", tc.text, Tileseal, []arch.Arch{a}, compile.Plain)
			got := "!" + errs.Error()
			if errs.Err() == nil {
				got = shape(targets[0].Policy)
			}
			if got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestLayoutWidths shows who decides how much of an argument is compared.
func TestLayoutWidths(t *testing.T) {
	const text = "noarg\nlseek: (eq (arg 1) 0)\nwritev: (eq (arg 2) 1)\npreadv2: (eq (arg 2) 1)\n"
	for l, want := range map[compile.Layout]string{
		compile.Classic: "| lseek 1:32=0x0 | writev 2:32=0x1 | preadv2 2:32=0x1",
		compile.Current: "| lseek 1:64=0x0 | writev 2:64=0x1 | preadv2 2:32=0x1",
		compile.Plain:   "| lseek 1:64=0x0 | writev 2:64=0x1 | preadv2 2:64=0x1",
	} {
		_, targets, errs := Read("p", text, Tileseal, []arch.Arch{arch.X86_64}, l)
		if err := errs.Err(); err != nil {
			t.Fatal(err)
		}
		if got := shape(targets[0].Policy); got != want {
			t.Errorf("layout %v: %s, want %s", l, got, want)
		}
	}
}

// FuzzRead: whatever the text, reading it ends, in programs or in errors that
// have a place in it.
func FuzzRead(f *testing.F) {
	for _, dir := range []string{"../../policy", "../../testdata/errors", "../emit/everything"} {
		files, err := filepath.Glob(dir + "/*" + Ending)
		if err != nil || len(files) == 0 {
			f.Fatalf("no seeds in %s: %v", dir, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(text), uint8(len(text)))
		}
	}
	f.Add("uint a,\n b\nread:((((\n", uint8(1))
	f.Fuzz(func(t *testing.T, text string, how uint8) {
		d, l := Dialect(how%3), compile.Layout(how/3%3)
		_, targets, errs := Read("p", text, d, allArchs, l)
		lines := strings.Count(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n") + 1
		for _, e := range errs {
			if e.Pos.File == "p" && (e.Pos.Line < 1 || e.Pos.Line > lines || e.Pos.Col < 1) {
				t.Errorf("%v is not in the text, which has %d lines", e, lines)
			}
		}
		if errs.Err() == nil && len(targets) != len(allArchs) {
			t.Errorf("%d targets and no error", len(targets))
		}
	})
}
