package sigsys

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
)

// read is the reports in a text.
func read(t *testing.T, text string) []Report {
	t.Helper()
	reports, err := Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return reports
}

const head = "SIGSYS: bad system call\nPC=0x40a78e m=3 sigcode=1\n\n"

const stack = `goroutine 1 gp=0xc0001e0 m=3 mp=0x65d280 [syscall, locked to thread]:
syscall.Syscall(0x4a, 0x4, 0x0, 0x0)
	syscall/syscall_linux.go:74 +0x25 fp=0x1 sp=0x2 pc=0x3
main.(*archive).flush(...)
	example.com/tile/main.go:35
main.main()
	example.com/tile/main.go:67 +0x57
created by other.Start in goroutine 9
	example.com/tile/other.go:1 +0x57

goroutine 2 gp=0xc000780 m=nil [idle]:
runtime.gopark(0x0?)
	runtime/proc.go:462 +0xce

`

const regs = `rax    0x101
rbx    0xb
rcx    0x40a78e
rdx    0x3
rdi    0xffffffffffffff9c
rsi    0x2
rbp    0xbb
rsp    0xbbb
r8     0x5
r9     0x6
r10    0x4
r11    0x202
rip    0x40a78e
rflags 0x202
`

func TestCrash(t *testing.T) {
	want := Report{
		Line: 1, Kind: Crash, Arch: arch.X86_64, Nr: 257, HasArgs: true, SigCode: "1",
		Args:      [6]uint64{0xffffffffffffff9c, 2, 3, 4, 5, 6},
		Goroutine: "goroutine 1 [syscall, locked to thread]",
		Stack: []Frame{
			{"syscall.Syscall", "syscall/syscall_linux.go:74"},
			{"main.(*archive).flush", "example.com/tile/main.go:35"},
			{"main.main", "example.com/tile/main.go:67"},
		},
	}
	text := head + stack + regs
	for _, tc := range []struct {
		name, text string
		line       int
	}{
		{"as it is", text, 1},
		{"as Go 1.20 had it", strings.ReplaceAll(text, "gp=0xc0001e0 m=3 mp=0x65d280 ", ""), 1},
		{"with labels", strings.ReplaceAll(text, "thread]:", "thread] {user: x}:"), 1},
		{"no end of line", strings.TrimSuffix(text, "\n"), 1},
		{"among others", "hello\n\n" + text + "exit status 2\nrax    0x7\n", 3},
		{"CRLF", strings.ReplaceAll(text, "\n", "\r\n"), 1},
		{"a logger's prefix", "tile  | " + strings.ReplaceAll(text, "\n", "\ntile  | "), 1},
		{"a logger that trims", "tile  | " + strings.ReplaceAll(strings.ReplaceAll(text, "\n", "\ntile  | "), "| \n", "|\n"), 1},
		{"other threads", text + "\n-----\n\n" + strings.ReplaceAll(stack+regs, "0x", "0xf"), 1},
	} {
		got := read(t, tc.text)
		w := want
		w.Line = tc.line
		if len(got) != 1 || !reflect.DeepEqual(got[0], w) {
			t.Errorf("%s: got %+v", tc.name, got)
		}
	}
}

// TestConventions: which register is what, on each architecture.
func TestConventions(t *testing.T) {
	for _, tc := range []struct {
		name, regs string
		arch       arch.Arch
	}{
		{"386", "eax 0x9\nebx 0x1\necx 0x2\nedx 0x3\nedi 0x5\nesi 0x4\nebp 0x6\neip 0x8\n", arch.X86},
		{"arm64", "r0 0x1\nr1 0x2\nr2 0x3\nr3 0x4\nr4 0x5\nr5 0x6\nr6 0x7\nr7 0x7\nr8 0x9\nr29 0x7\npc 0x8\nfault 0x0\n", arch.AArch64},
		{"amd64", "rax 0x9\nrdi 0x1\nrsi 0x2\nrdx 0x3\nr8 0x5\nr9 0x6\nr10 0x4\nrip 0x8\n", arch.X86_64},
	} {
		r := read(t, head+tc.regs)[0]
		if r.Arch != tc.arch || r.Nr != 9 || r.Args != [6]uint64{1, 2, 3, 4, 5, 6} || !r.HasArgs || r.Problem != "" {
			t.Errorf("%s: %+v", tc.name, r)
		}
	}
}

