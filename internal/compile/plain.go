package compile

import (
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// x32 numbers on x86_64 run from 0x40000000 to 0xfffffffe; 0xffffffff is what
// a tracer leaves to skip a call.
const (
	firstX32 = 0x40000000
	noCall   = 0xffffffff
)

// plain is our linear layout: after the prologue a paragraph for every call,
// in the order of the policy, that tests the number, then the conditions, and
// ends in the verdicts. The last paragraph is for all other calls.
func plain(a *assembler) {
	kill, start := a.label(), a.label()
	a.load(bpf.OffArch, Ref{Kind: Field})
	a.jump(bpf.Jeq, a.policy.Target.Audit, Ref{Kind: Arch}, start, kill)
	a.place(kill)
	a.ret(rule.KillProcess)
	a.place(start)
	a.load(bpf.OffNr, Ref{Kind: Field})
	a.foreignNumbers()
	for i, c := range a.policy.Calls {
		a.call = i
		a.paragraph(c)
	}
	a.call = -1
	a.ret(a.policy.Default)
}

// foreignNumbers handles the numbers that no rule is about but that do not
// get the default either.
func (a *assembler) foreignNumbers() {
	if a.policy.Target.X32Shares && (a.policy.Default != rule.KillProcess || a.policy.Newer != nil) {
		known, kill, suspect := a.label(), a.label(), a.label()
		a.jump(bpf.Jge, firstX32, Ref{}, suspect, known)
		a.place(suspect)
		a.jump(bpf.Jeq, noCall, Ref{}, known, kill)
		a.place(kill)
		a.ret(rule.KillProcess)
		a.place(known)
	}
	if n := a.policy.Newer; n != nil {
		known, newer, answer := a.label(), a.label(), a.label()
		a.jump(bpf.Jgt, n.Last, Ref{}, newer, known)
		a.place(newer)
		a.jump(bpf.Jeq, noCall, Ref{}, known, answer)
		a.place(answer)
		a.ret(n.Action)
		a.place(known)
	}
}

// paragraph judges one call, whose number is in A. It falls through to the
// next paragraph only if the number differs.
func (a *assembler) paragraph(c rule.Call) {
	body, next := a.label(), a.label()
	a.jump(bpf.Jeq, c.Nr, Ref{Kind: Number}, body, next)
	a.place(body)
	if cases := reachable(c.Cases); sameAction(cases) {
		a.oneAction(union(cases), cases[0].Action)
	} else {
		a.severalActions(cases)
	}
	a.place(next)
}

// reachable are the cases up to the first that always holds.
func reachable(cases []rule.Case) []rule.Case {
	for i, k := range cases {
		if k.When == nil {
			return cases[:i+1]
		}
	}
	return cases
}

func sameAction(cases []rule.Case) bool {
	for _, k := range cases {
		if k.Action != cases[0].Action {
			return false
		}
	}
	return true
}

// oneAction ends in an action if a condition holds, or there is none, else in
// the default.
func (a *assembler) oneAction(when rule.Expr, action rule.Action) {
	deny, act := a.label(), a.label()
	if when != nil {
		a.expr(when, act, deny)
		a.place(deny)
		a.ret(a.policy.Default)
	}
	a.place(act)
	a.ret(action)
}

// severalActions ends in the action of the first case that holds.
func (a *assembler) severalActions(cases []rule.Case) {
	for _, k := range cases {
		if k.When == nil {
			a.ret(k.Action)
			return
		}
		act, other := a.label(), a.label()
		a.expr(k.When, act, other)
		a.place(act)
		a.ret(k.Action)
		a.place(other)
	}
	a.ret(a.policy.Default)
}

// union is the condition that some case holds: nil if one always does.
func union(cases []rule.Case) rule.Expr {
	var or rule.Or
	for _, k := range cases {
		if k.When == nil {
			return nil
		}
		or = append(or, k.When)
	}
	if len(or) == 1 {
		return or[0]
	}
	return or
}
