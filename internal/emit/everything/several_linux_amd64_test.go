package everything

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/kerneltest"
	"github.com/tileseal/tileseal/internal/policytest"
	"github.com/tileseal/tileseal/internal/rule"
)

// several is a policy's one program for several architectures.
func several(t *testing.T, name string, layout compile.Layout, archs ...arch.Arch) gen.Target {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	set, err := arch.NewSet(archs...)
	if err != nil {
		t.Fatal(err)
	}
	_, target, errs := gen.ReadMulti(name, string(text), gen.Tileseal, set, layout)
	if err := errs.Err(); err != nil {
		t.Fatal(err)
	}
	return target
}

func reporter(t *testing.T) gen.Target {
	return several(t, "reporter.seccomppolicy", compile.Plain, arch.X86_64, arch.X86, arch.X32)
}

// TestPopulateSeveral is TestPopulate for programs that are for several
// architectures.
func TestPopulateSeveral(t *testing.T) {
	want := reporter(t)
	for _, v := range [][2]int{{7, 100}, {-1, 0}, {1<<31 - 1, 1<<32 - 1}} {
		var got [ReporterLen]unix.SockFilter
		PopulateReporter(got[:], v[0], uint64(v[1]))
		for pc, in := range want.Program.Fill([]uint64{uint64(v[0]), uint64(v[1])}) {
			if bpf.Insn(got[pc]) != in {
				t.Errorf("%v: instruction %d is %v, want %v", v, pc, got[pc], in)
			}
		}
	}
	var got [LauncherLen]unix.SockFilter
	PopulateLauncher(got[:])
	for pc, in := range several(t, "launcher.seccomppolicy", compile.Optimized, arch.X86_64, arch.X86).Program.Fill(nil) {
		if bpf.Insn(got[pc]) != in {
			t.Errorf("launcher: instruction %d is %v, want %v", pc, got[pc], in)
		}
	}
	defer func() {
		if s, ok := recover().(string); !ok || s != "PopulateReporter: size is not from 0 to 4294967295" {
			t.Errorf("panic %q", s)
		}
	}()
	PopulateReporter(make([]unix.SockFilter, ReporterLen), 7, 1<<32) // too large on i386
}

// TestSeveralInKernel has the kernel decide calls by the reporter's program: of
// 64-bit processes, of 32-bit ones, and with int 0x80, numbers of x32 among them.
// No call is carried out.
func TestSeveralInKernel(t *testing.T) {
	for _, in := range instances(reporter(t), 7, 4096) {
		policytest.Judge(t, in, 2000)
	}
}

// instances are a program for several architectures once for the rules of each.
func instances(target gen.Target, params ...uint64) []*policytest.Instance {
	var list []*policytest.Instance
	for i, part := range target.Multi.Parts {
		one := target
		one.Resolved, one.Arch = &gen.Resolved{Policy: part.Policy}, target.Multi.Archs[i]
		if one.Arch == arch.X32 {
			one.Arch = arch.X86_64 // whose processes make its calls
		}
		list = append(list, &policytest.Instance{Target: one, Params: params[:len(part.Policy.Params)]})
	}
	return list
}