func TestProblem(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"cut off at once", "SIGSYS: bad system call", "registers are missing"},
		{"cut off in the stack", head + stack, "registers are missing"},
		{"cut off in the registers", head + stack + regs[:30], "cut off"},
		{"rdi is missing", head + strings.Replace(regs, "rdi", "xdi", 1), "some registers are missing"},
		{"sent by kill", strings.Replace(head, "sigcode=1", "sigcode=0", 1) + stack + regs, "not of a filter: its code is 0"},
		{"arm", head + "trap    0x0\nr0      0x1\nr7      0x5\nfp 0x1\nlr 0x2\npc 0x3\ncpsr 0x4\n", "not those of amd64, 386 or arm64"},
		{"two a line", head + "r0   0x1\tr1   0x2\nr29  0x1\tr30  0x2\npc   0x2\tlr 0x3\n", "registers are missing"},
	} {
		r := read(t, tc.text)[0]
		if !strings.Contains(r.Problem, tc.want) || r.HasArgs || r.Arch != 0 || r.String() != "unknown call" {
			t.Errorf("%s: %+v", tc.name, r)
		}
	}
}

// TestThreadStack: what was stopped on a thread's own stack was on behalf of
// the goroutine that this thread ran, if it did.
func TestThreadStack(t *testing.T) {
	const g0 = "goroutine 0 gp=0xc0001e0 m=3 mp=0x65d280 [idle]:\nruntime.madvise(0x1)\n\truntime/sys.s:5 +0x1\nruntime.systemstack(0x0)\n\truntime/asm.s:7 +0x1\n\n"
	for thread, want := range map[string]string{"3": "main.(*archive).flush", "4": "", "nil": ""} {
		r := read(t, head+g0+strings.ReplaceAll(stack, "m=3", "m="+thread)+regs)[0]
		f, _, ok := r.Maker()
		if f.Func != want || ok != (want != "") || r.Stack[0].Func != "runtime.madvise" || r.Nr != 257 {
			t.Errorf("m=%s: made by %q; %+v", thread, f.Func, r)
		}
	}
}

func TestMaker(t *testing.T) {
	for _, tc := range []struct {
		stack          string
		maker, through string
	}{
		{"internal/runtime/syscall/linux.Syscall6 syscall.RawSyscall6 syscall.Kill main.f main.main", "main.f", ""},
		{"syscall.Syscall syscall.openat internal/poll.Open os.open os.OpenFile os.Open example.com/a/b.(*T).F main.main", "example.com/a/b.(*T).F", "os.Open"},
		{"syscall.Syscall golang.org/x/sys/unix.Fsync main.(*archive).flush main.main", "main.(*archive).flush", ""},
		{"runtime.futex runtime.notesleep runtime.mstart", "", ""},
		{"runtime.setitimer runtime.SetCPUProfileRate runtime/pprof.StartCPUProfile tile/x.Start[...] main.main", "tile/x.Start[...]", "runtime/pprof.StartCPUProfile"},
		{"syscall.Syscall os.Open net/http.(*Server).Serve", "", "net/http.(*Server).Serve"},
		{"syscall.Syscall gopkg.in/yaml%2ev3.Read", "gopkg.in/yaml%2ev3.Read", ""},
	} {
		var r Report
		for _, f := range strings.Fields(tc.stack) {
			r.Stack = append(r.Stack, Frame{f, "file.go:1"})
		}
		f, through, ok := r.Maker()
		if f.Func != tc.maker || ok != (tc.maker != "") || ok && through != tc.through {
			t.Errorf("%s: %q through %q", tc.stack, f.Func, through)
		}
	}
}

