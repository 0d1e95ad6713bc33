package compile

import (
	"testing"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// TestAmong holds what is said of a range against all its values.
func TestAmong(t *testing.T) {
	const most = 6
	for _, code := range []uint16{bpf.Jeq, bpf.Jge, bpf.Jset} {
		for k := range uint32(most) {
			for lo := range uint32(most) {
				for hi := lo; hi < most; hi++ {
					holds := 0
					for v := lo; v <= hi; v++ {
						p := plan{view: view{nrWord, allOnes}, code: code, k: k, atom: atom{param: -1}}
						if p.taken(v, nil, nil) {
							holds++
						}
					}
					all, none := holds == int(hi-lo+1), holds == 0
					yes, known := (atom{code: code, k: k, param: -1}).among(lo, hi)
					if known && (yes && !all || !yes && !none) {
						t.Errorf("code %#x, %d, from %d to %d: %v", code, k, lo, hi, yes)
					}
					if !known && (code != bpf.Jset || lo == hi) && (all || none) {
						t.Errorf("code %#x, %d, from %d to %d: not known", code, k, lo, hi)
					}
				}
			}
		}
	}
}

// TestMeasure: what a plan costs, counted by hand. The kernel answers number 1
// from its cache, so its calls count for one objective only.
func TestMeasure(t *testing.T) {
	p := &rule.Policy{Target: rule.Target{Audit: 9}, Default: rule.KillProcess, Calls: []rule.Call{
		call(1, nil), call(2, arg(0, 32, rule.Eq, 7)),
	}}
	allow, kill := &plan{act: rule.Allow}, &plan{act: rule.KillProcess}
	ask := func(w word, load bool, k uint32, no *plan, yes *plan) *plan {
		return &plan{load: load, view: view{w, allOnes}, code: bpf.Jeq, k: k, atom: atom{param: -1}, t: yes, f: no}
	}
	first := ask(nrWord, true, 1, ask(nrWord, false, 2, kill, ask(0, true, 7, kill, allow)), allow)
	const (
		cached  = 10 * 5      // ten calls: ld, jeq; ld, jeq; ret
		checked = (3 + 2) * 8 // five: ld, jeq; ld, jeq, jeq; ld, jeq; ret
		steps   = 5 + 470*6 + // number 1; number 2 up to its argument's load, and the others to their ret
			471*3 // foreign ones: ld, jeq; ret
	)
	for objective, want := range map[Objective]cost{
		All:  {cached + checked, steps * tieWeight},
		Unc:  {checked, steps * tieWeight},
		Inst: {steps, checked * 16},
	} {
		w := Weights{Objective: objective, Calls: []Seen{seen(1, 10), seen(2, 3, 7), seen(2, 2, 8)}}
		o := &optimizer{judge: newJudge(p), workload: newWorkload(p, w), objective: objective}
		if got := o.measure(o.policyPlan(first)); got != want {
			t.Errorf("%v: %+v, want %+v", objective, got, want)
		}
	}
}

// TestPlanCounts: a plan counts the instructions that are made of it.
func TestPlanCounts(t *testing.T) {
	for _, row := range []struct {
		load, and bool
		steps     int
	}{{false, false, 2}, {true, false, 3}, {true, true, 4}} {
		p := &plan{
			load: row.load, and: row.and, view: view{nrWord, allOnes}, code: bpf.Jset, k: 4, atom: atom{param: -1},
			t: &plan{act: rule.Allow}, f: &plan{act: rule.KillProcess},
		}
		for nr, allowed := range map[uint32]bool{3: false, 4: true, 7: true, 8: false} {
			if steps, allow := p.emulate(nr, 9); steps != row.steps || allow != allowed {
				t.Errorf("%+v, number %d: %d steps, %v", row, nr, steps, allow)
			}
			s := sample{data: rule.Data{Nr: nr}}
			if steps := p.run(&s, nil, nil); steps != row.steps {
				t.Errorf("%+v, number %d: %d instructions run", row, nr, steps)
			}
		}
	}
}

// TestEmulatedIn: the kernel emulates numbers 0 to 470, less those a screen has.
func TestEmulatedIn(t *testing.T) {
	for _, tc := range []struct {
		lo, hi uint32
		found  *screen
		want   int64
	}{
		{0, 9, nil, 10}, {469, 500, nil, 2}, {470, 470, nil, 1}, {471, 471, nil, 0}, {471, noCall, nil, 0},
		{0, 9, &screen{mask: 3}, 6}, {0, 9, &screen{mask: 5}, 6},
	} {
		if got := emulatedIn(tc.lo, tc.hi, tc.found); got != tc.want {
			t.Errorf("%d to %d, without %+v: %d, want %d", tc.lo, tc.hi, tc.found, got, tc.want)
		}
	}
}

// TestAskHigh: an atom about a parameter knows which of its words it is about; one
// about a constant does not care.
func TestAskHigh(t *testing.T) {
	f := newFormer(&rule.Policy{Params: []rule.Param{{Bits: 64}}})
	for param, want := range map[int8]bool{0: true, -1: false} {
		got := f.ask(atom{w: 1, mask: allOnes, code: bpf.Jeq, param: param, high: true}, &rule.Cmp{})
		if got.atom.high != want {
			t.Errorf("parameter %d: %+v", param, got.atom)
		}
	}
}
