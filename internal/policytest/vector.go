package policytest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tileseal/tileseal/internal/rule"
)

// A Vector tries one rule: a call that it allows, or answers by an errno, and
// calls that differ from it in one argument and are not allowed.
type Vector struct {
	Rule    string // "write (archiver_writer.seccomppolicy:13)"
	Call    string // "write"
	Src     rule.Src
	Allowed rule.Data
	Denied  []rule.Data
}

// harmless are values of arguments that no rule tests, by call and argument,
// where 0 would make a call wait for ever or do harm: nothing is mapped at
// address 1, and no process has the highest id.
var harmless = map[string][6]uint64{
	"poll":     {1: 1},
	"ppoll":    {1, 1, 1},
	"pselect6": {4: 1},
	"kill":     {0: 1<<31 - 1},
}

// Vectors are the vectors of a program, one for each condition of a call. They
// are found by search, with the meaning of the policy to judge: nothing in them
// knows how the rules are written. A condition that nothing fulfils, or nothing
// close violates, fails the test.
func (in *Instance) Vectors(t testing.TB) []Vector {
	t.Helper()
	return in.VectorsOf(t, in.Calls)
}

// VectorsOf are those of some of its calls: on an emulated machine the search for
// all of a policy's takes a second.
func (in *Instance) VectorsOf(t testing.TB, calls []rule.Call) []Vector {
	t.Helper()
	var list []Vector
	for _, c := range calls {
		always := slices.ContainsFunc(c.Cases, func(k rule.Case) bool { return k.When == nil && k.Action == rule.Allow })
		for _, k := range c.Cases {
			v := in.vector(c, k)
			if v.Call == "" || len(v.Denied) == 0 && !always && k.When != nil {
				t.Fatalf("%s on %v: found no call that %s is about, or none close that is denied", in.Name, in.Arch, v.Rule)
			}
			list = append(list, v)
		}
	}
	return list
}

// vector finds the vector of one condition: of the calls that fulfil it, the
// first with the most arguments that can be changed for the worse.
func (in *Instance) vector(c rule.Call, k rule.Case) Vector {
	best := Vector{Rule: fmt.Sprintf("%s (%s:%d)", c.Name, k.Src.File, k.Src.Line), Src: k.Src}
	alone := *in.Policy
	alone.Calls = []rule.Call{{Name: c.Name, Nr: c.Nr, Cases: []rule.Case{k}}}

	args := tested(alone.Calls[0])
	var values [][]uint64
	for _, arg := range args {
		values = append(values, in.fitting(in.near(c, arg)))
	}
	const enough = 5000
	m := &maker{in, rand.New(rand.NewPCG(3, 4))}
	for d := range m.product(c.Nr, args, values, enough) {
		for arg := range d.Args {
			if !slices.Contains(args, arg) {
				d.Args[arg] = harmless[c.Name][arg]
			}
		}
		if alone.Eval(d, in.Params) != k.Action || in.Eval(d) != k.Action {
			continue
		}
		if denied := in.denied(c, args, d); best.Call == "" || len(denied) > len(best.Denied) {
			best.Call, best.Allowed, best.Denied = c.Name, d, denied
		}
	}
	return best
}

// denied are calls like d that are denied: one with another value for each of
// the arguments, and where a change of the high half alone is enough, that.
func (in *Instance) denied(c rule.Call, args []int, d rule.Data) []rule.Data {
	var list []rule.Data
	for _, arg := range args {
		high := d.Args[arg] ^ 1<<32
		values := slices.DeleteFunc(in.around(c, arg), func(v uint64) bool { return v == high })
		for _, tries := range [][]uint64{values, {high}} {
			for _, v := range in.fitting(tries) {
				other := d
				if other.Args[arg] = v; in.Eval(other) != rule.Allow {
					list = append(list, other)
					break
				}
			}
		}
	}
	return list
}

// fitting are the values that an argument can have.
func (in *Instance) fitting(values []uint64) []uint64 {
	if in.Arch.Bits() == 64 {
		return values
	}
	return slices.DeleteFunc(values, func(v uint64) bool { return v>>32 != 0 })
}
