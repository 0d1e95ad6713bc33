package oci

import (
	"math/bits"

	"github.com/tileseal/tileseal/internal/rule"
)

// A cube is the numbers whose bits under the mask are those of value: what one
// SCMP_CMP_MASKED_EQ says of an argument.
type cube struct{ mask, value uint64 }

// and is what two cubes have in common, if anything.
func (c cube) and(d cube) (cube, bool) {
	if (c.value^d.value)&c.mask&d.mask != 0 {
		return cube{}, false
	}
	return cube{c.mask | d.mask, c.value | d.value}, true
}

// cubes are the numbers for which a comparison holds, or with not does not.
func cubes(c *rule.Cmp, not bool) []cube {
	mask, v := c.Mask, c.X.Value
	if c.Width == 32 {
		mask, v = mask&(1<<32-1), v&(1<<32-1)
	}
	op := c.Op
	if not {
		op = [...]rule.Op{rule.Eq: -1, rule.Lt: rule.Ge, rule.Le: rule.Gt, rule.Gt: rule.Le, rule.Ge: rule.Lt}[op]
	}
	switch op {
	case rule.Eq:
		if v&^mask != 0 {
			return nil
		}
		return []cube{{mask, v}}
	case rule.Lt, rule.Gt:
		return ordered(mask, v, op == rule.Gt)
	case rule.Le:
		return append(ordered(mask, v, false), equal(mask, v)...)
	case rule.Ge:
		return append(ordered(mask, v, true), equal(mask, v)...)
	}
	return different(mask, v)
}

func equal(mask, v uint64) []cube {
	if v&^mask != 0 {
		return nil
	}
	return []cube{{mask, v}}
}

// different are the numbers that under the mask are not v: those that agree with
// it down to some bit, which differs. That they exclude each other spares the
// prover the combinations.
func different(mask, v uint64) []cube {
	if v&^mask != 0 {
		return []cube{{}}
	}
	var out []cube
	above := uint64(0)
	for i := 63; i >= 0; i-- {
		if bit := uint64(1) << i; mask&bit != 0 {
			out = append(out, cube{above | bit, v&above | ^v&bit})
			above |= bit
		}
	}
	return out
}

// ordered are the numbers that under the mask are less or greater than v: those
// that agree with it down to some bit, which tells. Below a bit of v outside the
// mask no number agrees, and all that have agreed so far are less.
func ordered(mask, v uint64, greater bool) []cube {
	var out []cube
	for i := 63; i >= 0; i-- {
		bit := uint64(1) << i
		above := mask &^ (bit<<1 - 1)
		switch {
		case mask&bit == 0 && v&bit != 0:
			if !greater {
				out = append(out, cube{above, v & above})
			}
			return out
		case mask&bit != 0 && (v&bit != 0) != greater:
			out = append(out, cube{above | bit, v&above | ^v&bit})
		}
	}
	return out
}

// full reports whether a mask covers n bits.
func full(mask uint64, n int) bool { return bits.TrailingZeros64(^mask) >= n }
