//go:build linux

package kerneltest_test

import (
	"math/rand/v2"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/kerneltest"
)

const (
	killProcess = 0x80000000
	killThread  = 0
	errno       = 0x00050000
	allow       = 0x7fff0000
)

func ld(off uint32) bpf.Insn              { return bpf.Insn{Code: bpf.LdAbs, K: off} }
func jeq(k uint32, jt, jf uint8) bpf.Insn { return bpf.Insn{Code: bpf.Jeq, Jt: jt, Jf: jf, K: k} }
func ret(k uint32) bpf.Insn               { return bpf.Insn{Code: bpf.RetK, K: k} }

// only is the program: a foreign call is decided by the RET at 2, call nr
// with argument 1 (low word) equal to x by that at 7, any other by that at 8.
func only(a arch.Arch, nr, x uint32) []bpf.Insn {
	return []bpf.Insn{
		ld(bpf.OffArch),
		jeq(a.Audit(), 1, 0),
		ret(killProcess),
		ld(bpf.OffNr),
		jeq(nr, 0, 3),
		ld(bpf.ArgWord(1, false, a.BigEndian())),
		jeq(x, 0, 1),
		ret(allow),
		ret(killProcess),
	}
}

// randomCalls draws calls near those that only(a, 1, 77) allows, and the RETs
// that decide them.
func randomCalls(n int) (calls []kerneltest.Call, pcs []int) {
	for range n {
		c := kerneltest.Call{Nr: rand.Uint32N(3) - 1} // -1, which a tracer uses to skip a call, too
		for j := range c.Args {
			c.Args[j] = rand.Uint64()
		}
		if rand.IntN(2) == 0 {
			c.Args[1] = c.Args[1]&^0xffffffff | 77
		}
		pc := 8
		if c.Nr == 1 && uint32(c.Args[1]) == 77 {
			pc = 7
		}
		calls, pcs = append(calls, c), append(pcs, pc)
	}
	return calls, pcs
}

func TestJudge(t *testing.T) {
	for i, a := range archs() {
		n := 200_000
		if i > 0 || testing.Short() {
			n = 20_000 // int 0x80 takes several us on a virtual machine
		}
		t.Run(a.String(), func(t *testing.T) {
			calls, want := randomCalls(n)
			got := kerneltest.Judge(t, a, only(a, 1, 77), calls)
			compare(t, calls, got, want)
		})
	}
}

func TestJudge80(t *testing.T) {
	calls, want := randomCalls(20_000)
	compare(t, calls, kerneltest.Judge80(t, only(arch.X86, 1, 77), calls), want)
	// To a 64-bit filter each of them is foreign.
	for i := range want {
		want[i] = 2
	}
	compare(t, calls, kerneltest.Judge80(t, only(arch.X86_64, 1, 77), calls), want)
}

func compare(t *testing.T, calls []kerneltest.Call, got, want []int) {
	t.Helper()
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("call %+v: decided by RET %d, want %d", calls[i], got[i], want[i])
		}
	}
}

// Every argument arrives where the program looks for it, both words.
func TestJudgeArguments(t *testing.T) {
	for _, a := range archs() {
		t.Run(a.String(), func(t *testing.T) {
			c := kerneltest.Call{Nr: 5, Args: [6]uint64{
				0x10_00000001, 0x20_00000002, 0x30_00000003, 0x40_00000004, 0x50_00000005, 0x60_00000006}}
			for arg := range c.Args {
				for _, high := range []bool{false, true} {
					word := uint32(c.Args[arg])
					if high {
						word = uint32(c.Args[arg] >> 32)
					}
					if high && a.Bits() == 32 {
						word = 0
					}
					prog := []bpf.Insn{ld(bpf.ArgWord(arg, high, a.BigEndian())), jeq(word, 0, 1), ret(allow), ret(killProcess)}
					if got := kerneltest.Judge(t, a, prog, []kerneltest.Call{c}); got[0] != 2 {
						t.Errorf("argument %d, high %v: not %#x", arg, high, word)
					}
				}
			}
		})
	}
}

