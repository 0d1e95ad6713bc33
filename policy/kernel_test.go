//go:build linux

package policy_test

import (
	"runtime"
	"slices"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/policytest"
)

// closed is a program whose parameters are descriptors, or process ids, that
// the struck process does not have.
func closed(p *policytest.Policy, a arch.Arch) *policytest.Instance {
	in := &policytest.Instance{Target: p.On(a)}
	for i := range in.Target.Params {
		in.Params = append(in.Params, 900+uint64(i))
	}
	return in
}

// Kernel, vm and meaning agree on every program.
func TestKernelJudges(t *testing.T) {
	calls := 3000
	if testing.Short() {
		calls = 300
	}
	for _, a := range policytest.KernelArchs() {
		t.Run(a.String(), func(t *testing.T) {
			for i, p := range policies(t) {
				policytest.Judge(t, instances(table[i], p.On(a))[0], calls)
			}
		})
	}
}

// They agree on random calls: by default some thousand, with -args -calls=1000000 a
// million for each program.
func TestKernelOracle(t *testing.T) {
	for _, a := range policytest.KernelArchs() {
		t.Run(a.String(), func(t *testing.T) {
			var list []*policytest.Instance
			for i, p := range policies(t) {
				list = append(list, instances(table[i], p.On(a))[0])
			}
			policytest.Oracle(t, list)
		})
	}
}

// inShort reports whether the short form strikes the calls of all rules of the
// policy of this index: it does for one in ten, and those of one rule for the
// others.
func inShort(i int) bool { return i%10 == 0 }

// Under the strict programs real calls return, or end the process by SIGSYS:
// one that each rule allows, and ones that differ from it in one argument; a
// call without a rule, and one of x32.
func TestKernelKills(t *testing.T) {
	for _, a := range policytest.KernelArchs() {
		t.Run(a.String(), func(t *testing.T) {
			var shots []policytest.Shot
			for i, p := range policies(t) {
				in := closed(p, a)
				calls := in.Calls
				if testing.Short() && !inShort(i) {
					if a != arch.Native() {
						continue
					}
					calls = calls[:1]
				}
				vectors := in.VectorsOf(t, calls)
				for _, v := range vectors {
					shots = append(shots, in.Shots(v)...)
				}
				shots = append(shots, in.Strangers(t, vectors[0].Allowed)...)
			}
			policytest.Strike(t, shots)
		})
	}
}

// A call by int 0x80 ends a 64-bit process even if a 64-bit call of that number
// and with these arguments is allowed.
func TestKernelKillsInt80(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("there is no int 0x80 from 64-bit code on " + runtime.GOARCH)
	}
	var shots []policytest.Shot
	for _, p := range policies(t) {
		in := closed(p, arch.X86_64)
		s := in.Shot(p.Name, in.VectorsOf(t, in.Calls[:1])[0].Allowed)
		s.Via80, s.Want = true, "dies"
		shots = append(shots, s)
	}
	policytest.Strike(t, shots)
}

// A call of an architecture that the program is not for ends the process, even one
// of a number and with arguments that the program allows on its own: a 32-bit
// process's under a 64-bit program and the other way round, and native calls under
// programs of every other architecture.
func TestKernelKillsForeign(t *testing.T) {
	callers := policytest.Callers(t)
	elsewhere := slices.DeleteFunc(slices.Concat(policytest.Archs, policytest.Others), func(a arch.Arch) bool {
		return slices.Contains(callers, a)
	})
	var shots []policytest.Shot
	for i, p := range policies(t) {
		programs, from := append(slices.Clone(callers), elsewhere[i%len(elsewhere)]), callers
		if testing.Short() && !inShort(i) {
			programs, from = programs[len(callers):], callers[:1]
		}
		for _, a := range programs {
			in := closed(p, a)
			shots = append(shots, in.Foreigners(in.VectorsOf(t, in.Calls[:1])[0].Allowed, from)...)
		}
	}
	policytest.Strike(t, shots)
}
