package prove

import (
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// A policySide follows what a policy means, condition by condition, in the
// order of rule.Policy.Eval.
type policySide struct{ *rule.Policy }

const (
	firstX32 = 0x40000000
	noCall   = 0xffffffff
)

func (p *policySide) judge(d rule.Data, params []uint64, _ bool) rule.Action {
	return p.Eval(d, params)
}

func (p *policySide) explore(e *engine, leaf func(rule.Action)) {
	kill := func() { leaf(rule.KillProcess) }
	nr := word(wordNr)
	rules := func() { p.call(e, 0, leaf) }
	native := func() {
		if !p.Target.X32Shares {
			rules()
			return
		}
		e.split(nr, ge, constant(firstX32), func() {
			e.split(nr, eq, constant(noCall), rules, kill)
		}, rules)
	}
	e.split(word(wordArch), eq, constant(p.Target.Audit), native, kill)
}

// call looks for the rule of the call from the i-th on.
func (p *policySide) call(e *engine, i int, leaf func(rule.Action)) {
	nr := word(wordNr)
	for ; i < len(p.Calls); i++ {
		c := &p.Calls[i]
		value, decided := e.decide(atom{nr, eq, constant(c.Nr)})
		if decided && value {
			p.cases(e, c.Cases, leaf)
			return
		}
		if decided {
			continue
		}
		e.split(nr, eq, constant(c.Nr), func() { p.cases(e, c.Cases, leaf) }, func() { p.call(e, i+1, leaf) })
		return
	}
	other := func() { leaf(p.Default) }
	if p.Newer == nil {
		other()
		return
	}
	e.split(nr, gt, constant(p.Newer.Last), func() {
		e.split(nr, eq, constant(noCall), other, func() { leaf(p.Newer.Action) })
	}, other)
}

func (p *policySide) cases(e *engine, cases []rule.Case, leaf func(rule.Action)) {
	if len(cases) == 0 {
		leaf(p.Default)
		return
	}
	act := func() { leaf(cases[0].Action) }
	if cases[0].When == nil {
		act()
		return
	}
	p.holds(e, cases[0].When, act, func() { p.cases(e, cases[1:], leaf) })
}

// holds goes on with yes where a condition holds, else with no.
func (p *policySide) holds(e *engine, x rule.Expr, yes, no func()) {
	switch x := x.(type) {
	case rule.And:
		if len(x) == 0 {
			yes()
			return
		}
		p.holds(e, x[0], func() { p.holds(e, x[1:], yes, no) }, no)
	case rule.Or:
		if len(x) == 0 {
			no()
			return
		}
		p.holds(e, x[0], yes, func() { p.holds(e, x[1:], yes, no) })
	case rule.Not:
		p.holds(e, x.X, no, yes)
	case *rule.Cmp:
		p.cmp(e, x, yes, no)
	}
}

// cmp compares word by word: the low words alone, or the high ones and, where
// these are equal, the low ones.
func (p *policySide) cmp(e *engine, c *rule.Cmp, yes, no func()) {
	rel := map[rule.Op]relation{rule.Eq: eq, rule.Gt: gt, rule.Ge: ge, rule.Lt: ge, rule.Le: gt}[c.Op]
	if c.Op == rule.Lt || c.Op == rule.Le {
		yes, no = no, yes
	}
	side := func(high bool) (arg, val term) {
		arg = word(variable(bpf.ArgWord(c.Arg, high, e.bigEndian) / 4)).and(half(c.Mask, high))
		if c.X.Param < 0 {
			return arg, constant(half(c.X.Value, high))
		}
		if high && p.Params[c.X.Param].Bits == 32 {
			return arg, constant(0)
		}
		return arg, word(paramWord(c.X.Param, high))
	}
	argLow, valLow := side(false)
	low := func() { e.split(argLow, rel, valLow, yes, no) }
	if c.Width == 32 {
		low()
		return
	}
	argHigh, valHigh := side(true)
	differ := no
	if rel != eq {
		differ = func() { e.split(argHigh, gt, valHigh, yes, no) }
	}
	e.split(argHigh, eq, valHigh, low, differ)
}

func half(v uint64, high bool) uint32 {
	if high {
		return uint32(v >> 32)
	}
	return uint32(v)
}