// A and X are 0 when a program starts, with the gate before it as without.
func TestJudgeStartsClean(t *testing.T) {
	const tax, txa = 0x07, 0x87
	prog := []bpf.Insn{
		jeq(0, 0, 3),
		{Code: txa},
		jeq(0, 0, 1),
		ret(allow),
		ret(killProcess),
	}
	if got := kerneltest.Judge(t, arch.Native(), prog, make([]kerneltest.Call, 1)); got[0] != 3 {
		t.Errorf("decided by RET %d, want 3", got[0])
	}
}

// A program as long as the kernel allows leaves no room for the gate.
func TestJudgeLongest(t *testing.T) {
	prog := slices.Repeat([]bpf.Insn{ld(bpf.OffNr)}, bpf.MaxInsns-3)
	prog = append(prog, jeq(39, 0, 1), ret(allow), ret(killProcess))
	for range 2 { // its probe is thrown away: the next one needs another
		got := kerneltest.Judge(t, arch.Native(), prog, []kerneltest.Call{{Nr: 39}, {Nr: 40}, {Nr: 39}})
		if want := []int{4094, 4095, 4094}; !slices.Equal(got, want) {
			t.Errorf("decided by %v, want %v", got, want)
		}
	}
}

// ret a is a verdict like another; Errnos shows its value.
func TestErrnos(t *testing.T) {
	const or, retA = 0x44, 0x16
	prog := []bpf.Insn{ld(bpf.OffNr), {Code: or, K: errno}, {Code: retA}}
	calls := []kerneltest.Call{{Nr: 1}, {Nr: 321}}
	if got := kerneltest.Judge(t, arch.Native(), prog, calls); !slices.Equal(got, []int{2, 2}) {
		t.Errorf("decided by %v, want 2 and 2", got)
	}
	if got := kerneltest.Errnos(t, arch.Native(), prog, calls); !slices.Equal(got, []int{1, 321}) {
		t.Errorf("errnos %v, want 1 and 321", got)
	}
}

func TestAccepts(t *testing.T) {
	long := slices.Repeat([]bpf.Insn{ret(allow)}, 1<<16+1)
	got := kerneltest.Accepts(t, [][]bpf.Insn{
		{ret(allow)},
		{},
		{ld(bpf.OffNr)},
		{ld(2), ret(allow)},
		{ld(64), ret(allow)},
		{jeq(0, 1, 0), ret(allow)},
		{{Code: 0xffff}, ret(allow)},
		long[:bpf.MaxInsns],
		long[:bpf.MaxInsns+1],
		long, // 65537 instructions are 1 to a field of 16 bits
		{ret(killProcess)},
	})
	want := []bool{true, false, false, false, false, false, false, true, false, false, true}
	if !slices.Equal(got, want) {
		t.Errorf("accepted %v, want %v", got, want)
	}
	// Nothing was installed: the probe still answers.
	if got := kerneltest.Accepts(t, [][]bpf.Insn{{ret(allow)}}); !got[0] {
		t.Error("a second question is answered differently")
	}
}

// nrs are the calls the strikes make, by their numbers.
type nrs struct{ getppid, write, exit, exitGroup uint32 }

func nrsOf(t *testing.T, a arch.Arch) nrs {
	t.Helper()
	number := func(name string) uint32 {
		nr, ok := a.Number(name)
		if !ok {
			t.Fatalf("no number for %s on %v", name, a)
		}
		return nr
	}
	return nrs{number("getppid"), number("write"), number("exit"), number("exit_group")}
}

// archs are those whose calls a kernel of this architecture may take.
func archs() []arch.Arch {
	list := []arch.Arch{arch.Native()}
	if a, err := arch.ByGOARCH(kerneltest.Sibling(runtime.GOARCH)); err == nil {
		list = append(list, a)
	}
	return list
}

