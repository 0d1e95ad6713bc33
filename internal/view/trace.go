package view

import (
	"fmt"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/vm"
)

// A Trace is what becomes of one call.
type Trace struct {
	Call    vm.Call
	Verdict vm.Action
	Steps   []Step // the instructions executed; the last gave the verdict
	Cached  bool   // see Program.Cached
}

// A Step is one instruction executed.
type Step struct {
	PC int
	// Does is what it did: "A = 0x1", "holds, on to l4", "returns allow".
	Does string
}

// An OpenError is a verdict that depends on a parameter without a value.
type OpenError struct {
	Param string
	PC    int // the instruction that asks for it
}

func (e *OpenError) Error() string {
	return fmt.Sprintf("the verdict depends on parameter %s, which instruction l%d compares with", e.Param, e.PC)
}

// Trace runs the program for one call. params are the values of p.Params by
// index, -1 as all ones; those the call does not come across may be left out.
// The error is an *OpenError for one that is missing.
func (p *Program) Trace(c vm.Call, params map[int]uint64) (*Trace, error) {
	values := make([]uint64, len(p.Params))
	for i, v := range params {
		values[i] = v
	}
	filled := (&prove.Program{Insns: p.Insns, Params: p.Params}).Fill(values)
	machine, err := vm.New(filled, p.Arch)
	if err != nil {
		return nil, err
	}
	path, verdict := machine.Trace(c)
	for _, pc := range path {
		for _, n := range p.needs(pc) {
			if _, known := params[n]; !known {
				return nil, &OpenError{p.Params[n].Name, pc}
			}
		}
	}
	t := &Trace{Call: c, Verdict: verdict, Cached: c.Arch == p.Arch.Audit() && p.Cached(c.Nr)}
	for i, next := range append(path[1:len(path):len(path)], -1) {
		t.Steps = append(t.Steps, Step{path[i], p.does(path[i], next, c, verdict)})
	}
	return t, nil
}

// does says what instruction pc did, after which next was executed.
func (p *Program) does(pc, next int, c vm.Call, verdict vm.Action) string {
	in := p.code[pc]
	switch {
	case next < 0:
		return "returns " + verdict.String()
	case in.Code == bpf.LdAbs:
		return fmt.Sprintf("A = %#x", p.word(c, in.K))
	case in.Code == bpf.Ja:
		return fmt.Sprintf("on to l%d", next)
	case Branches(in.Code) && next == pc+1+int(in.Jt):
		return fmt.Sprintf("yes, to l%d", next)
	case Branches(in.Code):
		return fmt.Sprintf("no, to l%d", next)
	}
	return ""
}

// word is the 32-bit word of struct seccomp_data at an offset.
func (p *Program) word(c vm.Call, off uint32) uint32 {
	field := c.IP
	switch {
	case off == bpf.OffNr:
		return c.Nr
	case off == bpf.OffArch:
		return c.Arch
	case off >= bpf.OffArgs:
		field = c.Args[(off-bpf.OffArgs)/8]
	}
	if (off%8 != 0) != p.Arch.BigEndian() {
		return uint32(field >> 32)
	}
	return uint32(field)
}
