package compile

import (
	"math/bits"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// A word is one of the 32-bit words of seccomp_data a program asks about: the
// twelve halves of the arguments (2*argument, plus one for the high half), the
// number and the architecture.
type word int8

const (
	nrWord   word = 12
	archWord word = 13
	words         = 14
)

const allOnes = 1<<32 - 1

// An atom is a question about one word that one conditional jump answers.
// Between constants there are only Jeq, Jge and Jset: A > K is A >= K+1.
type atom struct {
	w     word
	mask  uint32 // ANDed to the word first; all ones if none is. Jset has none
	code  uint16 // Jeq, Jge, Jset; Jgt for parameters
	k     uint32 // if param is -1
	param int8   // index of the parameter asked about, or -1
	high  bool   // the high word of the parameter
}

// A view is what has to be in A for an atom to be asked.
type view struct {
	w    word
	mask uint32
}

func (a atom) view() view { return view{a.w, a.mask} }

// plain reports whether a splits the values of a word, as they are, at
// constants.
func (a atom) plain() bool { return a.param < 0 && a.code != bpf.Jset }

// among is what all values from lo to hi answer, if they agree.
func (a atom) among(lo, hi uint32) (yes, known bool) {
	switch a.code {
	case bpf.Jeq:
		return lo == hi && lo == a.k, lo == hi || a.k < lo || a.k > hi
	case bpf.Jge:
		return lo >= a.k, lo >= a.k || hi < a.k
	}
	return lo&a.k != 0, lo == hi
}

// expr is the form of a condition.
func (f *former) expr(x rule.Expr) *form {
	switch x := x.(type) {
	case nil:
		return f.yes
	case rule.And:
		return f.join(conjunction, f.exprs(x))
	case rule.Or:
		return f.join(disjunction, f.exprs(x))
	case rule.Not:
		return f.not(f.expr(x.X))
	}
	c := x.(*rule.Cmp)
	switch c.Op {
	case rule.Eq:
		return f.and(f.equal(c, true), f.equal(c, false))
	case rule.Lt:
		return f.not(f.atLeast(c, bpf.Jge))
	case rule.Ge:
		return f.atLeast(c, bpf.Jge)
	case rule.Le:
		return f.not(f.atLeast(c, bpf.Jgt))
	}
	return f.atLeast(c, bpf.Jgt)
}

func (f *former) exprs(xs []rule.Expr) []*form {
	out := make([]*form, len(xs))
	for i, x := range xs {
		out[i] = f.expr(x)
	}
	return out
}

// equal is the form of one half being what c compares with.
func (f *former) equal(c *rule.Cmp, high bool) *form {
	if high && c.Width == 32 {
		return f.yes
	}
	a := f.atom(c, high, bpf.Jeq)
	free := ^a.mask
	switch {
	case a.param >= 0:
		return f.ask(a, c)
	case a.k&free != 0:
		return f.no
	case a.mask == 0:
		return f.yes
	case a.mask == allOnes:
		return f.ask(a, c)
	case free&(free+1) == 0: // the mask drops low bits: a range
		return f.and(f.from(a.w, a.k, c, high), f.not(f.beyond(a.w, a.k|free, c, high)))
	case a.k == 0:
		return f.not(f.ask(atom{a.w, allOnes, bpf.Jset, a.mask, -1, high}, c))
	case a.k == a.mask && bits.OnesCount32(a.mask) == 1:
		return f.ask(atom{a.w, allOnes, bpf.Jset, a.mask, -1, high}, c)
	}
	return f.ask(a, c)
}

// atLeast is the form of c with >= (Jge) or > (Jgt) for its comparison.
func (f *former) atLeast(c *rule.Cmp, code uint16) *form {
	low := f.ordered(f.atom(c, false, code), c)
	if c.Width == 32 {
		return low
	}
	return f.or(f.ordered(f.atom(c, true, bpf.Jgt), c), f.and(f.equal(c, true), low))
}

// ordered is the form of one half being >= or > what it is compared with.
func (f *former) ordered(a atom, c *rule.Cmp) *form {
	if a.param >= 0 {
		return f.ask(a, c)
	}
	if a.code == bpf.Jgt {
		if a.k >= a.mask {
			return f.no
		}
		a.code, a.k = bpf.Jge, a.k+1
	}
	free := ^a.mask
	switch {
	case a.k == 0:
		return f.yes
	case a.k > a.mask:
		return f.no
	case free&(free+1) == 0: // the mask drops low bits: round up
		return f.from(a.w, (a.k+free)&a.mask, c, a.high)
	}
	return f.ask(a, c)
}

// from and beyond are the forms of a word being >= v, and > v.
func (f *former) from(w word, v uint32, c *rule.Cmp, high bool) *form {
	if v == 0 {
		return f.yes
	}
	return f.ask(atom{w, allOnes, bpf.Jge, v, -1, high}, c)
}

func (f *former) beyond(w word, v uint32, c *rule.Cmp, high bool) *form {
	if v == allOnes {
		return f.no
	}
	return f.from(w, v+1, c, high)
}

// atom is the question whether one half of the argument stands in the
// relation code to what c compares with. The high word of a 32-bit parameter
// is the constant 0.
func (f *former) atom(c *rule.Cmp, high bool, code uint16) atom {
	a := atom{word(2 * c.Arg), half(c.Mask, high), code, half(c.X.Value, high), int8(c.X.Param), high}
	if high {
		a.w++
	}
	if a.param >= 0 {
		a.k = 0
		if high && f.policy.Params[a.param].Bits == 32 {
			a.param = -1
		}
	}
	return a
}

// ask is the form of an atom. It remembers who asked first.
func (f *former) ask(a atom, c *rule.Cmp) *form {
	high := a.high
	if a.param < 0 {
		a.high = false // of parameters only, so that equal atoms compare equal
	}
	if _, ok := f.origins[a]; !ok {
		f.origins[a] = Ref{Kind: Value, Cmp: c, High: high}
		f.order = append(f.order, a)
	}
	return f.intern(form{kind: literal, atom: a})
}