func TestStrike(t *testing.T) {
	for _, a := range archs() {
		t.Run(a.String(), func(t *testing.T) {
			n := nrsOf(t, a)
			write := func(addr uint64) kerneltest.Call {
				return kerneltest.Call{Nr: n.write, Args: [6]uint64{1, addr, 1}}
			}
			for _, tt := range []struct {
				name string
				prog []bpf.Insn
				call kerneltest.Call
				want string
			}{
				{"allowed", only(a, n.write, 77), write(77), "returned 1"},
				{"one argument differs", only(a, n.write, 77), write(78), "killed: bad system call"},
				{"another call", only(a, n.write, 77), kerneltest.Call{Nr: n.getppid}, "killed: bad system call"},
				{"fails by itself", only(a, n.write, 0), kerneltest.Call{Nr: n.write, Args: [6]uint64{99, 0, 1}}, "failed: bad file descriptor"},
				{"errno", []bpf.Insn{ret(errno | 7)}, write(0), "failed: " + syscall.Errno(7).Error()},
				{"kill thread", []bpf.Insn{ret(killThread)}, write(0), "thread ended"},
				{"exit", only(a, n.exit, 0), kerneltest.Call{Nr: n.exit}, "thread ended"},
				{"exit_group", only(a, n.exitGroup, 0), kerneltest.Call{Nr: n.exitGroup, Args: [6]uint64{42}}, "exited 42"},
			} {
				t.Run(tt.name, func(t *testing.T) {
					got := kerneltest.Strike(t, a, tt.prog, tt.call, false)
					if got.String() != tt.want {
						t.Errorf("%v, want %s", got, tt.want)
					}
					if want := tt.want == "killed: bad system call"; got.Killed() != want {
						t.Errorf("Killed is %v", got.Killed())
					}
				})
			}
		})
	}
}

// A call of x32 is one of x86_64 but for bit 30 of its number.
func TestX32(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("x32 is a way into the kernel of amd64")
	}
	call := kerneltest.Call{Nr: nrsOf(t, arch.X86_64).getppid | arch.X32Bit}
	if got := kerneltest.Strike(t, arch.X86_64, []bpf.Insn{ret(allow)}, call, false); got.Errno == syscall.ENOSYS {
		t.Skip("this kernel does not carry out calls of x32")
	} else if !got.Returned || got.R1 == 0 {
		t.Fatalf("%v, want a process id", got)
	}
	if got := kerneltest.Strike(t, arch.X86_64, only(arch.X86_64, call.Nr&^arch.X32Bit, 0), call, false); !got.Killed() {
		t.Errorf("under a filter that allows the call of x86_64: %v, want death by SIGSYS", got)
	}
}

func TestStrike80(t *testing.T) {
	call := kerneltest.Call{Nr: nrsOf(t, arch.X86).getppid}
	if got := kerneltest.Strike(t, 0, only(arch.X86, call.Nr, 0), call, true); !got.Returned || got.R1 == 0 {
		t.Errorf("under a filter for i386: %v, want a process id", got)
	}
	// The number is allowed, as that of a 64-bit call.
	if got := kerneltest.Strike(t, 0, only(arch.X86_64, call.Nr, 0), call, true); !got.Killed() {
		t.Errorf("under a filter for x86_64: %v, want death by SIGSYS", got)
	}
}

func TestBuild(t *testing.T) {
	const pkg = "github.com/tileseal/tileseal/internal/kerneltest/probe"
	path := kerneltest.Build(t, pkg, arch.Native().GOARCH())
	if again := kerneltest.Build(t, pkg, arch.Native().GOARCH()); again != path {
		t.Errorf("built twice: %s, then %s", path, again)
	}
	if err := exec.Command(path).Run(); err != nil {
		t.Errorf("running %s: %v", path, err)
	}
}

func BenchmarkJudge(b *testing.B) {
	calls, _ := randomCalls(b.N)
	a := arch.Native()
	kerneltest.Judge(b, a, only(a, 1, 77), calls[:1])
	b.ResetTimer()
	kerneltest.Judge(b, a, only(a, 1, 77), calls)
}

func BenchmarkAccepts(b *testing.B) {
	a := arch.Native()
	progs := slices.Repeat([][]bpf.Insn{only(a, 1, 77)}, b.N)
	kerneltest.Accepts(b, progs[:1])
	b.ResetTimer()
	kerneltest.Accepts(b, progs)
}

func BenchmarkStrike(b *testing.B) {
	a := arch.Native()
	shots := slices.Repeat([]kerneltest.Shot{{Arch: a, Prog: []bpf.Insn{ret(killProcess)}}}, b.N)
	kerneltest.Strikes(b, shots[:1])
	b.ResetTimer()
	kerneltest.Strikes(b, shots)
}
