package prove

import (
	"slices"

	"github.com/tileseal/tileseal/internal/rule"
)

// A variable is a 32-bit word: one of the 16 words of seccomp_data, by its
// place, or one of the two words of a parameter.
type variable uint16

const (
	wordNr   variable = 0
	wordArch variable = 1
	params0  variable = 16 // low word of parameter 0, then its high one, which is odd
)

func paramWord(n int, high bool) variable {
	v := params0 + variable(2*n)
	if high {
		v++
	}
	return v
}

// A term is a masked variable, or, if the mask is 0, the constant k.
type term struct {
	v    variable
	mask uint32
	k    uint32
}

func constant(k uint32) term { return term{k: k} }
func word(v variable) term   { return term{v: v, mask: all} }
func (t term) isConst() bool { return t.mask == 0 }
func (t term) isWord() bool  { return t.mask == all }
func (t term) and(m uint32) term {
	if t.isConst() {
		return constant(t.k & m)
	}
	if t.mask &= m; t.mask == 0 {
		return constant(0)
	}
	return t
}

const all = 1<<32 - 1

// A relation is what an atom says of its two sides.
type relation uint8

const (
	eq relation = iota
	ge          // left >= right, unsigned
	gt
)

// An atom is a condition on the input that is true or false. The left side
// is no constant; the right one is a constant or a whole word.
type atom struct {
	left  term
	rel   relation
	right term
}

// A literal is an atom and whether it holds.
type literal struct {
	atom
	holds bool
}

// What is known of one term: bounds, and values it does not have.
type knowledge struct {
	t       term
	low     uint32
	high    uint32
	exclude []uint32
}

// An engine follows paths. What is assumed on the current one is in lits, and
// summed up in known as far as it is about constants, so that most conditions
// are decided by looking.
type engine struct {
	Stats
	params    []rule.Param
	bigEndian bool
	lits      []literal
	known     []knowledge
	pairs     int   // how many of lits are about two variables
	ways      []way // the conditional jumps of the program on the current path
}

// A way is one of the two a conditional jump can go.
type way struct {
	pc    int
	taken bool
}

// step counts one step of the proof.
func (e *engine) step() {
	if e.Steps++; e.Steps > maxSteps {
		panic(&Undecided{"there are too many paths"})
	}
}

// split goes on with an atom assumed to hold, and with it assumed not to, as
// far as either is possible.
func (e *engine) split(l term, rel relation, r term, holds, fails func()) {
	a, negated, decided, value := normal(l, rel, r)
	if negated {
		holds, fails = fails, holds
	}
	if !decided {
		value, decided = e.decide(a)
	}
	switch {
	case decided && value:
		holds()
	case decided:
		fails()
	default:
		e.assume(a, true, holds)
		e.assume(a, false, fails)
	}
}

// normal brings a condition into the form of an atom, or decides it. Negated
// means that the condition holds where the atom does not.
func normal(l term, rel relation, r term) (a atom, negated, decided, value bool) {
	if l.isConst() && !r.isConst() {
		if rel == eq {
			return normal(r, eq, l)
		}
		// Turned round: c >= x is not x > c, and c > x is not x >= c.
		a, _, decided, value = normal(r, map[relation]relation{ge: gt, gt: ge}[rel], l)
		if decided {
			return a, false, true, !value
		}
		return a, true, false, false
	}
	if !r.isConst() && !l.isConst() {
		if l == r {
			return a, false, true, rel != gt
		}
		return atom{l, rel, r}, false, false, false
	}
	switch {
	case l.isConst():
		return a, false, true, rel == eq && l.k == r.k || rel == ge && l.k >= r.k || rel == gt && l.k > r.k
	case rel == gt && r.k == all:
		return a, false, true, false
	case rel == gt:
		rel, r = ge, constant(r.k+1)
	}
	if rel == ge && r.k == 0 {
		return a, false, true, true
	}
	return atom{l, rel, r}, false, false, false
}

