//go:build linux

// Package kerneltest holds programs against the running kernel. Its children
// ("probes", a separate binary) load them and make real system calls.
//
//   - [Judge] says which RET instruction decides a call, without any call
//     being carried out.
//   - [Accepts] says whether seccomp(2) takes a program, without installing it.
//   - [Strike] installs a program as it is, makes one call and says what came
//     of it: a value, an errno, or death.
//   - [Build] compiles other children the way the probe is compiled.
//
// Calls are those of the machine and of its 32-bit sibling, if the kernel runs
// programs of that one too, made by a probe built for it; on amd64 a 64-bit
// probe makes 32-bit calls besides, with int 0x80. A test that needs what the
// kernel lacks is skipped, with the reason.
package kerneltest

import (
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/kerneltest/wire"
)

// A Call is one system call to be made: its number and its arguments. Calls
// of a 32-bit probe carry the low words of the arguments.
type Call = wire.Call

const probePkg = "github.com/tileseal/tileseal/internal/kerneltest/probe"

// probeFor is the path of the probe whose calls are a's.
func probeFor(t testing.TB, a arch.Arch) string {
	t.Helper()
	if !a.Valid() {
		t.Fatalf("kerneltest: %v is not an architecture", a)
	}
	goarch := a.GOARCH()
	if goarch == "" || goarch != runtime.GOARCH && goarch != Sibling(runtime.GOARCH) {
		t.Skipf("kerneltest: there is no probe for calls of %v on %s", a, runtime.GOARCH)
	}
	Runs(t, goarch)
	return Build(t, probePkg, goarch)
}

// Sibling is the 32-bit GOARCH whose programs a kernel of the 64-bit goarch may
// run beside its own; "" if there is none. Go programs for mips hang at random on
// kernels for mips64, unfiltered, so they are no use as probes.
func Sibling(goarch string) string {
	switch goarch {
	case "amd64":
		return "386"
	case "arm64":
		return "arm"
	case "mips64le":
		return "mipsle"
	}
	return ""
}

// Runs skips the test unless this kernel runs programs built for goarch.
func Runs(t testing.TB, goarch string) {
	t.Helper()
	if err := CanRun(t, goarch); err != nil {
		t.Skipf("kerneltest: this kernel does not run programs of GOARCH=%s: %v", goarch, err)
	}
}

// CanRun says why this kernel does not run programs built for goarch; nil if it
// does.
func CanRun(t testing.TB, goarch string) error {
	t.Helper()
	if goarch == runtime.GOARCH {
		return nil
	}
	path := Build(t, probePkg, goarch)
	return tried(goarch, func() error { return exec.Command(path).Run() }) // no request: it ends at once
}

// trials holds, by name, a func() error that tries the kernel once.
var trials sync.Map

func tried(name string, try func() error) error {
	f, _ := trials.LoadOrStore(name, sync.OnceValue(try))
	return f.(func() error)()
}

// via80Probe is the 64-bit probe, if int 0x80 works in it.
func via80Probe(t testing.TB) string {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skipf("kerneltest: there is no int 0x80 from 64-bit code on %s", runtime.GOARCH)
	}
	path := Build(t, probePkg, "amd64")
	if err := tried("int80", func() error { return exec.Command(path, "int80").Run() }); err != nil {
		t.Skipf("kerneltest: this kernel does not take int 0x80 from 64-bit code: %v", err)
	}
	return path
}

// isRet reports whether in ends a program: RET K or RET A.
func isRet(in bpf.Insn) bool { return in.Code&7 == bpf.RetK&7 }

// maxErrno is the highest errno a filter can return (MAX_ERRNO,
// include/linux/err.h); the kernel lowers higher ones to it.
const maxErrno = 4095

