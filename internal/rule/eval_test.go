package rule

import "testing"

func cmp(op Op, width int, mask, v uint64) *Cmp {
	return &Cmp{Op: op, Arg: 1, Width: width, Mask: mask, X: Operand{Param: -1, Value: v}}
}

// TestHolds is the meaning of comparisons by hand-worked cases: argument 1 is
// a, the parameter p.
func TestHolds(t *testing.T) {
	const all, low = 1<<64 - 1, 1<<32 - 1
	param := func(op Op, width int) *Cmp {
		return &Cmp{Op: op, Arg: 1, Width: width, Mask: all, X: Operand{Param: 0}}
	}
	yes, no := cmp(Ge, 64, all, 0), cmp(Lt, 64, all, 0)
	for _, tc := range []struct {
		name string
		x    Expr
		a, p uint64
		want bool
	}{
		{"eq", cmp(Eq, 64, all, 5), 5, 0, true},
		{"eq, high word set", cmp(Eq, 64, all, 5), 1<<32 | 5, 0, false},
		{"eq of the low word, high word set", cmp(Eq, 32, low, 5), 1<<32 | 5, 0, true},
		{"lt below", cmp(Lt, 64, all, 5), 4, 0, true},
		{"lt equal", cmp(Lt, 64, all, 5), 5, 0, false},
		{"le equal", cmp(Le, 64, all, 5), 5, 0, true},
		{"le above", cmp(Le, 64, all, 5), 6, 0, false},
		{"gt equal", cmp(Gt, 64, all, 5), 5, 0, false},
		{"gt above", cmp(Gt, 64, all, 5), 6, 0, true},
		{"ge equal", cmp(Ge, 64, all, 5), 5, 0, true},
		{"ge below", cmp(Ge, 64, all, 5), 4, 0, false},
		{"lt is unsigned", cmp(Lt, 64, all, 5), all, 0, false},
		{"lt of the low word is unsigned", cmp(Lt, 32, low, 5), low, 0, false},
		{"lt of the low word ignores the high one", cmp(Lt, 32, low, 5), 1<<63 | 4, 0, true},
		{"mask keeps", cmp(Eq, 64, 3, 1), 5, 0, true},
		{"mask drops", cmp(Eq, 64, 4, 0), 3, 0, true},
		{"mask of the high word", cmp(Eq, 64, low<<32, 1<<32), 1<<32 | 7, 0, true},
		{"32-bit parameter", param(Eq, 32), 7, 7, true},
		{"32-bit parameter -1, low words", param(Eq, 32), low, all, true},
		{"32-bit parameter -1 is zero-extended", param(Eq, 64), low, all, true},
		{"32-bit parameter -1 is not all ones", param(Eq, 64), all, all, false},
		{"and", And{yes, yes}, 0, 0, true},
		{"and, last fails", And{yes, no}, 0, 0, false},
		{"or", Or{no, yes}, 0, 0, true},
		{"or, none", Or{no, no}, 0, 0, false},
		{"not", Not{no}, 0, 0, true},
	} {
		p := &Policy{Params: []Param{{Name: "p", Bits: 32}}}
		if got := p.holds(tc.x, Data{Args: [6]uint64{1: tc.a}}, []uint64{tc.p}); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
	p := &Policy{Params: []Param{{Name: "p", Bits: 64}}}
	if !p.holds(param(Eq, 64), Data{Args: [6]uint64{1: all}}, []uint64{all}) {
		t.Error("a 64-bit parameter does not keep its high word")
	}
}

func TestEval(t *testing.T) {
	const audit = 0xc000003e
	p := &Policy{
		Target:  Target{Audit: audit, X32Shares: true},
		Default: Errno | 1,
		Newer:   &Newer{Last: 100, Action: Errno | 38},
		Calls: []Call{
			{Nr: 1, Cases: []Case{{When: cmp(Eq, 64, 1<<64-1, 5), Action: Allow}, {When: cmp(Eq, 64, 1<<64-1, 6), Action: Log}}},
			{Nr: 2, Cases: []Case{{Action: Trap}}},
		},
	}
	for _, tc := range []struct {
		name         string
		arch, nr     uint32
		a            uint64
		want, strict Action // strict: x86_64 by itself, where x32 has its own audit value
	}{
		{"first case", audit, 1, 5, Allow, Allow},
		{"second case", audit, 1, 6, Log, Log},
		{"no case", audit, 1, 7, Errno | 1, Errno | 1},
		{"no condition", audit, 2, 7, Trap, Trap},
		{"no rule", audit, 3, 0, Errno | 1, Errno | 1},
		{"the last known", audit, 100, 0, Errno | 1, Errno | 1},
		{"newer", audit, 101, 0, Errno | 38, Errno | 38},
		{"foreign architecture", audit ^ 1, 2, 0, KillProcess, KillProcess},
		{"first x32 number", audit, 0x40000000, 0, KillProcess, Errno | 38},
		{"x32 write", audit, 0x40000001, 5, KillProcess, Errno | 38},
		{"last x32 number", audit, 0xfffffffe, 0, KillProcess, Errno | 38},
		{"skipped by a tracer", audit, 0xffffffff, 0, Errno | 1, Errno | 1},
	} {
		d := Data{Nr: tc.nr, Arch: tc.arch, Args: [6]uint64{1: tc.a}}
		p.Target.X32Shares = true
		if got := p.Eval(d, nil); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
		p.Target.X32Shares = false
		if got := p.Eval(d, nil); got != tc.strict {
			t.Errorf("%s, without x32: %v, want %v", tc.name, got, tc.strict)
		}
	}
}

func TestParamCheck(t *testing.T) {
	fd := Param{Name: "fd", Bits: 32, Min: -1, Max: 1<<31 - 1}
	dir := Param{Name: "dir", Bits: 32, Max: 1<<31 - 1}
	for v, ok := range map[int64]bool{-2: false, -1: true, 0: true, 1<<31 - 1: true, 1 << 31: false} {
		if err := fd.Check(v); (err == nil) != ok {
			t.Errorf("fd %d: %v", v, err)
		}
		if err := dir.Check(v); (err == nil) != (ok && v >= 0) {
			t.Errorf("dir %d: %v", v, err)
		}
	}
	if err := fd.Check(-2); err == nil || err.Error() != "parameter fd is -2; it may be -1 to 2147483647" {
		t.Errorf("error %v", err)
	}
}