// decide answers an atom from what is known, if that is enough. It need not
// find all that follows: what it leaves open costs paths, not truth.
func (e *engine) decide(a atom) (value, decided bool) {
	if a.right.isConst() {
		low, high, exclude := e.bounds(a.left)
		c := a.right.k
		switch {
		case a.rel == ge && low >= c:
			return true, true
		case a.rel == ge && high < c:
			return false, true
		case a.rel == eq && (c < low || c > high || c&^a.left.mask != 0 || slices.Contains(exclude, c)):
			return false, true
		case a.rel == eq && low == high:
			return true, true
		}
		return false, false
	}
	for _, l := range e.lits {
		if l.atom == a {
			return l.holds, true
		}
	}
	if e.pairs == 0 || !a.left.isWord() {
		return false, false
	}
	below, above := e.ordered(a.left.v, true)[a.right.v], e.ordered(a.left.v, false)[a.right.v]
	switch {
	case above == strictly: // left < right
		return false, true
	case below == strictly: // left > right
		return a.rel != eq, true
	case below == loosely && above == loosely:
		return a.rel != gt, true
	case below == loosely && a.rel == ge:
		return true, true
	case above == loosely && a.rel == gt:
		return false, true
	}
	return false, false
}

// bounds is what is known of a term's value, also by way of others it is
// ordered with. Where it wraps below, the bound is none, and the path has no values.
func (e *engine) bounds(t term) (low, high uint32, exclude []uint32) {
	high = t.mask
	if k := e.about(t); k != nil {
		low, high, exclude = k.low, k.high, k.exclude
	}
	if e.pairs == 0 || !t.isWord() {
		return low, high, exclude
	}
	for v, how := range e.ordered(t.v, true) {
		if k := e.about(word(v)); k != nil {
			if how == strictly {
				low = max(low, k.low+1)
			}
			low = max(low, k.low)
		}
	}
	for v, how := range e.ordered(t.v, false) {
		if k := e.about(word(v)); k != nil {
			if how == strictly {
				high = min(high, k.high-1)
			}
			high = min(high, k.high)
		}
	}
	return low, high, exclude
}

func (e *engine) about(t term) *knowledge {
	for i := range e.known {
		if e.known[i].t == t {
			return &e.known[i]
		}
	}
	return nil
}

// assume goes on with a literal added, unless that leaves its term no value.
func (e *engine) assume(a atom, holds bool, then func()) {
	e.step()
	e.lits = append(e.lits, literal{a, holds})
	defer func() { e.lits = e.lits[:len(e.lits)-1] }()
	if !a.right.isConst() {
		e.pairs++
		then()
		e.pairs--
		return
	}
	k := e.about(a.left)
	if k == nil {
		e.known = append(e.known, knowledge{t: a.left, high: a.left.mask})
		defer func() { e.known = e.known[:len(e.known)-1] }()
		k = &e.known[len(e.known)-1]
	}
	saved, t := *k, a.left
	if k.learn(a.rel, a.right.k, holds) {
		then()
	}
	*e.about(t) = saved // known may have moved
}

// learn adds what a literal says, and reports whether a value is left.
func (k *knowledge) learn(rel relation, c uint32, holds bool) bool {
	switch {
	case rel == eq && holds:
		k.low, k.high = max(k.low, c), min(k.high, c)
	case rel == eq:
		k.exclude = append(k.exclude[:len(k.exclude):len(k.exclude)], c)
	case holds:
		k.low = max(k.low, c)
	default:
		k.high = min(k.high, c-1)
	}
	for k.low <= k.high && slices.Contains(k.exclude, k.low) {
		if k.low == all {
			return false
		}
		k.low++
	}
	if k.low > k.high {
		return false
	}
	for slices.Contains(k.exclude, k.high) { // low is not: it ends there
		k.high--
	}
	return true
}
