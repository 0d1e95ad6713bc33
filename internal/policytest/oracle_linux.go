package policytest

import (
	"flag"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/kerneltest"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/vm"
)

// Calls is the flag -calls: go test ./policy -run Oracle -args -calls=1000000
var Calls = flag.Int("calls", 10000, "how many random calls the kernel judges by each program of the tests named Oracle; a tenth in short mode")

// Oracle holds programs in the kernel against the same in package vm, and both
// against what their policies mean, on random calls, as many for each as the
// flag -calls says. No call is carried out.
func Oracle(t *testing.T, list []*Instance) {
	t.Helper()
	n := *Calls
	if testing.Short() {
		n /= 10
	}
	total := 0
	for i, in := range list {
		total += in.oracle(t, n, uint64(i))
	}
	t.Attr("programs", strconv.Itoa(len(list)))
	t.Attr("calls", strconv.Itoa(total))
}

// oracle has the kernel judge batch after batch while package vm and the
// evaluator judge the same one.
func (in *Instance) oracle(t *testing.T, n int, seed uint64) (judged int) {
	t.Helper()
	prog := in.Program.Fill(in.Params)
	p, err := vm.New(numbered(prog), in.Arch)
	if err != nil {
		t.Fatal(err)
	}
	d := newDice(in, seed)
	const most = 1 << 16
	for judged < n {
		calls := d.roll(min(most, n-judged))
		judged += len(calls)
		wrong := make(chan int)
		rets := make([]vm.Action, len(calls))
		go func() {
			defer close(wrong)
			for i, c := range calls {
				rets[i] = p.Run(vm.Call(c))
				if rule.Action(prog[rets[i]].K) != in.Eval(c) {
					wrong <- i
					return
				}
			}
		}()
		asked := make([]kerneltest.Call, len(calls))
		for i, c := range calls {
			asked[i] = kerneltest.Call{Nr: c.Nr, Args: c.Args}
		}
		pcs := kerneltest.Judge(t, in.Arch, prog, asked)
		if i, bad := <-wrong; bad {
			t.Fatalf("%s: %v: vm %v, want %v", in.Name, vm.Call(calls[i]), rule.Action(prog[rets[i]].K), in.Eval(calls[i]))
		}
		for i, pc := range pcs {
			if int(rets[i]) != pc {
				t.Fatalf("%s: %v: vm decides by instruction %d, the kernel by %d", in.Name, vm.Call(calls[i]), rets[i], pc)
			}
		}
	}
	return judged
}

// numbered is a program that returns, in place of each verdict, the index of
// the instruction that gives it.
func numbered(prog []bpf.Insn) []bpf.Insn {
	prog = slices.Clone(prog)
	for pc := range prog {
		if prog[pc].Code == bpf.RetK {
			prog[pc].K = uint32(pc)
		}
	}
	return prog
}

// A dice makes random calls about a program.
type dice struct {
	*maker
	last  uint32 // the highest number of the architecture
	never []uint32
	sides []side
}

// A side is a call that has a rule, with what its arguments may be.
type side struct {
	nr           uint32
	args         []int
	near, around [][]uint64
}

func newDice(in *Instance, seed uint64) *dice {
	d := &dice{maker: &maker{in, rand.New(rand.NewPCG(seed, uint64(in.Arch)))}}
	d.last, _ = in.Arch.LastNumber()
	for _, name := range unfiltered {
		if nr, ok := in.Arch.Number(name); ok {
			d.never = append(d.never, nr)
		}
	}
	for _, c := range in.Calls {
		s := side{nr: c.Nr, args: tested(c)}
		for _, arg := range s.args {
			s.near, s.around = append(s.near, in.near(c, arg)), append(s.around, in.around(c, arg))
		}
		d.sides = append(d.sides, s)
	}
	return d
}

// roll makes n calls. Of sixteen, fourteen have a number with a rule, one has any
// that the architecture knows or nearly knows, and one any at all. Half of the
// arguments that a rule looks at are what it compares with, a quarter are
// nearby, and all the others are random.
func (d *dice) roll(n int) []rule.Data {
	calls := make([]rule.Data, 0, n)
	for len(calls) < n {
		s := &d.sides[d.rand.IntN(len(d.sides))]
		c := d.call(s.nr)
		switch d.rand.IntN(16) {
		case 0:
			c.Nr = d.rand.Uint32N(d.last + 20)
		case 1:
			c.Nr = d.rand.Uint32()
		}
		for i, arg := range s.args {
			from := s.near[i]
			switch d.rand.IntN(4) {
			case 0:
				continue
			case 1:
				from = s.around[i]
			}
			c.Args[arg] = from[d.rand.IntN(len(from))]
		}
		if c = d.cut(c); !slices.Contains(d.never, c.Nr) {
			calls = append(calls, c)
		}
	}
	return calls
}
