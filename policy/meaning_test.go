//go:build linux

package policy_test

import (
	"slices"
	"testing"

	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/policytest"
)

// instances are a program with several assignments of values to its
// parameters: distinct ones, neighbours, equal ones, and -1 wherever it may
// be.
func instances(r row, target gen.Target) []*policytest.Instance {
	all := assignments(len(target.Params))
	chosen := [][]int{all[0], all[1], all[4]}
	off := assignments(len(target.Params))[0]
	for n, p := range target.Params {
		if mayBeMinusOne(r, target.Arch, p.Name) {
			off[n] = -1
		}
	}
	var list []*policytest.Instance
	for _, fd := range append(chosen, off) {
		list = append(list, &policytest.Instance{Target: target, Params: words(fd)})
	}
	return list
}

// In package vm every program does, on every architecture, what its policy
// means.
func TestMeaning(t *testing.T) {
	list := policies(t)
	for _, a := range slices.Concat(policytest.Archs, policytest.Others) {
		t.Run(a.String(), func(t *testing.T) {
			t.Parallel()
			less := testing.Short() || slices.Contains(policytest.Others, a)
			calls := 0
			for i, p := range list {
				for n, in := range instances(table[i], p.On(a)) {
					if n == 0 || !less {
						calls += policytest.Meaning(t, in, n == 0)
					}
				}
			}
			t.Logf("%d calls", calls)
		})
	}
}
