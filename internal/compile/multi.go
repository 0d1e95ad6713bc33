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
// is no other. The policy of the result has the calls of all parts and is good
// for the program's parameters and its listing only. An error is an *Error.
func Multi(m *rule.Multi, l Layout) (*Program, error) {
	if l != Plain && l != Optimized {
		return nil, &Error{Msg: fmt.Sprintf("layout %v is for one architecture; use plain or optimized", l)}
	}
	a, all := &assembler{call: -1, copies: true}, &rule.Policy{Default: m.Foreign}
	a.load(bpf.OffArch, Ref{Kind: Field})
	foreign := a.label()
	for _, p := range m.Parts {
		start := len(a.ops)
		a.part(p, guards(p, m.Foreign), foreign, l)
		for i := range a.ops[start:] {
			if o := &a.ops[start+i]; o.Call >= 0 {
				o.Call += len(all.Calls)
			}
		}
		all.Params = p.Policy.Params
		all.Calls = append(all.Calls, p.Policy.Calls...)
	}
	a.policy = all
	a.place(foreign)
	a.ret(m.Foreign)
	return a.finish(l)
}

// part judges the calls of one architecture, the architecture being in A, and
// falls through for others.
func (a *assembler) part(p rule.Part, guarded bool, foreign label, l Layout) {
	a.policy = p.Policy
	ours, next := a.label(), a.label()
	a.jump(bpf.Jeq, a.policy.Target.Audit, Ref{Kind: Arch}, ours, next)
	a.place(ours)
	if guarded || l == Plain {
		a.load(bpf.OffNr, Ref{Kind: Field})
	}
	if guarded {
		a.guard(p.Numbers, foreign)
	}
	if l == Plain {
		a.list()
	} else {
		a.tree()
	}
	a.place(next)
}

// list judges the calls of a part one by one, the number being in A. Each
// verdict comes once, at the end; lower copies those that are out of reach.
func (a *assembler) list() {
	a.foreignNumbers()
	ends, order := map[rule.Action]label{}, []rule.Action{}
	end := func(act rule.Action) label {
		if _, ok := ends[act]; !ok {
			ends[act] = a.label()
			order = append(order, act)
		}
		return ends[act]
	}
	end(a.policy.Default) // the first: control falls through to it
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
	for i, k := range cases {
		if k.When == nil {
			break
		}
		a.place(body)
		if f := cases[i+1]; f.When == nil {
			body = end(f.Action)
		} else {
			body = a.label()
		}
		a.expr(k.When, end(k.Action), body)
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

// guard jumps to foreign for numbers that are not of n, the number being in A.
func (a *assembler) guard(n rule.Numbers, foreign label) {
	ours, high := a.label(), a.label()
	if n == rule.OnlyX32 {
		a.jump(bpf.Jge, firstX32, Ref{}, ours, foreign)
	} else {
		a.jump(bpf.Jge, firstX32, Ref{}, high, ours)
		a.place(high)
		a.jump(bpf.Jeq, noCall, Ref{}, ours, foreign)
	}
	a.place(ours)
}

// tree is the optimized layout of a part.
func (a *assembler) tree() {
	o := &optimizer{judge: newJudge(a.policy), workload: newWorkload(a.policy, Weights{}), known: map[*verdict]int{}}
	o.order(a, newGraph().share(o.numbersFirst().t))
}