// TestSeveralStrikes makes real calls under the reporter's program.
func TestSeveralStrikes(t *testing.T) {
	var filter [ReporterLen]unix.SockFilter
	PopulateReporter(filter[:], 1, 4096)
	var prog []bpf.Insn
	for _, in := range filter {
		prog = append(prog, bpf.Insn(in))
	}
	const x32 = arch.X32Bit
	for _, s := range []struct {
		arch   arch.Arch
		via80  bool
		nr     uint32
		arg    uint64
		killed bool
		errno  syscall.Errno
	}{
		{arch: arch.X86_64, nr: 39},                            // getpid
		{arch: arch.X86_64, nr: 110, killed: true},             // getppid
		{arch: arch.X86_64, nr: 20, killed: true},              // getpid's number on i386
		{arch: arch.X86_64, nr: 41, errno: unix.EACCES},        // socket
		{arch: arch.X86_64, nr: 1, arg: 1},                     // write to the log
		{arch: arch.X86_64, nr: 1, arg: 0, killed: true},       // and elsewhere
		{arch: arch.X86_64, nr: 500, errno: unix.ENOSYS},       // newer
		{arch: arch.X86_64, nr: x32 | 110, killed: true},       // getppid on x32
		{arch: arch.X86_64, nr: x32 | 41, errno: unix.EACCES},  // socket
		{arch: arch.X86_64, nr: x32 | 600, errno: unix.ENOSYS}, // newer
		{arch: arch.X86, nr: 20},                               // getpid
		{arch: arch.X86, nr: 64, killed: true},                 // getppid
		{arch: arch.X86, nr: 39, killed: true},                 // getpid's number on x86_64
		{arch: arch.X86, nr: 359, errno: unix.EACCES},          // socket
		{arch: arch.X86, nr: 4, arg: 1},                        // write
		{arch: arch.X86, nr: 4, arg: 0, killed: true},
		{arch: arch.X86, nr: 500, errno: unix.ENOSYS},
		{via80: true, nr: 20},
		{via80: true, nr: 64, killed: true},
	} {
		shot := kerneltest.Shot{Arch: s.arch, Via80: s.via80, Prog: prog, Call: kerneltest.Call{Nr: s.nr, Args: [6]uint64{s.arg}}}
		got := kerneltest.Strikes(t, []kerneltest.Shot{shot})[0]
		if got.Killed() != s.killed || !s.killed && (!got.Returned || got.Errno != s.errno) {
			t.Errorf("%+v: %v", s, got)
		}
	}
}

// TestLauncher has a 64-bit process start a 32-bit program, under a program for
// both architectures and under one for its own.
func TestLauncher(t *testing.T) {
	kerneltest.Runs(t, "386")
	const pkg = "github.com/tileseal/tileseal/internal/emit/everything/testdata/child"
	var both [LauncherLen]unix.SockFilter
	PopulateLauncher(both[:])
	var own []unix.SockFilter
	for _, in := range target(t, "launcher.seccomppolicy", compile.Optimized).Program.Fill(nil) {
		own = append(own, unix.SockFilter(in))
	}
	for _, tc := range []struct {
		name         string
		filter       []unix.SockFilter
		goarch, word string
		out          string
		killed       bool
	}{
		{"32 bits, within", both[:], "386", "nothing", "386\n", false},
		{"32 bits, outside", both[:], "386", "getppid", "386\n", true},
		{"64 bits, within", both[:], "amd64", "nothing", "amd64\n", false},
		{"64 bits, outside", both[:], "amd64", "getppid", "amd64\n", true},
		{"32 bits, under the 64-bit program", own, "386", "nothing", "", true},
		{"64 bits, under the 64-bit program", own, "amd64", "nothing", "amd64\n", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var filter bytes.Buffer
			if err := binary.Write(&filter, binary.NativeEndian, tc.filter); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(kerneltest.Build(t, pkg, "amd64"), "launch", kerneltest.Build(t, pkg, tc.goarch), tc.word)
			var out, stderr strings.Builder
			cmd.Stdin, cmd.Stdout, cmd.Stderr = &filter, &out, &stderr
			cmd.Run() // its error is the state
			status := cmd.ProcessState.Sys().(syscall.WaitStatus)
			killed := status.Signaled() && status.Signal() == syscall.SIGSYS
			if killed != tc.killed || !killed && status.ExitStatus() != 0 || out.String() != tc.out {
				t.Errorf("%v, wrote %q\n%s", cmd.ProcessState, &out, &stderr)
			}
		})
	}
}

// TestSeveralMeaning holds both programs against the meaning of their texts, in
// package vm.
func TestSeveralMeaning(t *testing.T) {
	for _, target := range []gen.Target{reporter(t), several(t, "launcher.seccomppolicy", compile.Optimized, arch.X86_64, arch.X86)} {
		calls := 0
		for _, in := range instances(target, 7, 4096) {
			calls += policytest.Meaning(t, in, false)
		}
		if foreign := (rule.Data{Nr: 1, Arch: arch.AArch64.Audit()}); target.Multi.Eval(foreign, []uint64{7, 4096}) != rule.KillProcess {
			t.Error("calls of aarch64 are not killed")
		}
		t.Logf("%s: %d calls", target.Name, calls)
	}
}
