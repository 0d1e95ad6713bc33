package rule

import "testing"

func TestMultiEval(t *testing.T) {
	part := func(audit uint32, n Numbers, nrs ...uint32) Part {
		p := &Policy{Target: Target{Audit: audit}, Default: Errno | 1}
		for _, nr := range nrs {
			p.Calls = append(p.Calls, Call{Nr: nr, Cases: []Case{{Action: Allow}}})
		}
		return Part{p, n}
	}
	const deny = Errno | 1
	for _, tc := range []struct {
		name       string
		part       Part
		nr         uint32
		want       Action
		elsewhere  Action // on the architecture of the other part
		everywhere Action // on one without a part
	}{
		{"ruled", part(7, AnyNumber, 3), 3, Allow, deny, Trap},
		{"not ruled", part(7, AnyNumber, 3), 4, deny, deny, Trap},
		{"last of x86_64", part(7, WithoutX32), 0x3fffffff, deny, deny, Trap},
		{"first of x32 on x86_64", part(7, WithoutX32, 0x40000000), 0x40000000, Trap, deny, Trap},
		{"last of x32 on x86_64", part(7, WithoutX32, 0xfffffffe), 0xfffffffe, Trap, deny, Trap},
		{"skipped on x86_64", part(7, WithoutX32, 0xffffffff), 0xffffffff, Allow, deny, Trap},
		{"x86_64 on x32", part(7, OnlyX32, 3), 3, Trap, Allow, Trap},
		{"x32", part(7, OnlyX32, 0x40000003), 0x40000003, Allow, deny, Trap},
		{"skipped on x32", part(7, OnlyX32), 0xffffffff, deny, deny, Trap},
		{"x32 beside x86_64", part(7, AnyNumber, 0x40000003), 0x40000003, Allow, deny, Trap},
	} {
		other := part(9, AnyNumber)
		if tc.elsewhere == Allow {
			other = part(9, AnyNumber, 3)
		}
		m := &Multi{Parts: []Part{other, tc.part}, Foreign: Trap}
		for audit, want := range map[uint32]Action{7: tc.want, 9: tc.elsewhere, 8: tc.everywhere} {
			if got := m.Eval(Data{Nr: tc.nr, Arch: audit}, nil); got != want {
				t.Errorf("%s: %v on %d, want %v", tc.name, got, audit, want)
			}
		}
	}
	both := &Multi{Parts: []Part{part(7, OnlyX32, 0x40000003), part(9, AnyNumber, 3), part(7, WithoutX32, 3, 0xffffffff)}, Foreign: Trap}
	for nr, want := range map[uint32]Action{3: Allow, 4: deny, 0x40000003: Allow, 0x40000004: deny, 0xffffffff: deny} {
		if got := both.Eval(Data{Nr: nr, Arch: 7}, nil); got != want {
			t.Errorf("x32 and x86_64 in two parts: %v on %#x, want %v", got, nr, want)
		}
	}
	if got := (&Multi{Foreign: Trap}).Eval(Data{}, nil); got != Trap {
		t.Errorf("without parts: %v", got)
	}
}
