package compile

import (
	"slices"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// A policy of more calls than this is not tried arguments first.
const maxFirst = 6

// argumentsFirst is the best plan that starts with an argument, for a policy
// in which no call has an unconditional verdict: the kernel's emulator gives
// up at the first instruction, and nothing it could have cached is lost. It is
// nil for other policies.
func (o *optimizer) argumentsFirst() *plan {
	p := o.judge.policy
	if len(p.Calls) == 0 || len(p.Calls) > maxFirst || p.Default == rule.Allow || p.Newer != nil && p.Newer.Action == rule.Allow {
		return nil
	}
	for _, c := range p.Calls {
		if len(o.call(c).cases) == 0 {
			return nil
		}
	}
	v := o.whole()
	var samples []sample
	var on []int32
	for _, nr := range o.workload.numbers {
		samples = append(samples, o.samples[nr]...)
	}
	samples = v.collapse(samples)
	for i := range samples {
		on = append(on, int32(i))
	}
	s := o.search(samples, o.params)
	var best *plan
	views := slices.DeleteFunc(v.views(), func(w view) bool { return w.w == nrWord })
	for _, w := range views {
		if p := s.enter(v, w, -1, on); best == nil || p.cost.less(best.cost) {
			best = p
		}
	}
	if s.budget < 0 {
		return nil
	}
	return o.archLast(best, map[*plan]*plan{})
}

// archLast puts the test of the architecture ahead of every action that p
// ends in, but for the one a foreign architecture gets.
func (o *optimizer) archLast(p *plan, done map[*plan]*plan) *plan {
	if p.code == 0 {
		if p.act == rule.KillProcess {
			return p
		}
		return o.policyPlan(p)
	}
	if q := done[p]; q != nil {
		return q
	}
	q := *p
	done[p] = &q
	q.t, q.f = o.archLast(p.t, done), o.archLast(p.f, done)
	return &q
}

// whole is the verdict of the policy on all calls of its architecture.
func (o *optimizer) whole() *verdict {
	p := o.judge.policy
	field := func(w word, code uint16, k uint32) *form {
		a := atom{w: w, mask: allOnes, code: code, k: k, param: -1}
		if _, ok := o.origins[a]; !ok {
			o.origins[a] = Ref{}
			o.judge.former.order = append(o.judge.former.order, a)
		}
		return o.intern(form{kind: literal, atom: a})
	}
	known := o.not(field(nrWord, bpf.Jeq, noCall))
	var cases []when
	if p.Target.X32Shares {
		cases = append(cases, when{o.and(field(nrWord, bpf.Jge, firstX32), known), rule.KillProcess})
	}
	for _, c := range p.Calls {
		nr := field(nrWord, bpf.Jeq, c.Nr)
		for _, k := range c.Cases {
			cases = append(cases, when{o.and(nr, o.expr(k.When)), k.Action})
		}
		cases = append(cases, when{nr, p.Default})
	}
	if p.Newer != nil && p.Newer.Last != noCall {
		cases = append(cases, when{o.and(field(nrWord, bpf.Jge, p.Newer.Last+1), known), p.Newer.Action})
	}
	return o.verdict(cases, p.Default)
}
