package compile

import (
	"fmt"
	"slices"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// Multi compiles a program for several architectures: a chain of tests of the
// architecture, and behind each the calls of that architecture. In layout
// Plain they are tried one by one, as the policy has them, and share their
// verdicts; layout Optimized is that of a program for one architecture. There
// is no other. The policy of the result has the calls of all parts, in their
// order, and is good for the program's parameters and its listing only. An
// error is an *Error.
func Multi(m *rule.Multi, l Layout) (*Program, error) {
	if l != Plain && l != Optimized {
		return nil, &Error{Msg: fmt.Sprintf("layout %v is for one architecture; use plain or optimized", l)}
	}
	all := &rule.Policy{Default: m.Foreign}
	a := newAssembler(all)
	a.copies = true
	d := &dispatcher{assembler: a, m: m, layout: l, foreign: a.label()}
	for _, p := range m.Parts {
		d.starts, d.first = append(d.starts, a.label()), append(d.first, len(all.Calls))
		all.Params = p.Policy.Params
		all.Calls = append(all.Calls, p.Policy.Calls...)
	}
	a.load(bpf.OffArch, Ref{Kind: Field})
	for i := range m.Parts {
		if group := sharing(m.Parts, i); group != nil {
			d.group(group)
		}
	}
	a.policy = all
	a.place(d.foreign)
	a.ret(m.Foreign)
	p, err := a.finish(l)
	if err != nil {
		return nil, err
	}
	for _, start := range d.starts {
		p.Starts = append(p.Starts, a.at[start])
	}
	return p, nil
}

// A dispatcher tells the architectures apart.
type dispatcher struct {
	*assembler
	m       *rule.Multi
	layout  Layout
	foreign label   // the verdict on calls of no part
	starts  []label // of each part's code
	first   []int   // the index of each part's first call, among all
}

// sharing lists the parts that calls with the audit value of the i-th may
// belong to, if it is the first of them: itself, and for x86_64 and x32 the
// other.
func sharing(parts []rule.Part, i int) []int {
	p := parts[i]
	shares := func(q rule.Part) bool { return q.Policy.Target.Audit == p.Policy.Target.Audit }
	if slices.ContainsFunc(parts[:i], shares) {
		return nil
	}
	n := slices.IndexFunc(parts[i+1:], func(q rule.Part) bool {
		return shares(q) && p.Numbers != rule.AnyNumber && q.Numbers != p.Numbers
	})
	if n < 0 {
		return []int{i}
	}
	return []int{i, i + 1 + n}
}

// group judges the calls with the audit value of the parts it lists, the
// architecture being in A, and falls through for others.
func (d *dispatcher) group(parts []int) {
	p := d.m.Parts[parts[0]]
	ours, next := d.label(), d.label()
	d.jump(bpf.Jeq, p.Policy.Target.Audit, Ref{Kind: Arch}, ours, next)
	d.place(ours)
	r, others := routine{numbered: guards(p, d.m.Foreign), skipped: true}, d.foreign
	if len(parts) == 2 {
		r.numbered, others = true, d.label()
		r.skipped = p.Numbers == rule.OnlyX32 || !skipsAlike(p.Policy, d.m.Parts[parts[1]].Policy)
	}
	if r.numbered || d.layout == Plain {
		d.load(bpf.OffNr, Ref{Kind: Field})
	}
	if r.numbered {
		d.guard(p.Numbers, r.skipped, others)
	}
	d.part(parts[0], r)
	if len(parts) == 2 {
		d.place(others)
		r.skipped = !r.skipped
		d.part(parts[1], r)
	}
	d.place(next)
}

// A routine is what the code of a part may rely on.
type routine struct {
	numbered bool // the number is in A, as it always is in layout Plain
	skipped  bool // the number of a skipped call may be among its numbers
}

// part judges the calls of one part.
func (d *dispatcher) part(i int, r routine) {
	d.policy = d.m.Parts[i].Policy
	d.place(d.starts[i])
	start := len(d.ops)
	if d.layout == Plain {
		d.list(r.skipped)
	} else {
		d.tree(r.numbered)
	}
	for j := range d.ops[start:] {
		if o := &d.ops[start+j]; o.Call >= 0 {
			o.Call += d.first[i]
		}
	}
}

// list judges the calls of a part one by one, the number being in A. Each
// verdict comes once, at the end; lower copies those that are out of reach.
// skipped is that of the routine.
func (a *assembler) list(skipped bool) {
	ends, order := map[rule.Action]label{}, []rule.Action{}
	end := func(act rule.Action) label {
		if _, ok := ends[act]; !ok {
			ends[act] = a.label()
			order = append(order, act)
		}
		return ends[act]
	}
	end(a.policy.Default) // the first: control falls through to it
	a.newer(end, skipped)
	for i, c := range a.policy.Calls {
		a.call = i
		a.entry(c, end)
	}
	a.call = -1
	for _, act := range order {
		a.place(ends[act])
		a.ret(act)
	}
}

// newer judges the calls above the tables. skipped says that the number of a
// skipped call, which is not newer, may come here.
func (a *assembler) newer(end func(rule.Action) label, skipped bool) {
	n := a.policy.Newer
	if n == nil {
		return
	}
	known, above := a.label(), end(n.Action)
	if skipped {
		high := a.label()
		a.jump(bpf.Jgt, n.Last, Ref{}, high, known)
		a.place(high)
		a.jump(bpf.Jeq, noCall, Ref{}, known, above)
	} else {
		a.jump(bpf.Jgt, n.Last, Ref{}, above, known)
	}
	a.place(known)
}

// entry judges one call like paragraph, but jumps to the verdicts.
func (a *assembler) entry(c rule.Call, end func(rule.Action) label) {
	cases := slices.Concat(reachable(c.Cases), []rule.Case{{Action: a.policy.Default}})
	next, body := a.label(), a.label()
	if cases[0].When == nil {
		a.jump(bpf.Jeq, c.Nr, Ref{Kind: Number}, end(cases[0].Action), next)
		a.place(next)
		return
	}
	a.jump(bpf.Jeq, c.Nr, Ref{Kind: Number}, body, next)
	for i := 0; cases[i].When != nil; i++ { // the default has none
		a.place(body)
		if f := cases[i+1]; f.When == nil {
			body = end(f.Action)
		} else {
			body = a.label()
		}
		a.expr(cases[i].When, end(cases[i].Action), body)
	}
	a.place(next)
}

// guards reports whether the numbers that are not p's have to be told from the
// others: not if they get the foreign action anyway, as the default.
func guards(p rule.Part, foreign rule.Action) bool {
	if p.Numbers == rule.AnyNumber {
		return false
	}
	for _, c := range p.Policy.Calls {
		if !p.Numbers.Has(c.Nr) {
			return true
		}
	}
	return p.Policy.Default != foreign || p.Policy.Newer != nil
}

// guard jumps to others for numbers that are not of n, the number being in A.
// Unless skipped is set, that of a skipped call, which is of either, may go
// there too.
func (a *assembler) guard(n rule.Numbers, skipped bool, others label) {
	ours, high := a.label(), a.label()
	switch {
	case n == rule.OnlyX32:
		a.jump(bpf.Jge, firstX32, Ref{}, ours, others)
	case !skipped:
		a.jump(bpf.Jge, firstX32, Ref{}, others, ours)
	default:
		a.jump(bpf.Jge, firstX32, Ref{}, high, ours)
		a.place(high)
		a.jump(bpf.Jeq, noCall, Ref{}, ours, others)
	}
	a.place(ours)
}

// skipsAlike reports whether two policies have the same verdict on the number
// of a skipped call, by default.
func skipsAlike(p, q *rule.Policy) bool {
	ruled := func(c rule.Call) bool { return c.Nr == noCall }
	return p.Default == q.Default && !slices.ContainsFunc(p.Calls, ruled) && !slices.ContainsFunc(q.Calls, ruled)
}

// tree is the optimized layout of a part. If numbered is set the number is in A.
func (a *assembler) tree(numbered bool) {
	o := &optimizer{judge: newJudge(a.policy), workload: newWorkload(a.policy, Weights{}), known: map[*verdict]int{}}
	root := newGraph().share(o.numbersFirst().t)
	if numbered && root.view.w == nrWord {
		root.load = false
	}
	o.order(a, root)
}
