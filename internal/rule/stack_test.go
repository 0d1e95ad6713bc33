package rule

import "testing"

// TestStack judges calls by both policies and by the one made of them.
func TestStack(t *testing.T) {
	const all = 1<<64 - 1
	a := &Policy{
		Target: Target{Audit: 9}, Default: Errno | 1, Newer: &Newer{100, Errno | 38},
		Calls: []Call{
			{Name: "x", Nr: 1, Cases: []Case{{When: cmp(Lt, 64, all, 10), Action: Allow}, {When: cmp(Lt, 64, all, 20), Action: Log}}},
			{Name: "y", Nr: 2, Cases: []Case{{Action: Allow}}},
			{Name: "z", Nr: 3, Cases: []Case{{When: cmp(Eq, 64, all, 5), Action: KillProcess}, {Action: Errno | 2}}},
		},
	}
	b := &Policy{
		Target: Target{Audit: 9}, Default: Trap,
		Calls: []Call{
			{Name: "x", Nr: 1, Cases: []Case{{When: cmp(Ge, 64, all, 5), Action: Allow}}},
			{Name: "z", Nr: 3, Cases: []Case{{Action: Errno | 3}}},
			{Name: "w", Nr: 4, Cases: []Case{{Action: Allow}}},
		},
	}
	for _, pair := range [][2]*Policy{{a, b}, {b, a}, {a, a}, {b, b}} {
		s := Stack(pair[0], pair[1])
		for _, nr := range []uint32{0, 1, 2, 3, 4, 100, 101, all & 0xffffffff} {
			for _, v := range []uint64{0, 4, 5, 6, 9, 10, 19, 20, all} {
				d := Data{Nr: nr, Arch: 9, Args: [6]uint64{1: v}}
				want, last := pair[0].Eval(d, nil), pair[1].Eval(d, nil)
				if !want.Stricter(last) {
					want = last
				}
				if got := s.Eval(d, nil); got != want {
					t.Errorf("%+v: %v, want %v", d, got, want)
				}
			}
		}
	}
}
