package compile

import (
	"testing"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// TestImplied holds what an answer settles against all values of a small word, of
// the parameter and of the bits asked about: what is said to follow does, and what
// follows of the same kind of questions is said.
func TestImplied(t *testing.T) {
	const most = 8
	var atoms []atom
	for _, code := range []uint16{bpf.Jeq, bpf.Jge, bpf.Jgt} {
		atoms = append(atoms, atom{w: 0, mask: allOnes, code: code, param: 0})
	}
	for k := range uint32(most) {
		atoms = append(atoms, atom{w: 0, mask: allOnes, code: bpf.Jset, k: k, param: -1})
	}
	p := &rule.Policy{Params: []rule.Param{{Bits: 32}}}
	holds := func(a atom, v uint32, param uint64) bool {
		return (&plan{view: a.view(), code: a.code, atom: a, k: a.k}).taken(v, []uint64{param}, p)
	}
	for _, a := range atoms {
		for _, b := range atoms {
			for _, answer := range []bool{true, false} {
				can := map[bool]bool{} // what b may answer
				for v := range uint32(most) {
					for param := range uint64(most) {
						if holds(a, v, param) == answer {
							can[holds(b, v, param)] = true
						}
					}
				}
				yes, known := implied(a, answer, b)
				if known && len(can) > 0 && (len(can) > 1 || !can[yes]) {
					t.Errorf("%+v is %v: says of %+v %v", a, answer, b, yes)
				}
				if !known && len(can) == 1 && a.param == b.param && !(a.code == bpf.Jset && b.k == 0) {
					t.Errorf("%+v is %v: does not say of %+v that it is %v", a, answer, b, can[true])
				}
			}
		}
	}
	low, high := atom{w: 0, mask: allOnes, code: bpf.Jeq, param: 0}, atom{w: 1, mask: allOnes, code: bpf.Jge, param: 0, high: true}
	for _, b := range []atom{high, {w: 2, mask: allOnes, code: bpf.Jge, param: 0}, {w: 0, mask: 0xff, code: bpf.Jge, param: 0}, {w: 0, mask: allOnes, code: bpf.Jge, param: 1}} {
		if _, known := implied(low, true, b); known {
			t.Errorf("%+v says something of %+v", low, b)
		}
	}
	bits := atom{w: 0, mask: allOnes, code: bpf.Jset, k: 4, param: -1}
	if _, known := implied(bits, true, atom{w: 2, mask: allOnes, code: bpf.Jset, k: 4, param: -1}); known {
		t.Error("bits of one word say something of another")
	}
}
