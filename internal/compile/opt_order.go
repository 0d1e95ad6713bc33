package compile

import (
	"slices"

	"github.com/tileseal/tileseal/internal/bpf"
)

// order puts the plans below root, which are shared, one behind another: each
// behind all that lead to it, and where that leaves a choice behind the one
// that leads to it most often, so that the hot path falls through.
func (o *optimizer) order(a *assembler, root *plan) {
	heat := o.heat(root)
	var post []*plan
	seen := map[*plan]bool{}
	var visit func(p *plan)
	visit = func(p *plan) {
		if seen[p] {
			return
		}
		seen[p] = true
		if p.code != 0 {
			first, last := p.t, p.f
			if heat[p][0] > heat[p][1] {
				first, last = last, first
			}
			visit(first)
			visit(last)
		}
		post = append(post, p)
	}
	visit(root)
	slices.Reverse(post)
	labels := map[*plan]label{}
	for _, p := range post {
		labels[p] = a.label()
	}
	e := o.emitter(a)
	for _, p := range post {
		a.place(labels[p])
		e.emit(p, labels)
	}
	a.call = -1
}

// heat is how often each plan's jump is taken, and how often not.
func (o *optimizer) heat(root *plan) map[*plan]*[2]int64 {
	heat := map[*plan]*[2]int64{}
	var visit func(p *plan)
	visit = func(p *plan) {
		if heat[p] == nil {
			if heat[p] = new([2]int64); p.code != 0 {
				visit(p.t)
				visit(p.f)
			}
		}
	}
	visit(root)
	for _, nr := range o.workload.numbers {
		for _, s := range o.samples[nr] {
			n := s.weight.main*tieWeight + s.weight.tie
			for p := root; p.code != 0; {
				if p.taken(s.word(p.view.w), o.params, o.judge.policy) {
					heat[p][0] += n
					p = p.t
				} else {
					heat[p][1] += n
					p = p.f
				}
			}
		}
	}
	return heat
}

// An emitter writes plans as instructions that know where they come from.
type emitter struct {
	*optimizer
	a     *assembler
	calls map[uint32]int // number -> index of the call
	loads map[view]Ref   // a comparison that asks about the view
	named map[named]Ref  // a comparison that has this constant
}

type named struct {
	view view
	k    uint32
}

func (o *optimizer) emitter(a *assembler) *emitter {
	e := &emitter{o, a, map[uint32]int{}, map[view]Ref{}, map[named]Ref{}}
	for i, c := range a.policy.Calls {
		e.calls[c.Nr] = i
	}
	for _, at := range slices.Backward(o.judge.former.order) {
		ref := o.origins[at]
		if ref.Cmp == nil {
			continue
		}
		e.loads[at.view()] = ref
		if ref.Cmp.X.Param < 0 {
			e.named[named{at.view(), half(ref.Cmp.X.Value, ref.High)}] = ref
		}
	}
	return e
}

func (e *emitter) emit(p *plan, labels map[*plan]label) {
	e.a.call = p.call
	if p.code == 0 {
		e.a.call = -1
		e.a.ret(p.act)
		return
	}
	from := e.loads[p.view]
	if p.load {
		switch p.view.w {
		case nrWord:
			e.a.load(bpf.OffNr, Ref{Kind: Field})
		case archWord:
			e.a.load(bpf.OffArch, Ref{Kind: Field})
		default:
			e.a.load(bpf.ArgWord(int(p.view.w/2), p.view.w%2 == 1, e.a.policy.Target.BigEndian), Ref{Kind: Load, Cmp: from.Cmp, High: from.High})
		}
	}
	if p.and {
		e.a.emit(bpf.Insn{Code: bpf.And, K: p.view.mask}, Ref{Kind: Mask, Cmp: from.Cmp, High: from.High}, 0, 0)
	}
	code, k, ref := e.operand(p)
	e.a.jump(code, k, ref, labels[p.t], labels[p.f])
}

// operand is the jump of p and what its K stands for. A >= K is written
// A > K-1 where that is a constant of the policy.
func (e *emitter) operand(p *plan) (code uint16, k uint32, ref Ref) {
	switch {
	case p.sort != nil:
		return p.code, 0, Ref{Kind: Value, Cmp: e.loads[p.view].Cmp, Sort: p.sort, Index: len(p.sort) - 1}
	case p.atom.param >= 0:
		return p.code, 0, e.origins[p.atom]
	case p.view.w == archWord:
		return p.code, p.k, Ref{Kind: Arch}
	case p.view.w == nrWord && p.code == bpf.Jset:
		return p.code, p.k, Ref{}
	}
	if ref, ok := e.constant(p, p.k); ok {
		return p.code, p.k, ref
	}
	if ref, ok := e.constant(p, p.k-1); ok && p.code == bpf.Jge {
		return bpf.Jgt, p.k - 1, ref
	}
	if p.code == bpf.Jset {
		ref = Ref{Kind: Mask, Cmp: e.origins[p.atom].Cmp, High: e.origins[p.atom].High}
	}
	return p.code, p.k, ref
}

func (e *emitter) constant(p *plan, k uint32) (Ref, bool) {
	if p.view.w == nrWord {
		call, ok := e.calls[k]
		if ok {
			e.a.call = call
		}
		return Ref{Kind: Number}, ok
	}
	if p.code == bpf.Jset {
		return Ref{}, false
	}
	ref, ok := e.named[named{p.view, k}]
	return ref, ok
}
