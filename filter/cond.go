package filter

import (
	"fmt"
	"slices"

	"github.com/tileseal/tileseal/internal/rule"
)

// A Cond is a condition on one argument of a call.
type Cond struct {
	Arg   int    // 0 to 5
	Op    Op     // how it is compared, unsigned
	Value uint64 // what it is compared with
	Mask  uint64 // of MaskedEQ only: the bits of argument and Value that are compared
}

// An Op is a comparison. The zero Op is none.
type Op int

const (
	NE       Op = iota + 1 // not equal
	LT                     // less than
	LE                     // less or equal
	EQ                     // equal
	GE                     // greater or equal
	GT                     // greater than
	MaskedEQ               // equal in the bits of Cond.Mask
)

// String is the operator in Go's notation, "&==" for MaskedEQ.
func (op Op) String() string {
	if op < NE || op > MaskedEQ {
		return fmt.Sprintf("Op(%d)", int(op))
	}
	return [...]string{"!=", "<", "<=", "==", ">=", ">", "&=="}[op-NE]
}

// ordered are the conditions in the order of their arguments. It is an error
// unless each is one and is about an argument of its own.
func ordered(when []Cond) ([]Cond, error) {
	out := slices.Clone(when)
	for i, c := range out {
		switch {
		case c.Arg < 0 || c.Arg > 5:
			return nil, fmt.Errorf("%w: argument %d; there are 0 to 5", ErrCond, c.Arg)
		case c.Op < NE || c.Op > MaskedEQ:
			return nil, fmt.Errorf("%w: argument %d: there is no operator %v", ErrCond, c.Arg, c.Op)
		case c.Mask != 0 && c.Op != MaskedEQ:
			return nil, fmt.Errorf("%w: argument %d: a mask is for MaskedEQ", ErrCond, c.Arg)
		case slices.ContainsFunc(out[:i], func(d Cond) bool { return c.Arg == d.Arg }):
			return nil, fmt.Errorf("%w: argument %d is compared twice; add a rule for each", ErrCond, c.Arg)
		}
	}
	slices.SortFunc(out, func(a, b Cond) int { return a.Arg - b.Arg })
	return out, nil
}

const low = 1<<32 - 1

// on is c as it is meant on an architecture with words of so many bits, and
// whether anything is left of it: under a mask of 0 everything is equal.
//
// On 32 bits a constant sign-extended to 64 is the low word it comes from. Any
// other above 32 bits stays what it is, out of reach.
func (c Cond) on(bits int) (Cond, bool) {
	if bits == 32 && c.Value >= 1<<64-1<<31 {
		c.Value &= low
	}
	if c.Op != MaskedEQ {
		return c, true
	}
	c.Value &= c.Mask // bits outside the mask are not compared
	if bits == 32 {
		c.Mask &= low
	}
	return c, c.Mask != 0 || c.Value != 0
}

// expr is the condition for the compiler and the prover. It is nil if c always
// holds; never is set if it never does.
func (c Cond) expr(bits int) (x rule.Expr, never bool) {
	if bits == 32 && c.Value > low {
		switch c.Op {
		case NE, LT, LE:
			return nil, false
		}
		return nil, true
	}
	cmp := &rule.Cmp{Arg: c.Arg, Width: bits, Mask: 1<<bits - 1, X: rule.Operand{Param: -1, Value: c.Value}}
	switch c.Op {
	case LT:
		cmp.Op = rule.Lt
	case LE:
		cmp.Op = rule.Le
	case GE:
		cmp.Op = rule.Ge
	case GT:
		cmp.Op = rule.Gt
	case MaskedEQ:
		cmp.Mask = c.Mask
	case NE:
		return rule.Not{X: cmp}, false
	}
	return cmp, false
}
