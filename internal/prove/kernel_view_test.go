package prove

import (
	"slices"
	"testing"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// TestEmulatedGivesUp: the kernel's emulation knows no parameter, and does not
// answer what runs off the end.
func TestEmulatedGivesUp(t *testing.T) {
	filled := insns(bpf.Insn{Code: bpf.LdAbs}, bpf.Insn{Code: bpf.Jeq, Jf: 1}, bpf.Insn{Code: bpf.RetK, K: uint32(rule.Allow)}, bpf.Insn{Code: bpf.RetK})
	if allowed, steps := Emulated(filled.Insns, 9, 0); !allowed || steps != 3 {
		t.Errorf("the constant: %v after %d steps", allowed, steps)
	}
	filled.Insns[1].Slot = &Slot{}
	if allowed, steps := Emulated(filled.Insns, 9, 0); allowed || steps != 2 {
		t.Errorf("the parameter: %v after %d steps", allowed, steps)
	}
	off := insns(bpf.Insn{Code: bpf.Ja, K: 5}, bpf.Insn{Code: bpf.RetK, K: uint32(rule.Allow)})
	if allowed, steps := Emulated(off.Insns, 9, 0); allowed || steps != 1 {
		t.Errorf("off the end: %v after %d steps", allowed, steps)
	}
}

// TestConcrete: a program from outside is followed as it is.
func TestConcrete(t *testing.T) {
	prog := []bpf.Insn{{Code: bpf.LdAbs}, {Code: bpf.Jge, K: 4, Jt: 1}, {Code: bpf.RetK, K: uint32(rule.Allow)}, {Code: bpf.RetK}}
	p := &Program{Insns: Concrete(prog)}
	if got := p.Fill(nil); !slices.Equal(got, prog) {
		t.Errorf("%v, want %v", got, prog)
	}
	if _, cached := Install(Concrete(prog), []Table{{9, 10}}); !slices.Equal(cached, []uint32{0, 1, 2, 3}) {
		t.Errorf("cached %v", cached)
	}
}

// TestUncached names calls that are always allowed and looked at each time.
func TestUncached(t *testing.T) {
	p := &rule.Policy{Target: rule.Target{Audit: 9}, Default: rule.KillProcess, Calls: []rule.Call{
		{Name: "getpid", Nr: 1, Cases: []rule.Case{{Action: rule.Allow}}},
		{Name: "write", Nr: 2, Cases: []rule.Case{{When: cmpConst(rule.Eq, 1), Action: rule.Allow}}},
		{Name: "read", Nr: 3, Cases: []rule.Case{{When: cmpConst(rule.Eq, 1), Action: rule.Allow}, {Action: rule.Allow}}},
		{Name: "close", Nr: 4, Cases: []rule.Case{{When: cmpConst(rule.Eq, 1), Action: rule.Log}, {Action: rule.Allow}}},
		{Name: "exit", Nr: 5, Cases: []rule.Case{{Action: rule.Log}}},
	}}
	looks := insns(bpf.Insn{Code: bpf.LdAbs, K: 16}, bpf.Insn{Code: bpf.RetK, K: uint32(rule.Allow)})
	if got := Uncached(looks.Insns, p); !slices.Equal(got, []string{"getpid", "read"}) {
		t.Errorf("a program that looks at an argument first: %v", got)
	}
	knows := insns(bpf.Insn{Code: bpf.RetK, K: uint32(rule.Allow)})
	if got := Uncached(knows.Insns, p); got != nil {
		t.Errorf("one that does not: %v", got)
	}
}

// TestDeadPaths: instructions behind a jump are found, more ways to the same
// instructions do not matter, and those that no input takes do not count.
func TestDeadPaths(t *testing.T) {
	ld := func(n uint32) bpf.Insn { return bpf.Insn{Code: bpf.LdAbs, K: 16 + 8*n} }
	ret := bpf.Insn{Code: bpf.RetK}
	for _, tc := range []struct {
		name string
		prog *Program
		want []string
	}{
		{"over one instruction", insns(bpf.Insn{Code: bpf.Ja, K: 1}, ret, ret), []string{"instruction 1 never runs"}},
		{"four ways and four jumps", insns(ld(0), bpf.Insn{Code: bpf.Jeq, K: 1}, ld(1), bpf.Insn{Code: bpf.Jeq, K: 1}, ret), nil},
	} {
		dead, err := DeadInsns(tc.prog, false)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		var got []string
		for _, d := range dead {
			got = append(got, d.String())
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

// TestDeadBits: two masks that contradict each other are only found out by
// looking for an input.
func TestDeadBits(t *testing.T) {
	p := insns(
		bpf.Insn{Code: bpf.LdAbs, K: 16},
		bpf.Insn{Code: bpf.Jset, K: 3, Jt: 2}, // neither of two bits
		bpf.Insn{Code: bpf.Jset, K: 1, Jt: 2}, // the lower of them
		bpf.Insn{Code: bpf.RetK},
		bpf.Insn{Code: bpf.RetK, K: 1},
		bpf.Insn{Code: bpf.RetK, K: 2},
	)
	dead, err := DeadInsns(p, false)
	if err != nil {
		t.Fatal(err)
	}
	if want := []Dead{{2, "never jumps"}, {5, "never runs"}}; !slices.Equal(dead, want) {
		t.Errorf("%v, want %v", dead, want)
	}
}

// TestDeadCases names the cases that decide nothing, by their place.
func TestDeadCases(t *testing.T) {
	at := func(line int, when rule.Expr, act rule.Action) rule.Case {
		return rule.Case{When: when, Action: act, Src: rule.Src{File: "tile.seccomppolicy", Line: line}}
	}
	p := onePolicy(nil, 0)
	p.Calls = []rule.Call{
		{Name: "read", Nr: 1, Cases: []rule.Case{at(3, cmpConst(rule.Le, 5), rule.Allow), at(4, cmpConst(rule.Eq, 2), rule.Log), at(5, cmpConst(rule.Eq, 6), rule.Log)}},
		{Name: "write", Nr: 2, Cases: []rule.Case{at(7, cmpParam(rule.Eq, 0), rule.KillProcess), at(8, cmpParam(rule.Eq, 1), rule.Allow)}},
	}
	dead, err := DeadCases(p)
	if want := []string{"tile.seccomppolicy:4: read"}; err != nil || !slices.Equal(dead, want) {
		t.Errorf("%v, %v; want %v", dead, err, want)
	}
	p.Calls = p.Calls[:1]
	p.Calls[0].Cases = []rule.Case{at(3, cmpConst(rule.Eq, 5), rule.KillProcess)}
	dead, err = DeadCases(p)
	if want := []string{"tile.seccomppolicy:3: read"}; err != nil || !slices.Equal(dead, want) {
		t.Errorf("a case that says what the default does: %v, %v; want %v", dead, err, want)
	}
}

// TestSymbol is how listings write operands.
func TestSymbol(t *testing.T) {
	p := &Program{Params: []rule.Param{{Name: "fd", Bits: 32}, {Name: "length", Bits: 64}}}
	for _, tc := range []struct {
		slot *Slot
		want string
	}{
		{nil, ""},
		{&Slot{Param: 0}, "$fd"},
		{&Slot{Param: 0, High: true}, ""},
		{&Slot{Param: 1}, "$length"},
		{&Slot{Param: 1, High: true}, "$length>>32"},
		{&Slot{Sort: []rule.Operand{{Param: 0}, {Param: -1, Value: 1<<32 + 2}, {Param: 1}}, Index: 1}, "sort($fd, 2, $length)[1]"},
	} {
		p.Insns = []Insn{{Insn: bpf.Insn{Code: bpf.Jeq}, Slot: tc.slot}}
		if got := p.Symbol(0); got != tc.want {
			t.Errorf("%+v: %q, want %q", tc.slot, got, tc.want)
		}
	}
}
