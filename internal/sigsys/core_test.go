package sigsys

import (
	"bytes"
	"debug/elf"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/tileseal/tileseal/arch"
)

// TestConstructedCores reads a core of every machine, constructed from the
// kernel's headers field by field. Those of x86 are also read as the kernel
// writes them, by TestWhyCore of cmd/tileseal.
func TestConstructedCores(t *testing.T) {
	for _, m := range machines {
		for _, call := range []string{"fsync", "mremap"} {
			d := deathOf(t, m, call)
			r := read(t, string(d.core()))[0]
			want := Report{
				Kind: Core, Arch: m.arch, Nr: d.nr, SigCode: "1", FilterData: 7, PID: "4711", Comm: "archiver",
				Args: [6]uint64{1, 2, 3, 4, 5, 6}, HasArgs: true,
			}
			switch {
			case m.machine == elf.EM_X86_64 && m.class == elf.ELFCLASS32:
				want.Program = arch.X32
			case m.machine == elf.EM_X86_64:
				want.Program = arch.X86_64
			}
			switch n := len(strings.Fields(m.args)); {
			case n == 0, n == 4 && call == "mremap": // five, the last on the stack
				want.Args, want.HasArgs = [6]uint64{}, false
			case n == 4:
				want.Args = [6]uint64{1, 2, 3, 4}
			}
			if !reflect.DeepEqual(r, want) || r.Blind() == r.HasArgs {
				t.Errorf("%v %v %s: got %+v\nwant %+v", m.machine, m.class, call, r, want)
			}
		}
	}
}

// TestCoreWords: i386's arguments have 32 bits, also those of a 64-bit program;
// those of x86_64 have all.
func TestCoreWords(t *testing.T) {
	for _, m := range machines[:3] {
		d := deathOf(t, m, "fsync")
		for name := range d.values {
			d.values[name] |= 0xffff << 32
		}
		want := uint64(0xffff_0000_0001)
		if m.arch == arch.X86 {
			want = 1
		}
		if r := read(t, string(d.core()))[0]; r.Args[0] != want {
			t.Errorf("%v %v: %#x", m.arch, m.class, r.Args)
		}
	}
}

// TestCoreIndirect: a call made by o32's syscall(2) has its arguments one
// place further, the fourth on the stack.
func TestCoreIndirect(t *testing.T) {
	m := machines[len(machines)-2]
	d := deathOf(t, m, "fsync")
	d.values["$2"] = 4000
	if r := read(t, string(d.core()))[0]; r.HasArgs || r.Nr != d.nr || r.Problem != "" {
		t.Errorf("%+v", r)
	}
}

func TestCoreProblem(t *testing.T) {
	amd64, mips := machines[0], machines[len(machines)-3]
	for _, tc := range []struct {
		name    string
		machine machine
		change  func(*death)
		want    string
	}{
		{"no siginfo", amd64, func(d *death) { d.skip = "siginfo" }, "no NT_SIGINFO note"},
		{"no notes", amd64, func(d *death) { d.skip = "status psinfo siginfo" }, "no NT_SIGINFO note"},
		{"SIGSEGV", amd64, func(d *death) { d.signal = 11 }, "is 11, and not SIGSYS, which is 31"},
		{"SIGABRT", amd64, func(d *death) { d.signal = 6 }, "SIGABRT, and not SIGSYS; a Go program"},
		{"SIGSYS of x86 on mips", mips, func(d *death) { d.signal = 31 }, "is 31, and not SIGSYS, which is 12"},
		{"SIGSYS of mips on x86", amd64, func(d *death) { d.signal = 12 }, "is 12, and not SIGSYS, which is 31"},
		{"sent", amd64, func(d *death) { d.code = 0 }, "not of a filter: its code is 0"},
		{"sent to a thread", amd64, func(d *death) { d.code = -6 }, "not of a filter: its code is -6"},
		{"sent on mips", mips, func(d *death) { d.code, d.errno = 0, 1 }, "not of a filter: its code is 0"},
		{"dispatched", amd64, func(d *death) { d.code = 2 }, "not of a filter: its code is 2, SYS_USER_DISPATCH"},
	} {
		d := deathOf(t, tc.machine, "fsync")
		tc.change(&d)
		r := read(t, string(d.core()))[0]
		if !strings.Contains(r.Problem, tc.want) || r.HasArgs || r.Arch != 0 || r.String() != "unknown call" {
			t.Errorf("%s: %+v", tc.name, r)
		}
	}
	d := deathOf(t, amd64, "fsync")
	d.skip = "status"
	if r := read(t, string(d.core()))[0]; r.String() != "fsync(...) on x86_64" || !r.Blind() {
		t.Errorf("no registers: %+v", r)
	}
}

