package decompile

import (
	"maps"
	"slices"

	"github.com/tileseal/tileseal/internal/bpf"
)

// A term is what the accumulator may hold: a word of struct seccomp_data, by its
// offset, under a mask. Mask 0 is the constant 0.
type term struct {
	off, mask uint32
}

// A test is what a conditional jump asks of a masked word.
type test struct {
	mask uint32
	code uint16
	k    uint32
}

// holds reports whether a value of the word meets t.
func (t test) holds(word uint32) bool {
	switch word &= t.mask; t.code {
	case bpf.Jeq:
		return word == t.k
	case bpf.Jgt:
		return word > t.k
	case bpf.Jge:
		return word >= t.k
	}
	return word&t.k != 0
}

// maxTerms bounds what the accumulator may hold before one instruction.
const maxTerms = 256

// tests lists what the program asks of each word, by offset. It goes through
// the instructions once: jumps lead forward.
func (d *decompiler) tests() map[uint32][]test {
	before := make([]map[term]bool, len(d.prog)+1)
	reach := func(pc int, t term) {
		if before[pc] == nil {
			before[pc] = map[term]bool{}
		}
		if before[pc][t] = true; len(before[pc]) > maxTerms {
			undecided("too much may be in the accumulator at instruction %d", pc)
		}
	}
	reach(0, term{})
	asked := map[uint32]map[test]bool{}
	for pc, in := range d.prog {
		for t := range before[pc] {
			switch in.Code {
			case bpf.LdAbs:
				reach(pc+1, term{in.K, 1<<32 - 1})
			case bpf.And:
				reach(pc+1, t.and(in.K))
			case bpf.Ja:
				reach(pc+1+int(in.K), t)
			case bpf.RetK:
			case bpf.Jeq, bpf.Jgt, bpf.Jge, bpf.Jset:
				if asked[t.off] == nil {
					asked[t.off] = map[test]bool{}
				}
				asked[t.off][test{t.mask, in.Code, in.K}] = true
				reach(pc+1+int(in.Jt), t)
				reach(pc+1+int(in.Jf), t)
			default:
				undecided("instruction %d, %v, is none of those that judge a call by comparing words of it", pc, in)
			}
		}
	}
	out := map[uint32][]test{}
	for off, set := range asked {
		out[off] = slices.Collect(maps.Keys(set))
	}
	return out
}

func (t term) and(k uint32) term {
	if t.mask &= k; t.mask == 0 {
		return term{}
	}
	return t
}

// An interval is the values from low to high.
type interval struct{ low, high uint32 }

// maxPieces bounds the intervals in which a word is divided.
const maxPieces = 1 << 13

// intervals divides the values of a word into neighbours that all the tests
// answer alike.
func intervals(tests []test) []interval {
	starts := []uint32{0}
	for _, t := range tests {
		s, ok := t.changes(maxPieces)
		if starts = append(starts, s...); !ok || len(starts) > 16*maxPieces {
			undecided("it tests bits of the architecture or the number in too many ways")
		}
	}
	slices.Sort(starts)
	starts = slices.Compact(starts)
	if len(starts) > maxPieces {
		undecided("it tells more than %d ranges of numbers apart", maxPieces)
	}
	out := make([]interval, len(starts))
	for i, low := range starts {
		out[i] = interval{low, 1<<32 - 1}
		if i > 0 {
			out[i-1].high = low - 1
		}
	}
	return out
}

// changes lists the values at which the answer to t is another than at the value
// before; ok is false if there are more than most.
func (t test) changes(most int) (at []uint32, ok bool) {
	last := t.holds(0)
	ok = true
	var look func(low uint32, bits int)
	look = func(low uint32, bits int) {
		if answer, same := t.decided(low, bits); same {
			if answer != last {
				at, last = append(at, low), answer
			}
			return
		}
		if len(at) > most {
			ok = false
			return
		}
		look(low, bits-1)
		if ok {
			look(low+1<<(bits-1), bits-1)
		}
	}
	look(0, 32)
	return at, ok
}

// decided reports whether t has one answer for all words that begin with the
// bits of low, the last so many being any.
func (t test) decided(low uint32, bits int) (answer, same bool) {
	mask, k := t.mask, t.k
	if t.code == bpf.Jset {
		mask, k = t.mask&t.k, 0
	}
	free := uint32(1<<bits - 1)
	fixed := low & mask // the least value
	most := fixed | free&mask
	switch t.code {
	case bpf.Jeq:
		possible := k&^free == fixed&^free && k&free&^mask == 0
		return possible, !possible || free&mask == 0
	case bpf.Jgt, bpf.Jset:
		return fixed > k, fixed > k || most <= k
	}
	return fixed >= k, fixed >= k || most < k
}
