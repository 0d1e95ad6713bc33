package policytext

import (
	"fmt"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/proto"
	"github.com/tileseal/tileseal/internal/rule"
)

// A Cond is a condition on an argument as other notations have it: of 64 bits
// where the architecture has them, whatever the argument is.
type Cond struct {
	Arg   int // 0 to 5
	Op    Op
	Value uint64
	Mask  uint64 // of MaskedEQ
	// How value and mask were written, or "": names and C expressions.
	Text, MaskText string
}

// An Op is a comparison, unsigned.
type Op int

// The comparisons: those of libseccomp.
const (
	NE Op = iota
	LT
	LE
	EQ
	GE
	GT
	MaskedEQ // equal in the bits of the mask
)

const low = 1<<32 - 1

// On is the condition as a policy has it for a call: of as much of the argument
// as the kernel reads. x is nil if it always holds; never is set if it never
// does. The error is what speaks against it.
//
// An argument of 32 bits is taken to be passed with a high word of zeros; a
// constant that is a 32-bit number sign-extended, as -100 for AT_FDCWD, is meant
// as its low word. On a 32-bit architecture only the low word of a register is
// compared, though on x32 and mips n32 the kernel may read more.
func (c Cond) On(a arch.Arch, call string) (x rule.Expr, never bool, err error) {
	args, ok := proto.Of(a, call)
	switch {
	case !ok:
		return nil, false, fmt.Errorf("its arguments are not known, so they cannot be compared")
	case c.Arg >= len(args):
		return nil, false, fmt.Errorf("argument %d: it takes %d", c.Arg, len(args))
	}
	bits := int(args[c.Arg].Bits)
	if bits == 32 || a.Bits() == 32 {
		if c, ok = c.cut(); !ok {
			return nil, false, fmt.Errorf("argument %d has 32 bits, and %#x does not fit them", c.Arg, c.Value)
		}
	}
	if args[c.Arg].Kind == proto.Pointer && !c.null() {
		return nil, false, fmt.Errorf("argument %d is a pointer, which says nothing about what it points to; it can only be compared with 0 (NULL)", c.Arg)
	}
	x, never = c.expr(bits, uint64(1)<<a.Bits()-1)
	return x, never, nil
}

// null reports whether c tells NULL from other pointers.
func (c Cond) null() bool {
	return c.Value == 0 && (c.Op == EQ || c.Op == NE || c.Op == MaskedEQ && (c.Mask == low || c.Mask == 1<<64-1))
}

// extended reports whether v is a negative 32-bit number as 64 bits.
func extended(v uint64) bool { return v >= 1<<64-1<<31 }

// cut is the condition as it is of 32 bits. It is not if its constant does not
// fit.
func (c Cond) cut() (Cond, bool) {
	switch {
	case c.Op == MaskedEQ:
		if v := c.Value & c.Mask; v > low && !(extended(v) && c.Mask&^low == low<<32) {
			return c, false
		}
		c.Value &= low
		c.Mask &= low
	case c.Value > low:
		if !extended(c.Value) || c.Op != EQ && c.Op != NE {
			return c, false
		}
		c.Value &= low
	}
	return c, true
}

// expr is the comparison, unless it is always or never true. register is what
// is looked at of the register.
func (c Cond) expr(bits int, register uint64) (x rule.Expr, never bool) {
	all := (uint64(1)<<bits - 1) & register
	cmp := &rule.Cmp{Arg: c.Arg, Width: bits, Mask: all, X: rule.Operand{Param: -1, Value: c.Value, Text: c.Text}}
	switch c.Op {
	case NE:
		return rule.Not{X: cmp}, false
	case LT:
		cmp.Op = rule.Lt
		never = c.Value == 0
	case LE:
		if cmp.Op = rule.Le; c.Value == all {
			return nil, false
		}
	case GE:
		if cmp.Op = rule.Ge; c.Value == 0 {
			return nil, false
		}
	case GT:
		cmp.Op = rule.Gt
		never = c.Value == all
	case MaskedEQ:
		if cmp.Mask = c.Mask & all; cmp.Mask == 0 {
			return nil, c.Value&c.Mask != 0
		}
		if cmp.MaskText = c.MaskText; cmp.Mask == all {
			cmp.MaskText = ""
		}
		cmp.X.Value = c.Value & cmp.Mask
	}
	return cmp, never
}
