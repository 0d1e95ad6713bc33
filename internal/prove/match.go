package prove

import "fmt"

// nextMatch is the least value from v on that satisfies literals that compare
// one variable, masked, with constants. It builds the value from the highest
// bit down, the smaller first. What can follow depends on no more than how
// each comparison stands so far, so a standing that failed once is not tried
// again.
func nextMatch(lits []literal, v int64) (int64, bool) {
	if v > all {
		return 0, false
	}
	failed := map[string]bool{}
	var build func(bit int, value uint32, above bool, standing []byte) (uint32, bool)
	build = func(bit int, value uint32, above bool, standing []byte) (uint32, bool) {
		if bit == 0 {
			for i, l := range lits {
				if !l.settled(standing[i]) {
					return 0, false
				}
			}
			return value, true
		}
		key := fmt.Sprint(bit, above, standing)
		if failed[key] {
			return 0, false
		}
		b := uint32(1) << (bit - 1)
		for _, x := range [2]uint32{0, b} {
			if !above && x < uint32(v)&b {
				continue // below v
			}
			next, ok := advance(lits, standing, b, x)
			if !ok {
				continue
			}
			if u, ok := build(bit-1, value|x, above || x > uint32(v)&b, next); ok {
				return u, true
			}
		}
		failed[key] = true
		return 0, false
	}
	u, ok := build(32, 0, false, make([]byte, len(lits)))
	return int64(u), ok
}

// How the bits of a masked variable so far stand to those of a constant.
const (
	equal = iota
	greater
	less
)

// advance compares one more bit, x of the variable, in every literal; ok is
// false if one can no longer hold.
func advance(lits []literal, standing []byte, b, x uint32) (next []byte, ok bool) {
	next = make([]byte, len(lits))
	for i, l := range lits {
		next[i] = standing[i]
		if left, right := x&l.left.mask, l.right.k&b; next[i] == equal && left > right {
			next[i] = greater
		} else if next[i] == equal && left < right {
			next[i] = less
		}
		if next[i] != equal && l.rel == eq && l.holds || next[i] != equal && l.rel == ge && l.holds != (next[i] == greater) {
			return nil, false
		}
	}
	return next, true
}

// settled reports whether a literal holds, given how all bits stand.
func (l literal) settled(standing byte) bool {
	if l.rel == eq {
		return l.holds == (standing == equal)
	}
	return l.holds == (standing != less)
}