func TestNoCore(t *testing.T) {
	program := deathOf(t, machines[0], "fsync")
	program.kind = elf.ET_DYN
	for text, want := range map[string]string{
		string(program.core()):                  "type ET_DYN, and no core",
		"\x7fELF":                               "damaged or cut off",
		"\x7fELF\x02\x01\x01" + "no ELF at all": "damaged or cut off",
		"\x28\xb5\x2f\xfd and so on":            "packed by zstd",
		"\x1f\x8b\x08 and so on":                "packed by gzip",
	} {
		got, err := Read(strings.NewReader(text))
		if got != nil || !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, %v; want %q", text, got, err, want)
		}
	}
}

// TestCoreCutOff: of each beginning of a core the report is the whole one, or
// says that the core was cut off, or there is none.
func TestCoreCutOff(t *testing.T) {
	d := deathOf(t, machines[0], "fsync")
	file := d.core()
	whole := read(t, string(file))[0]
	var none, cut, full int
	for n := len(elf.ELFMAG); n <= len(file); n++ {
		reports, err := Read(bytes.NewReader(file[:n]))
		switch {
		case errors.Is(err, ErrNone):
			none++
		case err != nil:
			t.Fatal(n, err)
		case strings.Contains(reports[0].Problem, "it was cut off"):
			cut++
		case reflect.DeepEqual(reports[0], whole):
			full++
		default:
			t.Fatalf("%d bytes: %+v", n, reports[0])
		}
	}
	if none < 64 || cut < 336 || full < d.memory {
		t.Errorf("%d none, %d cut off, %d whole", none, cut, full)
	}
}

// TestCoreStream: of a large core little is read, and an error of the stream is
// reported as it is.
func TestCoreStream(t *testing.T) {
	d := deathOf(t, machines[0], "fsync")
	file := d.core()
	rest := &counted{r: iotest.ErrReader(errors.New("read on"))}
	r, err := Read(io.MultiReader(bytes.NewReader(file[:len(file)-d.memory]), rest))
	if err != nil || r[0].Nr != d.nr || rest.n > 0 {
		t.Errorf("%+v, %v, %d bytes of memory read", r, err, rest.n)
	}
	for _, n := range []int{3, 20, 100, 300} {
		broken := errors.New("broken")
		if r, err := Read(io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(broken))); !errors.Is(err, broken) || r != nil {
			t.Errorf("after %d bytes: %v, %v", n, r, err)
		}
	}
}

type counted struct {
	r io.Reader
	n int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

// FuzzCore: whatever follows the first bytes of an ELF file, there is one
// report or none, and it can be shown.
func FuzzCore(f *testing.F) {
	for _, m := range machines {
		d := deathOf(f, m, "fsync")
		d.memory = 0
		f.Add(d.core()[len(elf.ELFMAG):])
	}
	f.Fuzz(func(t *testing.T, rest []byte) {
		reports, err := Read(io.MultiReader(strings.NewReader(elf.ELFMAG), bytes.NewReader(rest)))
		if err != nil {
			if !errors.Is(err, ErrNone) || reports != nil {
				t.Fatalf("%v, %v", reports, err)
			}
			return
		}
		if len(reports) != 1 || reports[0].Kind != Core {
			t.Fatalf("%+v", reports)
		}
		r := &reports[0]
		if (r.Problem == "") != (r.String() != "unknown call") || r.Problem != "" && r.HasArgs {
			t.Errorf("%+v: %s", r, r.String())
		}
		Judge{Policy: judged}.Judge(r)
		Judge{Policy: judged}.Suggest(r)
	})
}
