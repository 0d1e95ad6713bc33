package decompile

import (
	"fmt"
	"math/bits"

	"github.com/tileseal/tileseal/internal/rule"
)

// A subject is what a condition compares: an argument or part of one.
type subject struct {
	arg   int
	width int    // as rule.Cmp has it
	mask  uint64 // all ones of the width: the argument itself
}

// most is the greatest value of s.
func (s subject) most() uint64 { return s.mask }

// masked reports whether s is less than its word or words.
func (s subject) masked() bool { return s.mask != 1<<s.width-1 }

// A stretch is the values from low to high.
type stretch struct{ low, high uint64 }

// subject is what v is to a policy. A high word by itself is an argument
// without its low half.
func (v variable) subject() subject {
	mask := uint64(v.mask)
	if v.mask == 0 {
		mask = 1<<32 - 1
	}
	if v.low {
		return subject{v.arg, 32, mask}
	}
	return subject{v.arg, 64, mask << 32}
}

// stretch is the values of v's subject that the values of v stand for.
func (v variable) stretch(low, high uint32) stretch {
	if v.low {
		return stretch{uint64(low), uint64(high)}
	}
	return stretch{uint64(low) << 32, uint64(high) << 32}
}

// few is how many neighbouring values are listed rather than said as a range.
const few = 3

// within is the condition that s has one of the values of a set, which are in
// ascending order and apart from each other. It says which they are or which
// they are not, whatever is shorter.
func (s subject) within(set []stretch) rule.Expr {
	rest := s.existing(s.complement(set))
	set = s.existing(set)
	single := func(set []stretch) bool { return len(set) == 1 && set[0].low == set[0].high }
	if a, b := s.cost(rest), s.cost(set); a < b || a == b && single(rest) && !single(set) {
		return rule.Not{X: s.oneOf(rest)}
	}
	return s.oneOf(set)
}

// existing is a set without the values that s cannot have, for the bits outside
// of its mask.
func (s subject) existing(set []stretch) []stretch {
	var out []stretch
	for _, r := range set {
		// What a value lacks of the mask is one, too: the greatest one lacks least.
		low, ok1 := s.from(r.low)
		lack, ok2 := s.from(s.mask - min(r.high, s.mask))
		if ok1 && ok2 && low <= s.mask-lack {
			out = append(out, stretch{low, s.mask - lack})
		}
	}
	return out
}

// from is the least value of s that is x or more.
func (s subject) from(x uint64) (uint64, bool) {
	if x&^s.mask == 0 {
		return x, true
	}
	// Above the highest bit that no value has, x can only be exceeded: by the
	// lowest bit of the mask above it that x lacks.
	bad := uint64(1) << (63 - bits.LeadingZeros64(x&^s.mask))
	free := s.mask &^ x &^ (bad - 1)
	if free == 0 {
		return 0, false
	}
	bit := free & -free
	return x&s.mask&^(bit-1) | bit, true
}

// complement is the values of s outside a set. Of a masked word not all values
// exist, and those between are neither here nor there.
func (s subject) complement(set []stretch) []stretch {
	var out []stretch
	next := uint64(0)
	for _, r := range set {
		if r.low > next {
			out = append(out, stretch{next, r.low - s.step()})
		}
		if next = r.high + s.step(); r.high >= s.most() {
			return out
		}
	}
	return append(out, stretch{next, s.most()})
}

// step is the least difference of two values of s.
func (s subject) step() uint64 {
	if s.width == 64 && s.mask&(1<<32-1) == 0 {
		return 1 << 32
	}
	return 1
}

// cost is how many comparisons say a set.
func (s subject) cost(set []stretch) int {
	n := 0
	for _, r := range set {
		switch {
		case r.low == r.high:
			n++
		case s.masked():
			n += 3 // the order of bits says little
		case r.low == 0 || r.high >= s.most():
			n++
		default:
			n += 2
		}
	}
	return n
}

func (s subject) oneOf(set []stretch) rule.Expr {
	var any rule.Or
	for _, r := range set {
		any = append(any, s.between(r)...)
	}
	if len(any) == 1 {
		return any[0]
	}
	return any
}

// between is the conditions of which one holds for the values of a range.
func (s subject) between(r stretch) []rule.Expr {
	var list []rule.Expr
	switch {
	case (r.high-r.low)/s.step() < few && (r.low == r.high || !s.masked()):
		for x := r.low; ; x += s.step() {
			if list = append(list, s.cmp(rule.Eq, x)); x >= r.high {
				return list
			}
		}
	case r.low == 0:
		return []rule.Expr{s.cmp(rule.Le, r.high)}
	case r.high >= s.most():
		return []rule.Expr{s.cmp(rule.Ge, r.low)}
	}
	return []rule.Expr{rule.And{s.cmp(rule.Ge, r.low), s.cmp(rule.Le, r.high)}}
}

func (s subject) cmp(op rule.Op, x uint64) *rule.Cmp {
	c := &rule.Cmp{Op: op, Arg: s.arg, Width: s.width, Mask: s.mask, X: rule.Operand{Param: -1, Value: x, Text: s.number(op, x)}}
	if s.masked() {
		c.MaskText = fmt.Sprintf("%#x", s.mask)
	}
	return c
}

// number is a value as one writes it: small ones decimal, those of bits not; the
// greatest as negative ones where only equality matters.
func (s subject) number(op rule.Op, x uint64) string {
	const small = 4096
	below := (1<<s.width - 1) - x // of -1
	switch {
	case s.masked() && x > 9:
	case x < small:
		return fmt.Sprint(x)
	case op == rule.Eq && below < small:
		return fmt.Sprintf("-%d", below+1)
	}
	return fmt.Sprintf("%#x", x)
}
