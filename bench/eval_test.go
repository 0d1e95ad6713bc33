//go:build linux && amd64

package main

import (
	"slices"
	"testing"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/rule"
)

// TestMachines: every machine gives each call of the policies its verdict, and
// a wrong one is noticed.
func TestMachines(t *testing.T) {
	for _, name := range []string{"A", "B", "C", "D"} {
		p := readTestPolicy(t, name, t.TempDir())
		c := layout(p, compile.Plain, "plain")
		calls := p.trials()
		broken := slices.Clone(c.prog)
		for pc := range broken {
			if broken[pc].Code == bpf.RetK && rule.Action(broken[pc].K) == rule.Allow {
				broken[pc].K = uint32(rule.Log)
			}
		}
		meaning := func(i int) (uint32, error) { return uint32(p.Eval(calls[i], p.params)), nil }
		for _, m := range machines {
			run, err := m.load(c.prog, calls)
			if err == nil {
				err = agree(meaning, run, calls)
			}
			if err != nil {
				t.Errorf("%s, %s: %v", name, m.name, err)
			}
			if run, err = m.load(broken, calls); err != nil {
				t.Fatalf("%s, %s: %v", name, m.name, err)
			}
			if agree(meaning, run, calls) == nil {
				t.Errorf("%s, %s: a program that logs what it allows is not noticed", name, m.name)
			}
		}
	}
}
