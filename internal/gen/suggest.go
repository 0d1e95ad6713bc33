package gen

import (
	"fmt"
	"iter"
	"math/bits"
)

// longest is the length up to which names get a suggestion.
const longest = 64

// suggest is "; did you mean ...?" if one of the names is near enough to
// name, else "".
func suggest(name string, names iter.Seq[string]) string {
	if len(name) > longest {
		return ""
	}
	best, limit := "", 1+len(name)/4
	have := letters(name)
	for n := range names {
		if bits.OnesCount64(have^letters(n)) > 2*limit {
			continue // too many letters that the other has not
		}
		if d := distance(name, n, limit); d <= limit {
			best, limit = n, d-1
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// letters is the set of bytes in s, as far as 64 bits tell them apart.
func letters(s string) uint64 {
	var set uint64
	for i := range len(s) {
		set |= 1 << (s[i] & 63)
	}
	return set
}

// distance is the number of letters to insert, delete, replace or swap with
// their neighbour to turn a into b, or something above limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit || len(b) > longest {
		return limit + 1
	}
	var rows [3][longest + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, before
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			d := last[j-1]
			if a[i-1] != b[j-1] {
				d++
			}
			d = min(d, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			row[j] = d
			least = min(least, d)
		}
		if least > limit+1 { // a swap can still win one back
			return least
		}
	}
	return row[len(b)]
}
