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

// TestAbove: one test passes over several values where some are parameters, and a
// call is known that it is good for.
func TestAbove(t *testing.T) {
	eq := func(param int8) atom { return atom{w: 0, mask: allOnes, code: bpf.Jeq, param: param} }
	number := atom{w: 0, mask: allOnes, code: bpf.Jeq, k: 2, param: -1}
	atLeast := atom{w: 0, mask: allOnes, code: bpf.Jge, param: 1}
	high := eq(1)
	high.high = true
	for _, tc := range []struct {
		name  string
		atoms []atom
		seen  uint64
		want  bool
	}{
		{"two parameters", []atom{eq(1), eq(2)}, 9, true},
		{"a parameter and a number", []atom{number, eq(1)}, 9, true},
		{"as a call has it", []atom{eq(1), eq(2)}, 6, false},
		{"one", []atom{eq(1)}, 9, false},
		{"two numbers", []atom{number, {w: 0, mask: allOnes, code: bpf.Jeq, k: 3, param: -1}}, 9, false},
		{"one of 64 bits", []atom{eq(0), eq(1)}, 9, false},
		{"a high word", []atom{high, eq(2)}, 9, false},
		{"not only equal", []atom{atLeast, eq(2)}, 9, false},
	} {
		j := newJudge(&rule.Policy{Params: []rule.Param{{Bits: 64}, {Bits: 32}, {Bits: 32}}})
		var asked []*form
		for _, a := range tc.atoms {
			asked = append(asked, j.ask(a, &rule.Cmp{}))
		}
		v := j.verdict([]when{{j.join(disjunction, asked), rule.Allow}}, rule.KillProcess)
		s := j.search([]sample{{rule.Data{Args: [6]uint64{tc.seen}}, cost{main: 1}}}, []uint64{4, 5, 6})
		p := s.above(v, view{0, allOnes}, v.atoms, []int32{0})
		if (p != nil) != tc.want || p != nil && (p.code != bpf.Jgt || len(p.sort) != len(tc.atoms)) {
			t.Errorf("%s: %+v, want one: %v", tc.name, p, tc.want)
		}
	}
}