// relabel gives each RET of prog an errno of its own: that of rets[i] is i+1.
func relabel(t testing.TB, prog []bpf.Insn) (labelled []bpf.Insn, rets []int) {
	t.Helper()
	const actionErrno = 0x00050000 // SECCOMP_RET_ERRNO
	labelled = append(labelled, prog...)
	for pc, in := range prog {
		if isRet(in) {
			rets = append(rets, pc)
			labelled[pc] = bpf.Insn{Code: bpf.RetK, K: actionErrno | uint32(len(rets))}
		}
	}
	if len(rets) > maxErrno {
		t.Fatalf("kerneltest: %d RETs, but there are only %d errnos to tell them apart", len(rets), maxErrno)
	}
	return labelled, rets
}

// Judge has the kernel decide the calls by prog and returns, for each, the
// index of the RET instruction that was reached. The calls are a's. Every RET
// is replaced by one that returns an errno of its own (the value a RET A would
// have returned is not seen), so that no call is carried out whatever the
// program says. 200,000 calls take a fraction of a second; those of a 32-bit
// probe may take ten times as long, since int 0x80 is slow on virtual machines.
func Judge(t testing.TB, a arch.Arch, prog []bpf.Insn, calls []Call) []int {
	t.Helper()
	return judge(t, probeFor(t, a), false, prog, calls)
}

// Judge80 is Judge for i386 calls that a 64-bit process makes with int 0x80.
func Judge80(t testing.TB, prog []bpf.Insn, calls []Call) []int {
	t.Helper()
	return judge(t, via80Probe(t), true, prog, calls)
}

func judge(t testing.TB, path string, via80 bool, prog []bpf.Insn, calls []Call) []int {
	t.Helper()
	labelled, rets := relabel(t, prog)
	req := &wire.Request{Op: wire.Judge, Via80: via80, Progs: [][]bpf.Insn{labelled}, Calls: calls}
	// The gate takes six instructions. Where they do not fit, the probe judges
	// without it and is thrown away.
	const gateLen = 6
	if req.Bare = len(prog)+gateLen > bpf.MaxInsns; req.Bare && via80 {
		t.Fatalf("kerneltest: with int 0x80, programs may have up to %d instructions", bpf.MaxInsns-gateLen)
	}
	results := ask(t, path, req)
	pcs := make([]int, len(results))
	for i, r := range results {
		if r >= 0 || -r > int64(len(rets)) {
			t.Fatalf("kerneltest: call %d (%+v) returned %d, which is no RET of the program", i, calls[i], r)
		}
		pcs[i] = rets[-r-1]
	}
	return pcs
}

// Errnos has the kernel decide the calls by prog as it is and returns the
// errno each call got: a way to see what RET A returns. Every verdict must be
// an errno; a call that is allowed would be carried out.
func Errnos(t testing.TB, a arch.Arch, prog []bpf.Insn, calls []Call) []int {
	t.Helper()
	path := probeFor(t, a)
	results := ask(t, path, &wire.Request{Op: wire.Judge, Progs: [][]bpf.Insn{prog}, Calls: calls})
	errnos := make([]int, len(results))
	for i, r := range results {
		errnos[i] = int(-r)
	}
	return errnos
}

// Accepts reports, for each program, whether the kernel takes it as a seccomp
// filter. None is installed: the load is one with TSYNC, in a process where a
// thread with a filter of its own is in the way, and the kernel looks at the
// program first. It takes some 11 us a program.
func Accepts(t testing.TB, progs [][]bpf.Insn) []bool {
	t.Helper()
	path := probeFor(t, arch.Native())
	accepted := make([]bool, len(progs))
	// The length of a program is 16 bits to the kernel: a longer one cannot be
	// asked about.
	const longest = 1<<16 - 1
	var asked [][]bpf.Insn
	var at []int
	for i, p := range progs {
		if len(p) <= longest {
			asked, at = append(asked, p), append(at, i)
		}
	}
	for i, r := range ask(t, path, &wire.Request{Op: wire.Accept, Progs: asked}) {
		accepted[at[i]] = r == 1
	}
	return accepted
}

// quote keeps both ends of a probe's standard error for an error message.
func quote(text string) string {
	const enough = 1000 // at either end
	text = strings.TrimSpace(text)
	if len(text) > 2*enough {
		text = text[:enough] + "\n...\n" + text[len(text)-enough:]
	}
	return text
}
