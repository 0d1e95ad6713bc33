package policytest

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/kerneltest"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/vm"
)

// KernelArchs are the architectures whose calls this machine's kernels take: its
// own, and the 32-bit one that may run beside it. A test of that one skips where
// the kernel was built without.
func KernelArchs() []arch.Arch {
	list := []arch.Arch{arch.Native()}
	if a, err := arch.ByGOARCH(kerneltest.Sibling(runtime.GOARCH)); err == nil {
		list = append(list, a)
	}
	return list
}

// Callers are those of KernelArchs whose programs this kernel runs.
func Callers(t testing.TB) []arch.Arch {
	t.Helper()
	return slices.DeleteFunc(KernelArchs(), func(a arch.Arch) bool { return kerneltest.CanRun(t, a.GOARCH()) != nil })
}

// unfiltered are calls that a filter is not asked about, or about other ones.
// Newer kernels (6.18 among them) let through uprobe and uretprobe of x86_64, as
// the trampolines of uprobes make them (kernel/seccomp.c); made by anyone else,
// uprobe fails with ENXIO and uretprobe raises SIGILL. The 32-bit MIPS call
// named syscall is another call, whose number is its first argument, to a filter
// too (arch/mips/kernel/scall32-o32.S).
var unfiltered = []string{"uprobe", "uretprobe", "syscall"}

// Judge holds a program in the kernel against the same in package vm and
// against the meaning of its policy, on n calls drawn from those of Meaning,
// the same number for every rule, and on every number without a rule. No call
// is carried out. On x86_64 some come from int 0x80 besides.
func Judge(t *testing.T, in *Instance, n int) {
	t.Helper()
	m := &maker{in, rand.New(rand.NewPCG(5, 6))}
	var calls []rule.Data
	for d := range m.unruled() {
		if name, _ := in.Arch.Name(d.Nr); !slices.Contains(unfiltered, name) {
			calls = append(calls, in.cut(d))
		}
	}
	for _, c := range in.Calls {
		calls = append(calls, m.sample(c, n/len(in.Calls)+1)...)
	}
	native := func(calls []kerneltest.Call) []int {
		return kerneltest.Judge(t, in.Arch, in.Program.Fill(in.Params), calls)
	}
	in.compare(t, calls, native)
	if in.Arch != arch.X86_64 {
		return
	}
	const foreign = 100
	calls = calls[len(calls)-min(len(calls), foreign):]
	for i := range calls {
		calls[i].Arch = arch.X86.Audit()
	}
	in.compare(t, calls, func(calls []kerneltest.Call) []int {
		return kerneltest.Judge80(t, in.Program.Fill(in.Params), calls)
	})
}

// sample draws n of the calls by which a rule is tried, or as many as there
// are and random ones.
func (m *maker) sample(c rule.Call, n int) []rule.Data {
	var calls []rule.Data
	for d := range m.about(c, n) {
		calls = append(calls, m.cut(d))
	}
	m.rand.Shuffle(len(calls), func(i, j int) { calls[i], calls[j] = calls[j], calls[i] })
	for len(calls) < n {
		calls = append(calls, m.cut(m.call(c.Nr)))
	}
	return calls[:n]
}

// cut is the call as a process of the architecture can make it: of 32-bit
// arguments, and on s390 of a number of 16 bits, which is all that the kernel
// looks at (arch/s390/kernel/syscall.c).
func (in *Instance) cut(d rule.Data) rule.Data {
	if in.Arch == arch.S390X {
		d.Nr &= 0xffff
	}
	if in.Arch.Bits() == 32 {
		for i := range d.Args {
			d.Args[i] &= 0xffffffff
		}
	}
	return d
}

// compare wants of each call that the instruction by which judge says the
// kernel decides it is the one that package vm returns from, and the verdict
// is what the policy means.
func (in *Instance) compare(t *testing.T, calls []rule.Data, judge func([]kerneltest.Call) []int) {
	t.Helper()
	prog := in.Program.Fill(in.Params)
	p, err := vm.New(prog, in.Arch)
	if err != nil {
		t.Fatal(err)
	}
	asked := make([]kerneltest.Call, len(calls))
	for i, d := range calls {
		asked[i] = kerneltest.Call{Nr: d.Nr, Args: d.Args}
	}
	for i, pc := range judge(asked) {
		c := vm.Call(calls[i])
		path, verdict := p.Trace(c)
		if last := path[len(path)-1]; last != pc {
			t.Fatalf("%s: %v: vm decides by instruction %d, the kernel by %d", in.Name, c, last, pc)
		}
		if want := in.Eval(calls[i]); rule.Action(verdict) != want || rule.Action(prog[pc].K) != want {
			t.Fatalf("%s: %v: vm %v, kernel %v, want %v", in.Name, c, verdict, rule.Action(prog[pc].K), want)
		}
	}
}
