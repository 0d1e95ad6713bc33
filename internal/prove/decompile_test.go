package prove_test

import (
	"testing"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/policytest"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/vm"
)

// wordAt is the 32-bit word at an offset of seccomp_data on a little-endian
// machine.
func wordAt(d rule.Data, off uint32) uint32 {
	switch {
	case off == bpf.OffNr:
		return d.Nr
	case off == bpf.OffArch:
		return d.Arch
	}
	x := d.IP
	if off >= bpf.OffArgs {
		x = d.Args[(off-bpf.OffArgs)/8]
	}
	return uint32(x >> (8 * (off % 8)))
}

// TestDecompiled reads every program back from its bytes, into paths, and
// judges calls by the one path whose conditions they meet: the policy, the
// machine and that path agree, and there is never a second path.
func TestDecompiled(t *testing.T) {
	paths, calls := 0, 0
	for _, layout := range compile.Layouts() {
		for i, name := range policies(t) {
			for _, target := range targets(t, name, layout) {
				m := policytest.NewMaker(uint64(i), false)
				params := m.Params(target.Policy)
				prog := target.Program.Fill(params)
				ways, err := bpf.Paths(prog, 1<<16)
				if err != nil {
					t.Errorf("%s on %s, layout %v: %v", name, target.Target.Name, layout, err)
					continue
				}
				machine, err := vm.New(prog, target.Arch)
				if err != nil {
					t.Fatal(err)
				}
				paths += len(ways)
				for range 60 {
					d := m.Call(target.Policy)
					if n := len(target.Calls); n > 0 && m.IntN(8) > 0 {
						d.Nr = target.Calls[m.IntN(n)].Nr
					}
					if n := len(params); n > 0 {
						d.Args[0] = params[m.IntN(n)]
					}
					calls++
					decompiled(t, name, ways, d, rule.Action(machine.Run(vm.Call(d))), target.Policy.Eval(d, params))
				}
			}
		}
	}
	t.Logf("%d paths, %d calls", paths, calls)
}

func decompiled(t *testing.T, name string, ways []bpf.Path, d rule.Data, machine, policy rule.Action) {
	t.Helper()
	found := 0
	for _, w := range ways {
		met := true
		for _, c := range w.Conds {
			met = met && c.Met(wordAt(d, c.Off))
		}
		if !met {
			continue
		}
		if found++; rule.Action(w.Ret) != policy || machine != policy {
			t.Errorf("%s: %+v: %v by the path to instruction %d, %v by the machine, %v by the policy", name, d, rule.Action(w.Ret), w.PC, machine, policy)
		}
	}
	if found != 1 {
		t.Errorf("%s: %+v is on %d paths", name, d, found)
	}
}
