//go:build linux && amd64

package main

import (
	"encoding/binary"
	"fmt"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/vm"
	xbpf "golang.org/x/net/bpf"
	gbpf "gvisor.dev/gvisor/pkg/bpf"
)

// A machine runs a program in user space.
type machine struct {
	name string
	// load prepares a program; the function it returns is the program's
	// verdict on the call of that index.
	load func(prog []bpf.Insn, calls []rule.Data) (func(i int) (uint32, error), error)
}

// machines are ours, the reference for the verdicts, and the peers'. These two
// take their input as bytes, x/net/bpf in network order.
var machines = []machine{
	{"package vm", func(prog []bpf.Insn, calls []rule.Data) (func(int) (uint32, error), error) {
		m, err := vm.New(prog, arch.X86_64)
		return func(i int) (uint32, error) { return uint32(m.Run(vm.Call(calls[i]))), nil }, err
	}},
	{"x/net/bpf", func(prog []bpf.Insn, calls []rule.Data) (func(int) (uint32, error), error) {
		insns := make([]xbpf.Instruction, len(prog))
		for i, in := range prog {
			insns[i] = xbpf.RawInstruction{Op: in.Code, Jt: in.Jt, Jf: in.Jf, K: in.K}.Disassemble()
		}
		inputs := encode(calls, binary.BigEndian)
		m, err := xbpf.NewVM(insns)
		return func(i int) (uint32, error) { v, err := m.Run(inputs[i]); return uint32(v), err }, err
	}},
	{"gVisor bpf.Exec", func(prog []bpf.Insn, calls []rule.Data) (func(int) (uint32, error), error) {
		insns := make([]gbpf.Instruction, len(prog))
		for i, in := range prog {
			insns[i] = gbpf.Instruction{OpCode: in.Code, JumpIfTrue: in.Jt, JumpIfFalse: in.Jf, K: in.K}
		}
		inputs := encode(calls, binary.LittleEndian)
		m, err := gbpf.Compile(insns, false)
		return func(i int) (uint32, error) { return gbpf.Exec[gbpf.NativeEndian](m, inputs[i]) }, err
	}},
}

// evaluate measures the time that a call of the workload takes in user space:
// our programs in each machine. Preparing the input is not measured.
func evaluate(rep *report, p *policy, all []contender, e effort) {
	calls := p.sequence(1024)
	var tasks []task
	for _, c := range all {
		if c.ours == nil || !c.timed {
			continue
		}
		ours, err := machines[0].load(c.prog, calls)
		if err != nil {
			panic(err) // our own program
		}
		for _, m := range machines {
			run, err := m.load(c.prog, calls)
			if err == nil {
				err = agree(ours, run, calls)
			}
			if err != nil {
				rep.absent(p, userSpace, c.name+", "+m.name, err.Error())
				continue
			}
			tasks = append(tasks, task{c.name + ", " + m.name, func(n int) {
				for i := range n {
					run(i % len(calls))
				}
			}})
		}
	}
	for i, t := range timings(tasks, e) {
		rep.add(p, userSpace, tasks[i].name, t.ns)
	}
}

// agree is an error unless both give every call the same verdict.
func agree(right, run func(i int) (uint32, error), calls []rule.Data) error {
	for i, d := range calls {
		want, err := right(i)
		if err != nil {
			return err
		}
		got, err := run(i)
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("%v: %v, want %v", vm.Call(d), vm.Action(got), vm.Action(want))
		}
	}
	return nil
}

// encode is struct seccomp_data of each call, its words in that byte order,
// the low half of an argument first.
func encode(calls []rule.Data, order binary.AppendByteOrder) [][]byte {
	list := make([][]byte, len(calls))
	for i, d := range calls {
		b := order.AppendUint32(nil, d.Nr)
		b = order.AppendUint32(b, d.Arch)
		for _, v := range append([]uint64{d.IP}, d.Args[:]...) {
			b = order.AppendUint32(b, uint32(v))
			b = order.AppendUint32(b, uint32(v>>32))
		}
		list[i] = b
	}
	return list
}
