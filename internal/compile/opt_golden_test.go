package compile_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/policytest"
	"github.com/tileseal/tileseal/internal/rule"
)

// TestOptimizedGolden holds the programs of layout optimized against
// testdata/optimized.digests: of texts for each objective, and of random policies
// with random weights. Whoever generates again with another tileseal should find
// the programs they have, unless a release says otherwise.
func TestOptimizedGolden(t *testing.T) {
	table := policytest.Table{}
	set := func(p *rule.Policy, w compile.Weights, names ...string) {
		prog, err := compile.Optimize(p, w)
		if err != nil {
			t.Errorf("%v: %v", names, err)
			return
		}
		digest := policytest.Digest(policytest.Lines(policytest.Open(prog)))
		table.Set(len(prog.Insns), digest[:16], append(names, w.Objective.String())...)
	}
	objectives := []compile.Objective{compile.Unc, compile.All, compile.Inst}
	for _, p := range texts(t) {
		for _, o := range objectives {
			set(p, compile.Weights{Objective: o}, p.Name)
		}
	}
	for seed := range uint64(300) {
		k := policytest.Kind(seed % 10)
		m := policytest.NewMaker(seed, k.Simple())
		p := m.Policy(k.Machine())
		if seed%3 > 0 {
			widen(m, p)
		}
		set(p, seenCalls(m, p), fmt.Sprintf("random %03d", seed))
	}
	policytest.Golden(t, "optimized.digests", []byte(table.String()))
}

// texts are the policies of testdata/performance and some of those for Go
// programs.
func texts(t *testing.T) []*rule.Policy {
	root := policytest.Root(t)
	files, err := filepath.Glob(filepath.Join(root, "testdata", "performance", "*.seccomppolicy"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range []string{"archiver_writer", "quic", "gui"} {
		files = append(files, filepath.Join(root, "policy", "gotile", name+".seccomppolicy"))
	}
	var out []*rule.Policy
	for _, file := range files {
		out = append(out, policytest.ReadFile(t, file, compile.Optimized, arch.X86_64).On(arch.X86_64).Policy)
	}
	return out
}

// widen adds up to 80 calls, in runs and alone: with conditions that others have,
// and without.
func widen(m *policytest.Maker, p *rule.Policy) {
	few := p.Calls
	nr := uint32(len(few))
	for range 1 + m.IntN(80) {
		if nr++; m.IntN(2) == 0 {
			nr += uint32(m.IntN(12))
		}
		c := rule.Call{Nr: nr, Cases: []rule.Case{{Action: rule.Allow}}}
		if len(few) > 0 && m.IntN(2) == 0 {
			c.Cases = slices.Clone(few[m.IntN(len(few))].Cases)
		}
		p.Calls = append(p.Calls, c)
	}
}

// seenCalls are random weights, of calls with rules and others.
func seenCalls(m *policytest.Maker, p *rule.Policy) compile.Weights {
	o := compile.Objective(m.IntN(3))
	if m.IntN(4) == 0 {
		return compile.Weights{Objective: o}
	}
	return randomWeights(m, p, o, 12, func() compile.Seen {
		s := randomSeen(m, 100)
		if len(p.Calls) > 0 && m.IntN(3) > 0 {
			s.Nr = p.Calls[m.IntN(len(p.Calls))].Nr
		}
		return s
	})
}
