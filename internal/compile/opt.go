package compile

import (
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// optimized is our layout for speed: a tree over the numbers, and under it one
// over the arguments for all calls whose rules agree.
//
//	workload    the calls to be good at                  opt_sample.go
//	atoms       conditions as questions about words      opt_atom.go, opt_form.go
//	verdicts    rules that agree are one                 opt_verdict.go
//	arguments   the best order to ask in                 opt_search.go, opt_ranges.go
//	numbers     ranges of numbers and what they count    opt_numbers.go, opt_segment.go
//	split       the best tree over ranges                opt_split.go, opt_chain.go
//	screen      one test of bits ahead of the tree       opt_bits.go
//	first       or arguments ahead of numbers            opt_first.go
//	share       equal parts once                         opt_plan.go
//	order       the hot path falls through               opt_order.go
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
	if p.code != 0 && p.call == -1 {
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
	tree, screen := o.screened(segs)
	root := grow(tree, view{nrWord, allOnes}, leaves)
	if screen != nil {
		root = screen.ahead(root, leaves[screen.out])
	}
	if root.view.w == nrWord {
		first := *root
		first.load = true
		root = &first
	}
	return o.policyPlan(root)
}

// policyPlan is p behind a test of the architecture.
func (o *optimizer) policyPlan(p *plan) *plan {
	audit := o.judge.policy.Target.Audit
	return &plan{load: true, view: view{archWord, allOnes}, code: bpf.Jeq, k: audit,
		atom: atom{w: archWord, mask: allOnes, code: bpf.Jeq, k: audit, param: -1},
		t:    p, f: &plan{act: rule.KillProcess}, call: -1}
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
