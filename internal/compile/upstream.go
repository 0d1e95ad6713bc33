package compile

import (
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// prologue kills foreign architectures and leaves the call's number in A.
func (a *assembler) prologue(kill label) {
	a.load(bpf.OffArch, Ref{Kind: Field})
	next := a.label()
	a.jump(bpf.Jeq, a.policy.Target.Audit, Ref{Kind: Arch}, next, kill)
	a.place(next)
	a.load(bpf.OffNr, Ref{Kind: Field})
}

// table tests the number against every call in turn and goes to the label of
// the one it is.
func (a *assembler) table(to []label) {
	for i, c := range a.policy.Calls {
		a.call = i
		next := a.label()
		a.jump(bpf.Jeq, c.Nr, Ref{Kind: Number}, to[i], next)
		a.place(next)
	}
	a.call = -1
}

// targets are the labels of every call's check, and of allow for those that
// have none.
func (a *assembler) targets(allow label) []label {
	to := make([]label, len(a.policy.Calls))
	for i, c := range a.policy.Calls {
		if to[i] = allow; union(c.Cases) != nil {
			to[i] = a.label()
		}
	}
	return to
}

// classic is upstream's first layout: a table of numbers, a jump to the end,
// the checks one after another, one kill and one allow for all of them.
func classic(a *assembler) {
	kill, allow := a.label(), a.label()
	to := a.targets(allow)
	a.prologue(kill)
	a.table(to)
	a.jump(bpf.Ja, 0, Ref{}, kill, 0)
	for i, c := range a.policy.Calls {
		if when := union(c.Cases); when != nil {
			a.call = i
			a.place(to[i])
			a.expr(when, allow, kill)
		}
	}
	a.call = -1
	a.place(kill)
	a.ret(rule.KillProcess)
	a.place(allow)
	a.ret(rule.Allow)
}

// current is upstream's second layout: a table of numbers with a kill and an
// allow behind it, then the checks, each with its own pair.
func current(a *assembler) {
	kill, allow := a.label(), a.label()
	to := a.targets(allow)
	a.prologue(kill)
	a.table(to)
	a.place(kill)
	a.ret(rule.KillProcess)
	a.place(allow)
	a.ret(rule.Allow)
	for i, c := range a.policy.Calls {
		if when := union(c.Cases); when != nil {
			a.call = i
			a.place(to[i])
			kill, allow := a.label(), a.label()
			a.expr(when, allow, kill)
			a.place(kill)
			a.ret(rule.KillProcess)
			a.place(allow)
			a.ret(rule.Allow)
		}
	}
}
