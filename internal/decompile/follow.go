package decompile

import (
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// follow is what the program decides by the arguments, for calls of one
// architecture and one number.
func (d *decompiler) follow(audit, nr uint32) *node {
	type place struct {
		pc int
		a  term
	}
	seen := map[place]*node{}
	var from func(pc int, a term) *node
	from = func(pc int, a term) *node {
		at := place{pc, a}
		if n := seen[at]; n != nil {
			return n
		}
		for ; ; pc++ {
			switch in := d.prog[pc]; in.Code {
			case bpf.LdAbs:
				a = term{in.K, 1<<32 - 1}
			case bpf.And:
				a = a.and(in.K)
			case bpf.Ja:
				pc += int(in.K)
			case bpf.RetK:
				seen[at] = d.leaf(rule.Action(in.K))
				return seen[at]
			default:
				t := test{a.mask, in.Code, in.K}
				skip := [2]uint8{in.Jf, in.Jt}
				if word, ok := a.value(audit, nr); ok {
					taken := 0
					if t.holds(word) {
						taken = 1
					}
					pc += int(skip[taken])
					continue
				}
				n := d.choose(d.ask(a.off, t), from(pc+1+int(in.Jt), a), from(pc+1+int(in.Jf), a))
				seen[at] = n
				return n
			}
		}
	}
	return d.settle(from(0, term{}))
}

// value is what t is for an architecture and a number, unless it is part of
// something else.
func (t term) value(audit, nr uint32) (uint32, bool) {
	switch {
	case t.mask == 0:
		return 0, true
	case t.off == bpf.OffNr:
		return nr, true
	case t.off == bpf.OffArch:
		return audit, true
	}
	return 0, false
}

// ask is a test of a word of an argument as a diagram.
func (d *decompiler) ask(off uint32, t test) *node {
	if off < bpf.OffArgs {
		undecided("it judges calls by where they come from, which no policy says")
	}
	v := variable{arg: int(off-bpf.OffArgs) / 8, low: (off%8 == 0) != d.big}
	if at, ok := t.changes(maxChanges); ok {
		// A mask that leaves few ranges of the word is said by these.
		return d.bounds(v, at, t.holds(0))
	}
	if t.code == bpf.Jset {
		t = test{t.mask & t.k, bpf.Jgt, 0}
	}
	v.mask = t.mask
	switch {
	case t.code == bpf.Jeq && v.mask&(v.mask-1) == 0 && t.k == v.mask:
		return d.bounds(v, []uint32{1}, false) // of one bit: not zero
	case t.code == bpf.Jeq && t.k == 0:
		return d.bounds(v, []uint32{1}, true)
	case t.code == bpf.Jeq && t.k == v.mask:
		return d.bounds(v, []uint32{t.k}, false)
	case t.code == bpf.Jeq:
		return d.bounds(v, []uint32{t.k, t.k + 1}, false)
	case t.code == bpf.Jgt:
		return d.bounds(v, []uint32{t.k + 1}, false)
	}
	return d.bounds(v, []uint32{t.k}, false)
}

// maxChanges is how many changes a test of a masked word may have to be taken
// for one of the word.
const maxChanges = 16
