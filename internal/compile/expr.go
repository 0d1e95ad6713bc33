package compile

import (
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// expr compiles a condition: control goes to t if it holds, else to f.
func (a *assembler) expr(x rule.Expr, t, f label) {
	switch x := x.(type) {
	case rule.And:
		for _, y := range x[:len(x)-1] {
			next := a.label()
			a.expr(y, next, f)
			a.place(next)
		}
		a.expr(x[len(x)-1], t, f)
	case rule.Or:
		for _, y := range x[:len(x)-1] {
			next := a.label()
			a.expr(y, t, next)
			a.place(next)
		}
		a.expr(x[len(x)-1], t, f)
	case rule.Not:
		a.expr(x.X, f, t)
	case *rule.Cmp:
		a.cmp(x, t, f)
	}
}

// cmp compiles a comparison: of the low word alone, or of the high word and,
// where that leaves it open, the low one. Classic BPF has no "less", so < and
// <= are >= and > with the outcomes swapped.
func (a *assembler) cmp(c *rule.Cmp, t, f label) {
	code := uint16(bpf.Jeq)
	switch c.Op {
	case rule.Lt:
		code, t, f = bpf.Jge, f, t
	case rule.Ge:
		code = bpf.Jge
	case rule.Le:
		code, t, f = bpf.Jgt, f, t
	case rule.Gt:
		code = bpf.Jgt
	}
	if c.Width == 64 {
		a.word(c, true)
		if code != bpf.Jeq {
			greater := a.label()
			a.test(c, bpf.Jgt, true, t, greater)
			a.place(greater)
		}
		low := a.label()
		a.test(c, bpf.Jeq, true, low, f)
		a.place(low)
	}
	a.word(c, false)
	a.test(c, code, false, t, f)
}

// word loads one half of an argument and masks it.
func (a *assembler) word(c *rule.Cmp, high bool) {
	a.load(bpf.ArgWord(c.Arg, high, a.policy.Target.BigEndian), Ref{Kind: Load, Cmp: c, High: high})
	all := uint64(1)<<32 - 1
	if mask := half(c.Mask, high); uint64(mask) != all {
		a.emit(bpf.Insn{Code: bpf.And, K: mask}, Ref{Kind: Mask, Cmp: c, High: high}, 0, 0)
	}
}

// test compares what is in A. With a parameter K is 0 until that is filled in.
func (a *assembler) test(c *rule.Cmp, code uint16, high bool, t, f label) {
	a.jump(code, half(c.X.Value, high), Ref{Kind: Value, Cmp: c, High: high}, t, f)
}

func half(v uint64, high bool) uint32 {
	if high {
		return uint32(v >> 32)
	}
	return uint32(v)
}
