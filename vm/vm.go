// Package vm runs seccomp filters in Go, the way the kernel runs them, so that
// a policy can be tested on any operating system, for any architecture and
// without sealing anything.
//
// # Testing a policy
//
// Load a program and say what must become of which call:
//
//	var filter [ArchiverLen]unix.SockFilter
//	PopulateArchiver(filter[:], logFD, archiveFD)
//	p, err := vm.New(filter[:], arch.Native())
//	if err != nil {
//		t.Fatal(err)
//	}
//	vm.Test(t, p, []vm.Case{
//		{Call: p.Call("write", archiveFD, 0, 512), Want: vm.Allow},
//		{Call: p.Call("write", 1, 0, 512), Want: vm.KillProcess},
//		{Call: p.Call("openat"), Want: vm.KillProcess},
//	})
//
// A program comes from [New] (instructions, such as a Populate function
// writes), [Compile] (the text of a policy) or [ReadJSON] (what "tileseal
// compile" prints). It belongs to one architecture, which settles byte order
// and the numbers of the calls that [Program.Call] names; that need not be the
// machine the test runs on.
//
// # What is the same as in the kernel
//
// New refuses exactly the programs seccomp(2) refuses with EINVAL, unreachable
// instructions included, and says which instruction is at fault. Every program
// it takes runs to a verdict, so Run has no error. All opcodes work on 32-bit
// unsigned numbers; A and X start at zero; scratch memory is never read before
// it is written; division by an X of zero ends the program with verdict 0,
// which is [KillThread].
//
// # What is not
//
// A program sees struct seccomp_data and nothing else, and so does this
// machine: what a pointer points to, what a descriptor is open on and what the
// call would answer play no part. The caller says what the kernel would have
// put there, see [Call]. Several filters in one thread are several programs;
// [Strictest] combines their verdicts. Limits on stacked filters and memory
// are not modelled.
//
// The kernel asks no filter about two calls on x86_64: uretprobe (since Linux
// 6.14) and uprobe (since 6.18), which its own probes make
// (seccomp_uprobe_exception, kernel/seccomp.c).
//
// A shift by an X of 32 or more uses the low five bits of X, as the kernel's
// interpreter and its compilers for x86_64 and aarch64 do. The kernel promises
// nothing for it, and no program of this module contains one.
package vm

import (
	"fmt"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
)

// An Instruction is one classic BPF instruction, in the shape of the kernel's
// struct sock_filter: unix.SockFilter on Linux, or any type like it.
type Instruction interface {
	~struct {
		Code uint16
		Jt   uint8
		Jf   uint8
		K    uint32
	}
}

// A Program is a filter ready to run. It does not change, and any number of
// goroutines may run it at the same time.
type Program struct {
	arch  arch.Arch
	insns []bpf.Insn // as loaded, for listings
	code  []inst     // the same, decoded
}

// New loads a program for the calls of a. It refuses what the kernel refuses,
// and an architecture that is none. The program is copied.
func New[I Instruction](prog []I, a arch.Arch) (*Program, error) {
	insns := make([]bpf.Insn, len(prog))
	for i, in := range prog {
		insns[i] = bpf.Insn(in)
	}
	return load(insns, a)
}

func load(insns []bpf.Insn, a arch.Arch) (*Program, error) {
	if !a.Valid() {
		return nil, fmt.Errorf("vm: %v is not an architecture", a)
	}
	if err := bpf.Check(insns); err != nil {
		return nil, fmt.Errorf("vm: %w", err)
	}
	code := make([]inst, len(insns))
	for pc, in := range insns {
		code[pc] = decode(in, a.BigEndian())
	}
	return &Program{arch: a, insns: insns, code: code}, nil
}

// Arch is the architecture the program was loaded for.
func (p *Program) Arch() arch.Arch { return p.arch }

// Len is the number of instructions.
func (p *Program) Len() int { return len(p.code) }

// String is a listing, one line an instruction, in the syntax of bpf_asm
// (tools/bpf in the kernel tree).
func (p *Program) String() string { return bpf.List(p.insns, nil, nil) }

// Run is the verdict on c, exactly as the program returns it. It does not
// allocate.
func (p *Program) Run(c Call) Action {
	_, a := p.run(&c, nil)
	return a
}

// Judge is the verdict on the system call of that name, short for
// p.Run(p.Call(name, args...)).
func (p *Program) Judge(name string, args ...uint64) Action {
	return p.Run(p.Call(name, args...))
}

// Trace is Run with the instructions it executed, in order, as indices into
// the program. The last of them gave the verdict.
func (p *Program) Trace(c Call) ([]int, Action) {
	path := make([]int, 0, len(p.code))
	_, a := p.run(&c, &path)
	return path, a
}
