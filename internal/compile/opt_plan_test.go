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

// TestOperand: what an emitted jump says its K stands for.
func TestOperand(t *testing.T) {
	bits := &rule.Cmp{Width: 32, Mask: 4, X: rule.Operand{Param: -1, Value: 4}}
	p := &rule.Policy{Target: x86_64, Default: rule.KillProcess, Params: []rule.Param{{Bits: 32}}, Calls: []rule.Call{
		call(1, bits), call(2, arg(1, 32, rule.Gt, 9)), call(7, arg(2, 32, rule.Eq, 5)),
	}}
	o := &optimizer{judge: newJudge(p)}
	for _, c := range p.Calls {
		o.call(c)
	}
	e := o.emitter(&assembler{policy: p})
	on := func(w word, code uint16, k uint32) *plan {
		a := atom{w: w, mask: allOnes, code: code, k: k, param: -1}
		return &plan{view: a.view(), code: code, k: k, atom: a}
	}
	value := func(n int) Ref { return Ref{Kind: Value, Cmp: p.Calls[n].Cases[0].When.(*rule.Cmp)} }
	for _, tc := range []struct {
		name string
		p    *plan
		code uint16
		k    uint32
		ref  Ref
	}{
		{"the architecture", on(archWord, bpf.Jeq, x86_64.Audit), bpf.Jeq, x86_64.Audit, Ref{Kind: Arch}},
		{"a number", on(nrWord, bpf.Jeq, 7), bpf.Jeq, 7, Ref{Kind: Number}},
		{"above a number", on(nrWord, bpf.Jge, 8), bpf.Jgt, 7, Ref{Kind: Number}},
		{"from no number of the policy's", on(nrWord, bpf.Jge, 400), bpf.Jge, 400, Ref{}},
		{"no bits but some of the number", on(nrWord, bpf.Jset, 2), bpf.Jset, 2, Ref{}},
		{"a bit of an argument", on(0, bpf.Jset, 4), bpf.Jset, 4, Ref{Kind: Mask, Cmp: bits}},
		{"a constant of the policy's", on(4, bpf.Jeq, 5), bpf.Jeq, 5, value(2)},
		{"above one", on(2, bpf.Jge, 10), bpf.Jgt, 9, value(1)},
		{"another constant", on(4, bpf.Jge, 100), bpf.Jge, 100, Ref{}},
	} {
		code, k, ref := e.operand(tc.p)
		if code != tc.code || k != tc.k || ref.Kind != tc.ref.Kind || ref.Cmp != tc.ref.Cmp || ref.High {
			t.Errorf("%s: code %#x, %d, %+v; want %#x, %d, %+v", tc.name, code, k, ref, tc.code, tc.k, tc.ref)
		}
	}
}