func TestAudit(t *testing.T) {
	const tail = " sig=31 arch=c000003e syscall=257 compat=0 ip=0x7f code=0x80000000"
	want := Report{Line: 1, Kind: Audit, Arch: arch.X86_64, Nr: 257, Code: "kill_process", PID: "9", Comm: "tile", Exe: "/usr/bin/tile"}
	for name, line := range map[string]string{
		"kernel log":   `[  12.5] audit: type=1326 audit(1795312845.623:27266): auid=4294967295 uid=0 gid=0 ses=4294967295 pid=9 comm="tile" exe="/usr/bin/tile"` + tail,
		"auditd":       `type=SECCOMP msg=audit(1795312845.623:7): auid=1 uid=0 gid=0 ses=3 subj=unconfined pid=9 comm="tile" exe="/usr/bin/tile"` + tail,
		"enriched":     `type=SECCOMP msg=audit(1795312845.623:7): auid=1 uid=0 gid=0 ses=3 pid=9 comm="tile" exe="/usr/bin/tile"` + tail + "\x1dAUID=\"unset\" ARCH=x86_64 SYSCALL=openat",
		"journal":      `Nov 22 02:00:48 host audit[9]: SECCOMP auid=1 uid=0 gid=0 ses=3 pid=9 comm="tile" exe="/usr/bin/tile"` + tail,
		"hexadecimal":  `type=1326 audit(1.2:3): pid=9 comm=74696C65 exe=2F7573722F62696E2F74696C65` + tail,
		"interpreted":  `type=SECCOMP msg=audit(11/22/26 02:00:45.623:7) : auid=op uid=op pid=9 comm=tile exe=/usr/bin/tile sig=SIGSYS arch=x86_64 syscall=openat compat=0 ip=0x7f code=kill`,
		"number, name": `type=SECCOMP msg=audit(11/22/26 02:00:45.623:7) : pid=9 comm=tile exe=/usr/bin/tile sig=SIGSYS arch=x86_64 syscall=unknown-syscall(257) compat=0 ip=0x7f code=kill`,
	} {
		w := want
		if strings.HasSuffix(line, "code=kill") {
			w.Code = "kill"
		}
		if got := read(t, "before\n"+line+"\nafter")[0]; got.Line != 2 {
			t.Errorf("%s: line %d", name, got.Line)
		}
		if got := read(t, line); len(got) != 1 || !reflect.DeepEqual(got[0], w) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAuditCalls(t *testing.T) {
	for _, tc := range []struct {
		fields string
		want   string // the call, or the problem
		code   string
	}{
		{"arch=40000003 syscall=102 compat=1 code=0x30000", "socketcall(...) on i386", "trap"},
		{"arch=c00000b7 syscall=172 compat=0 code=0x0", "getpid() on aarch64", "kill_thread"},
		{"arch=c000003e syscall=1073741863 code=0x7ffc0000", "x32 call 39 (number 0x40000027) on x86_64", "log"},
		{"arch=c000003e syscall=4294967295 code=0x50001", "call 0xffffffff(...) on x86_64", "errno(1)"},
		{"arch=c000003e syscall=-1 code=0x12345", "call 0xffffffff(...) on x86_64", "unknown(0x00012345)"},
		{"arch=c00000f3 syscall=64", "write(...) on riscv64", ""},
		{"arch=deadbeef syscall=64", "call 0x40(...) on Arch(0xdeadbeef)", ""},
		{"arch=x86 syscall=getpid", "getpid() on i386", ""},
		{"arch=vax syscall=64", "arch=vax is no architecture", ""},
		{"arch=x86_64 syscall=socketcall", "syscall=socketcall is neither a number nor a system call of x86_64", ""},
		{"arch=x86_64 syscall=99999999999", "syscall=99999999999 is neither", ""},
		{"arch=x86_64 syscall=unknown-syscall(", "is neither", ""},
	} {
		r := read(t, "type=1326 audit(1.2:3): pid=1 sig=31 "+tc.fields)[0]
		got := r.String()
		if r.Problem != "" {
			got = r.Problem
		}
		if !strings.Contains(got, tc.want) || r.Code != tc.code {
			t.Errorf("%s: %q, code %q; want %q, %q", tc.fields, got, r.Code, tc.want, tc.code)
		}
	}
}

func TestNone(t *testing.T) {
	for _, text := range []string{
		"", "\n", "panic: no\n\ngoroutine 1 [running]:\n" + regs, "SIGSYS: bad system calls", "SIGSEGV: segmentation violation\n" + stack + regs,
		"type=SYSCALL msg=audit(1.2:3): arch=c000003e syscall=2", "type=1326 audit(1.2:3): arch=c000003e", "type=13260 arch=c000003e syscall=2",
	} {
		if got, err := Read(strings.NewReader(text)); !errors.Is(err, ErrNone) || got != nil {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestSeveral(t *testing.T) {
	const line = "type=1326 audit(1.2:3): arch=c000003e syscall=2\n"
	got := read(t, line+head+stack+line+regs+head+stack+regs+line)
	var kinds []string
	for _, r := range got {
		kinds = append(kinds, string(r.Kind)+" "+r.Name())
	}
	if want := "audit line open,go crash openat,audit line open,go crash openat,audit line open"; strings.Join(kinds, ",") != want {
		t.Errorf("%s", strings.Join(kinds, ","))
	}
}

// TestLongLine: what follows a line too long to look at is read.
func TestLongLine(t *testing.T) {
	got := read(t, strings.Repeat("x", 3*maxLine)+"\n"+head+regs)
	if len(got) != 1 || got[0].Line != 2 || got[0].Nr != 257 {
		t.Errorf("%+v", got)
	}
}

// FuzzRead: whatever the input, the reader ends, and what it found can be
// shown.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("../../testdata/sigsys/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add(head + regs)
	f.Add("x SIGSYS: bad system call\ny\nrax 0x1")
	f.Fuzz(func(t *testing.T, text string) {
		reports, err := Read(strings.NewReader(text))
		if (err == nil) != (len(reports) > 0) {
			t.Fatalf("%d reports, %v", len(reports), err)
		}
		lines := strings.Count(text, "\n") + 1
		for _, r := range reports {
			if r.Line < 1 || r.Line > lines {
				t.Errorf("line %d of %d", r.Line, lines)
			}
			if (r.Problem == "") != (r.String() != "unknown call") || r.Problem != "" && r.HasArgs {
				t.Errorf("%+v: %s", r, r.String())
			}
			r.Maker()
			Judge{Policy: judged}.Judge(&r)
			Judge{Policy: judged}.Suggest(&r)
		}
	})
}
