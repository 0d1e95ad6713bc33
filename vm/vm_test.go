package vm

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
)

// insn is a caller's own type of the kernel's shape, as unix.SockFilter is.
type insn struct {
	Code uint16
	Jt   uint8
	Jf   uint8
	K    uint32
}

func TestNew(t *testing.T) {
	good := []insn{{Code: bpf.LdAbs}, {Code: bpf.RetA}}
	p, err := New(good, arch.S390X)
	if err != nil {
		t.Fatal(err)
	}
	good[0].K = 4 // the program has its own copy
	if got := p.Run(Call{Nr: 7, Arch: 8}); got != 7 {
		t.Errorf("verdict %d, want 7", got)
	}
	if p.Arch() != arch.S390X || p.Len() != 2 || p.String() != "l0: ld [0]\nl1: ret a\n" {
		t.Errorf("arch %v, %d instructions:\n%v", p.Arch(), p.Len(), p)
	}
	for _, row := range []struct {
		prog []insn
		arch arch.Arch
		want string
	}{
		{good, 0, "vm: Arch(0x0) is not an architecture"},
		{nil, arch.X86, "vm: program is empty; the kernel wants at least one instruction"},
		{good[:1], arch.X86, "vm: instruction 0 (ld [4]) is the last one; a program ends with ret"},
		{[]insn{{Code: bpf.Ja, K: 13}, {Code: bpf.RetA}}, arch.X86, "vm: instruction 0 jumps to 14, past the last instruction 1"},
	} {
		if _, err := New(row.prog, row.arch); err == nil || err.Error() != row.want {
			t.Errorf("got  %v\nwant %s", err, row.want)
		}
	}
}

func TestArchiver(t *testing.T) {
	const archive, log = 8, 9
	for _, a := range []arch.Arch{arch.X86, arch.X86_64, arch.AArch64} {
		p, err := New(archiver(a, archive, log), a)
		if err != nil {
			t.Fatal(err)
		}
		foreign := p.Call("write", log)
		foreign.Arch = arch.ARM.Audit()
		Test(t, p, []Case{
			{Call: p.Call("write", 2, 0x7fff0000, 512), Want: Allow},
			{Call: p.Call("write", archive), Want: Allow},
			{Call: p.Call("write", log), Want: Allow},
			{Call: p.Call("write", 1<<32|log), Want: Allow}, // low word only
			{Call: p.Call("write", 1), Want: KillProcess},
			{Call: p.Call("fsync", log), Want: Allow},
			{Call: p.Call("fsync", 2), Want: KillProcess},
			{Call: p.Call("openat"), Want: KillProcess},
			{Call: foreign, Want: KillProcess},
		})
		if got := p.Judge("fsync", log); got != Allow {
			t.Errorf("fsync of the log: %v", got)
		}
		if path, got := p.Trace(p.Call("write", 2)); got != Allow || fmt.Sprint(path) != "[0 1 2 3 6 7 15]" {
			t.Errorf("write to standard error: %v by %v", got, path)
		}
	}
}

func TestCallOf(t *testing.T) {
	c, err := CallOf(arch.AArch64, "write", 1, 2, 1<<40)
	want := Call{Nr: 64, Arch: 0xc00000b7, Args: [6]uint64{1, 2, 1 << 40}}
	if err != nil || c != want {
		t.Errorf("%+v, %v; want %+v", c, err, want)
	}
	c, err = CallOf(arch.X86, "write", ^uint64(0), 1<<32)
	want = Call{Nr: 4, Arch: 0x40000003, Args: [6]uint64{0xffffffff}}
	if err != nil || c != want {
		t.Errorf("%+v, %v; want %+v", c, err, want)
	}
	for _, row := range []struct {
		arch arch.Arch
		name string
		args []uint64
		want string
	}{
		{arch.AArch64, "open", nil, `vm: no system call "open" on aarch64`},
		{0, "write", nil, `vm: no system call "write" on Arch(0x0)`},
		{arch.X86_64, "write", make([]uint64, 7), "vm: write with 7 arguments; a system call has at most 6"},
	} {
		if _, err := CallOf(row.arch, row.name, row.args...); err == nil || err.Error() != row.want {
			t.Errorf("got  %v\nwant %s", err, row.want)
		}
	}
	defer func() {
		if err := recover(); fmt.Sprint(err) != `vm: no system call "wirte" on x86_64` {
			t.Errorf("panic %v", err)
		}
	}()
	p, _ := New([]insn{{Code: bpf.RetA}}, arch.X86_64)
	p.Call("wirte")
}

func TestCallString(t *testing.T) {
	for _, row := range []struct {
		call Call
		want string
	}{
		{Call{Nr: 1, Arch: 0xc000003e, Args: [6]uint64{3, 0, 0x10000}}, "write(3, 0, 0x10000) on x86_64"},
		{Call{Nr: 1, Arch: 0x40000003}, "exit() on x86"},
		{Call{Nr: 1<<30 | 1, Arch: 0xc000003e, Args: [6]uint64{5: 65535}}, "call 0x40000001(0, 0, 0, 0, 0, 65535) on x86_64"},
		{Call{Nr: 4, Arch: 77}, "call 0x4() on Arch(0x4d)"},
	} {
		if got := row.call.String(); got != row.want {
			t.Errorf("got %q, want %q", got, row.want)
		}
	}
}

// errorLog is a TB that keeps what it is told.
type errorLog struct{ lines []string }

func (*errorLog) Helper() {}
func (e *errorLog) Errorf(format string, args ...any) {
	e.lines = append(e.lines, fmt.Sprintf(format, args...))
}

func TestTest(t *testing.T) {
	p, err := New(archiver(arch.X86_64, 8, 9), arch.X86_64)
	if err != nil {
		t.Fatal(err)
	}
	var log errorLog
	Test(&log, p, []Case{
		{Call: p.Call("write", 8), Want: Allow},
		{Call: p.Call("write", 7), Want: Allow},
		{Call: p.Call("fsync", 9), Want: Errno | 1},
		{Call: p.Call("openat"), Want: KillProcess},
	})
	want := "case 1: write(7) on x86_64: kill_process from instruction 14, want allow\n" +
		"case 2: fsync(9) on x86_64: allow from instruction 15, want errno(1)"
	if got := strings.Join(log.lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
