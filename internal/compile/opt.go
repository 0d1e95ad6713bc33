package compile

import (
	"slices"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// optimized is our layout for speed: a tree over the numbers, and under it one
// over the arguments for all calls whose rules agree.
//
//	workload    calls to be good at            opt_sample.go
//	verdicts    conditions as words and atoms  opt_form.go, opt_verdict.go
//	arguments   the best order to ask in       opt_search.go
//	numbers     the best tree over ranges      opt_split.go, opt_numbers.go
//	first       arguments before numbers       opt_first.go
//	share       equal parts once               opt_plan.go
//	order       hot path falls through         opt_order.go
func optimized(a *assembler, w Weights) {
	o := &optimizer{judge: newJudge(a.policy), workload: newWorkload(a.policy, w), objective: w.Objective, known: map[*verdict]int{}}
	best := o.numbersFirst()
	if p := o.argumentsFirst(); p != nil && o.measure(p).less(o.measure(best)) {
		best = p
	}
	a.copies = true
	g := newGraph()
	o.order(a, g.share(best))
}

type optimizer struct {
	*judge
	*workload
	objective Objective
	families  []*family
	known     map[*verdict]int // index into families
}

// A family is the numbers that have one verdict.
type family struct {
	verdict *verdict
	calls   []int // indices into Policy.Calls
}

// family is the index of the one with verdict v.
func (o *optimizer) family(v *verdict) int {
	n, ok := o.known[v]
	if !ok {
		n = len(o.families)
		o.known[v] = n
		o.families = append(o.families, &family{verdict: v})
	}
	return n
}

// arguments plans what happens once the number is known.
func (o *optimizer) arguments(f *family) *plan {
	var samples []sample
	var on []int32
	for _, c := range f.calls {
		samples = append(samples, o.samples[o.judge.policy.Calls[c].Nr]...)
	}
	samples = f.verdict.collapse(samples)
	for i := range samples {
		on = append(on, int32(i))
	}
	p := o.search(samples, o.params).find(f.verdict, -1, on)
	if len(f.calls) > 0 {
		p.about(f.calls[0])
	}
	return p
}

// about says which call p and all below it are about.
func (p *plan) about(call int) {
	if p.code != 0 && p.call < 0 {
		p.call = call
		p.t.about(call)
		p.f.about(call)
	}
}

// collapse joins samples that v cannot tell apart by their words.
func (v *verdict) collapse(samples []sample) []sample {
	var ws []word
	for _, w := range v.views() {
		ws = append(ws, w.w)
	}
	index := map[[words]uint32]int{}
	var out []sample
	for _, s := range samples {
		var key [words]uint32
		for _, w := range ws {
			key[w] = s.word(w)
		}
		if n, ok := index[key]; ok {
			out[n].weight = out[n].weight.add(s.weight)
			continue
		}
		index[key] = len(out)
		out = append(out, s)
	}
	return out
}

// numbersFirst is the plan that settles the architecture, then the number,
// then the arguments: numbers that are always allowed stay cacheable.
func (o *optimizer) numbersFirst() *plan {
	segs := tidy(o.numbers())
	leaves := make([]*plan, len(o.families))
	for i, f := range o.families {
		leaves[i] = o.arguments(f)
	}
	root := grow(bestSplit(o.weigh(segs)), view{nrWord, allOnes}, leaves)
	if root.code != 0 && root.view.w == nrWord {
		root.load = true
	}
	return o.policyPlan(root)
}

// policyPlan is p behind a test of the architecture.
func (o *optimizer) policyPlan(p *plan) *plan {
	audit := o.judge.policy.Target.Audit
	return &plan{load: true, view: view{archWord, allOnes}, code: bpf.Jeq, k: audit,
		atom: atom{w: archWord, mask: allOnes, code: bpf.Jeq, k: audit, param: -1},
		t:    p, f: &plan{act: rule.KillProcess, call: -1}, call: -1}
}

// numbers are the ranges of numbers that belong to one family.
func (o *optimizer) numbers() []segment {
	p := o.judge.policy
	starts := []uint32{0, noCall}
	calls := map[uint32]int{}
	for i, c := range p.Calls {
		starts = append(starts, c.Nr)
		if c.Nr < noCall {
			starts = append(starts, c.Nr+1)
		}
		n := o.family(o.call(c))
		o.families[n].calls = append(o.families[n].calls, i)
		calls[c.Nr] = n
	}
	if p.Target.X32Shares {
		starts = append(starts, firstX32)
	}
	if p.Newer != nil && p.Newer.Last < noCall {
		starts = append(starts, p.Newer.Last+1)
	}
	slices.Sort(starts)
	starts = slices.Compact(starts)
	var segs []segment
	for i, lo := range starts {
		g := segment{lo: lo, hi: noCall}
		if i+1 < len(starts) {
			g.hi = starts[i+1] - 1
		}
		n, ok := calls[lo]
		switch {
		case p.Target.X32Shares && lo >= firstX32 && lo != noCall:
			n = o.family(o.always(rule.KillProcess))
		case ok:
		case p.Newer != nil && lo > p.Newer.Last && lo != noCall:
			n = o.family(o.always(p.Newer.Action))
		default:
			n = o.family(o.always(p.Default))
		}
		g.out = n
		segs = append(segs, g)
	}
	return segs
}

// weigh says what each range counts for the objective, and cuts numbers with
// weight out of ranges, so that a Jeq may pick them.
func (o *optimizer) weigh(segs []segment) []segment {
	var out []segment
	for _, g := range segs {
		lo := g.lo
		add := func(lo, hi uint32, main int64) {
			out = append(out, segment{lo, hi, g.out, o.price(main, emulatedIn(lo, hi))})
		}
		n, _ := slices.BinarySearch(o.workload.numbers, g.lo)
		for _, nr := range o.workload.numbers[n:] {
			if nr > g.hi {
				break
			}
			main := o.seen(nr, o.families[g.out].verdict)
			if main == 0 && !g.single() {
				continue
			}
			if nr > lo {
				add(lo, nr-1, 0)
			}
			add(nr, nr, main)
			if lo = nr + 1; nr == noCall {
				return out
			}
		}
		if lo <= g.hi && (len(out) == 0 || out[len(out)-1].hi != g.hi) {
			add(lo, g.hi, 0)
		}
	}
	return out
}

// seen is how often number nr, on which the verdict is v, made the kernel run
// the program.
func (o *optimizer) seen(nr uint32, v *verdict) int64 {
	if o.objective != All && len(v.cases) == 0 && v.other == rule.Allow {
		return 0
	}
	var n int64
	for _, s := range o.samples[nr] {
		n += s.weight.main
	}
	return n
}

// price is a cost by objective.
func (o *optimizer) price(executed, emulated int64) cost {
	if o.objective == Inst {
		return cost{emulated, executed * 16}
	}
	if o.objective == Unc { return cost{executed*60 + emulated, 0} }; return cost{executed, emulated * tieWeight}
}

// measure is what plan p costs by the objective: executed instructions of all
// samples, emulated ones of all numbers.
func (o *optimizer) measure(p *plan) cost {
	var executed, steps int64
	for _, nr := range o.workload.numbers {
		for _, s := range o.samples[nr] {
			if o.objective == All || !p.caches(nr, s.data.Arch) {
				executed += s.weight.main * int64(p.run(&s, o.params, o.judge.policy))
			}
		}
	}
	audit := o.judge.policy.Target.Audit
	for nr := range uint32(emulated) {
		n, _ := p.emulate(nr, audit)
		m, _ := p.emulate(nr, ^audit)
		steps += int64(n + m)
	}
	return o.price(executed, steps)
}
