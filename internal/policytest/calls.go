package policytest

import (
	"iter"
	"math/rand/v2"
	"slices"

	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
)

// dirt fills the half of an argument that a comparison of 32 bits must not
// look at, and one of 64 must.
const dirt = 0xdeadbeef << 32

// boundaries are values at which machine words change their meaning.
var boundaries = []uint64{0, 1, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<63 - 1, 1 << 63, 1<<64 - 1}

// An Instance is a compiled policy with values for its parameters.
type Instance struct {
	gen.Target
	Params []uint64
}

// Eval is what the policy means for a call.
func (in *Instance) Eval(d rule.Data) rule.Action {
	if in.Multi != nil {
		return in.Multi.Eval(d, in.Params)
	}
	return in.Policy.Eval(d, in.Params)
}

// operand is what a comparison compares with.
func (in *Instance) operand(c *rule.Cmp) uint64 {
	if c.X.Param < 0 {
		return c.X.Value
	}
	return in.Params[c.X.Param] & 0xffffffff // parameters of prebuilt policies have 32 bits
}

// tested are the arguments that the rules for a call look at, in order.
func tested(c rule.Call) []int {
	var args []int
	for _, k := range c.Cases {
		rule.Walk(k.When, func(x *rule.Cmp) {
			if !slices.Contains(args, x.Arg) {
				args = append(args, x.Arg)
			}
		})
	}
	slices.Sort(args)
	return args
}

// near are the values that the rules for a call compare an argument with, then
// two harmless ones.
func (in *Instance) near(c rule.Call, arg int) []uint64 {
	var values []uint64
	for _, k := range c.Cases {
		rule.Walk(k.When, func(x *rule.Cmp) {
			if x.Arg == arg {
				values = append(values, in.operand(x))
			}
		})
	}
	return unique(append(values, 0, 1))
}

// around are all values worth trying for an argument: near ones, their
// neighbours, boundaries, and all of them with dirt in the high half.
func (in *Instance) around(c rule.Call, arg int) []uint64 {
	values := in.near(c, arg)
	for _, v := range values {
		values = append(values, v+1, v-1)
	}
	values = append(values, boundaries...)
	for _, v := range values {
		values = append(values, v&0xffffffff, v&0xffffffff|dirt, v^1<<32)
	}
	return unique(values)
}

// unique drops repetitions and keeps the order.
func unique(values []uint64) []uint64 {
	seen := map[uint64]bool{}
	return slices.DeleteFunc(values, func(v uint64) bool {
		if seen[v] {
			return true
		}
		seen[v] = true
		return false
	})
}

// A maker makes calls. What no rule looks at is random.
type maker struct {
	*Instance
	rand *rand.Rand
}

func (m *maker) call(nr uint32) rule.Data {
	d := rule.Data{Nr: nr, Arch: m.Policy.Target.Audit, IP: m.rand.Uint64()}
	for i := range d.Args {
		d.Args[i] = m.rand.Uint64()
	}
	return d
}

// product makes calls with every combination of values for the arguments, or
// if there are more than limit, with limit of them drawn at random.
func (m *maker) product(nr uint32, args []int, values [][]uint64, limit int) iter.Seq[rule.Data] {
	total := 1
	for _, v := range values {
		total = min(total*len(v), limit+1)
	}
	return func(yield func(rule.Data) bool) {
		for i := range min(total, limit) {
			d := m.call(nr)
			rest := i // the number of the combination, a digit for each argument
			for n, arg := range args {
				pick := rest % len(values[n])
				if total > limit {
					pick = m.rand.IntN(len(values[n]))
				}
				d.Args[arg] = values[n][pick]
				rest /= len(values[n])
			}
			if !yield(d) {
				return
			}
		}
	}
}

// about makes the calls by which a rule is tried: combinations of the values
// it compares with; from some of those that it allows, every change of one
// argument and of two; and random ones.
func (m *maker) about(c rule.Call, limit int) iter.Seq[rule.Data] {
	args := tested(c)
	var short, long [][]uint64
	for _, arg := range args {
		short, long = append(short, m.near(c, arg)), append(long, m.around(c, arg))
	}
	return func(yield func(rule.Data) bool) {
		var allowed []rule.Data
		for d := range m.product(c.Nr, args, short, 4*limit) {
			if m.Eval(d) == rule.Allow {
				allowed = append(allowed, d)
			}
			if !yield(d) {
				return
			}
		}
		for d := range m.product(c.Nr, args, long, limit) {
			if !yield(d) {
				return
			}
		}
		m.rand.Shuffle(len(allowed), func(i, j int) { allowed[i], allowed[j] = allowed[j], allowed[i] })
		for _, base := range allowed[:min(len(allowed), 3)] {
			for i, arg := range args {
				for j, with := range args[i:] {
					for pair := range m.product(c.Nr, []int{arg, with}, [][]uint64{long[i], long[i+j]}, limit) {
						d := base
						d.Args[arg], d.Args[with] = pair.Args[arg], pair.Args[with]
						if !yield(d) {
							return
						}
					}
				}
			}
		}
	}
}

// unruled makes calls of numbers that have no rule: all that the architecture
// knows, what lies between and beside them, those that the tables are too old
// for, and on x86_64 the numbers of x32.
func (m *maker) unruled() iter.Seq[rule.Data] {
	ruled := map[uint32]bool{}
	for _, c := range m.Calls {
		ruled[c.Nr] = true
	}
	last, _ := m.Arch.LastNumber()
	return func(yield func(rule.Data) bool) {
		for nr := range last + 20 {
			if !ruled[nr] && !yield(m.call(nr)) {
				return
			}
		}
		for _, nr := range []uint32{1<<16 - 1, 1<<30 - 1, 1 << 30, 1<<31 - 1, 1 << 31, 1<<32 - 2, 1<<32 - 1} {
			if !yield(m.call(nr)) {
				return
			}
		}
		for nr := range ruled { // the order does not matter
			if !yield(m.call(nr|1<<30)) || !yield(m.call(nr|1<<31)) {
				return
			}
		}
	}
}
