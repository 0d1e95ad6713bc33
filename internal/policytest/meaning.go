package policytest

import (
	"math/rand/v2"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/vm"
)

// Meaning holds a program, run in package vm, against the meaning of its
// policy: on calls of every number and of other architectures, with the
// arguments that the rules compare, their neighbours and the boundaries of
// machine words, dirt in the high halves. It returns the number of calls
// compared.
//
// If everywhere is set, the calls have to take every branch of the program both
// ways. They can where all parameters differ.
func Meaning(t *testing.T, in *Instance, everywhere bool) (calls int) {
	t.Helper()
	prog := in.Program.Fill(in.Params)
	p, err := vm.New(prog, in.Arch)
	if err != nil {
		t.Fatal(err)
	}
	seen := newCoverage(prog)
	check := func(d rule.Data) {
		calls++
		got := seen.run(p, vm.Call(d))
		if want := in.Eval(d); rule.Action(got) != want {
			t.Fatalf("%s%v: %v: %v, want %v", in.Name, in.Params, vm.Call(d), got, want)
		}
	}
	m := &maker{in, rand.New(rand.NewPCG(1, 2))}
	for d := range m.unruled() {
		check(d)
	}
	const limit = 300
	for _, c := range in.Calls {
		for d := range m.about(c, limit) {
			check(d)
		}
		for _, a := range arch.All() {
			d := m.call(c.Nr)
			d.Arch = a.Audit()
			check(d)
		}
	}
	for w := range seen.left {
		if everywhere {
			t.Errorf("%s%v: no call leads from instruction %d (%v) to %d", in.Name, in.Params, w.from, prog[w.from], w.to)
		}
	}
	return calls
}

// A coverage knows which ways out of each instruction were taken. An
// instruction that no jump leads to, such as the shared allow of layout current
// where every rule has a condition, has none.
type coverage struct {
	prog []bpf.Insn
	left map[way]bool // not taken yet
}

// A way leads from one instruction to another; a return has one to nowhere.
type way struct{ from, to int }

const nowhere = -1

// ways are where an instruction may lead. The jumps of a program all go
// forward.
func ways(prog []bpf.Insn, pc int) []way {
	in := prog[pc]
	switch in.Code {
	case bpf.RetK:
		return []way{{pc, nowhere}}
	case bpf.Ja:
		return []way{{pc, pc + 1 + int(in.K)}}
	}
	return []way{{pc, pc + 1 + int(in.Jt)}, {pc, pc + 1 + int(in.Jf)}} // a load's are 0
}

func newCoverage(prog []bpf.Insn) *coverage {
	c := &coverage{prog, map[way]bool{}}
	reached := map[int]bool{0: true}
	for pc := range prog {
		if !reached[pc] {
			continue
		}
		for _, w := range ways(prog, pc) {
			c.left[w], reached[w.to] = true, true
		}
	}
	return c
}

// run runs a call and, as long as something is missing, notes its path.
func (c *coverage) run(p *vm.Program, call vm.Call) vm.Action {
	if len(c.left) == 0 {
		return p.Run(call)
	}
	path, verdict := p.Trace(call)
	for i, pc := range path {
		to := nowhere
		if i+1 < len(path) {
			to = path[i+1]
		}
		delete(c.left, way{pc, to})
	}
	return verdict
}
