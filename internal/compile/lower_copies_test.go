package compile

import (
	"testing"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// A jump to a verdict that is out of reach goes to another ret of that verdict, and
// to nothing that only looks like one.
func TestLowerCopies(t *testing.T) {
	for _, near := range []bool{true, false} {
		a := &assembler{policy: &rule.Policy{}, copies: true}
		next, end := a.label(), a.label()
		a.jump(bpf.Jeq, 0, Ref{}, end, next)
		a.place(next)
		a.ret(rule.Allow)
		a.load(uint32(rule.KillProcess), Ref{}) // the operand of the verdict, and another's instruction
		if near {
			a.ret(rule.KillProcess)
		}
		for range 256 {
			a.ret(rule.Allow)
		}
		a.place(end)
		a.ret(rule.KillProcess)
		a.lower()
		insns, err := a.link()
		if err != nil {
			t.Fatal(err)
		}
		to := 1 + int(insns[0].Jt)
		if got := insns[to]; got.Code != bpf.RetK || got.K != uint32(rule.KillProcess) || near != (to == 3) {
			t.Errorf("a copy within reach: %v; the jump goes to %d, %v", near, to, got)
		}
		if got := insns[1+int(insns[0].Jf)]; got.K != uint32(rule.Allow) {
			t.Errorf("the other way goes to %v", got)
		}
	}
}

// A conditional jump reaches 255 instructions ahead, and needs no help to; so does
// one to a copy.
func TestLowerReach(t *testing.T) {
	for _, tc := range []struct {
		name    string
		holds   bool // the far way is that of the condition
		between int
		kill    int // where among those between is a ret like the one at the end, or -1
		more    int // instructions that lower adds
	}{
		{"within reach", true, 255, -1, 0},
		{"within reach, if it does not hold", false, 255, -1, 0},
		{"out of reach", true, 256, -1, 1},
		{"out of reach, if it does not hold", false, 256, -1, 1},
		{"a copy within reach", true, 300, 255, 0},
		{"a copy out of reach", true, 300, 256, 1},
	} {
		a := &assembler{policy: &rule.Policy{}, copies: tc.kill >= 0}
		next, end := a.label(), a.label()
		if tc.holds {
			a.jump(bpf.Jeq, 0, Ref{}, end, next)
		} else {
			a.jump(bpf.Jeq, 0, Ref{}, next, end)
		}
		a.place(next)
		for i := range tc.between {
			if i == tc.kill {
				a.ret(rule.KillProcess)
			} else {
				a.ret(rule.Allow)
			}
		}
		a.place(end)
		a.ret(rule.KillProcess)
		before := len(a.ops)
		a.lower()
		if _, err := a.link(); err != nil || len(a.ops) != before+tc.more {
			t.Errorf("%s: %d instructions more, want %d; %v", tc.name, len(a.ops)-before, tc.more, err)
		}
	}
}

// TestFillSorted: the operands of a sorted set are its values in order, whichever
// the parameters have.
func TestFillSorted(t *testing.T) {
	set := []rule.Operand{{Param: 0}, {Param: -1, Value: 5}, {Param: 1}}
	p := &Program{Policy: &rule.Policy{Params: []rule.Param{{Bits: 32}, {Bits: 32}}}}
	for i := range set {
		p.Insns = append(p.Insns, Insn{Insn: bpf.Insn{Code: bpf.Jgt}, Ref: Ref{Kind: Value, Cmp: &rule.Cmp{}, Sort: set, Index: i}})
	}
	for _, params := range [][]uint64{{7, 3}, {3, 7}} {
		prog := p.Fill(params)
		if got := [3]uint32{prog[0].K, prog[1].K, prog[2].K}; got != [3]uint32{3, 5, 7} {
			t.Errorf("%v and 5: %v", params, got)
		}
	}
}

// A part whose calls are all another's has no code, and so no start.
func TestStartsOfNothing(t *testing.T) {
	p := &rule.Policy{
		Target: rule.Target{Audit: 9}, Default: rule.KillProcess,
		Calls: []rule.Call{{Nr: 1, Cases: []rule.Case{{Action: rule.Allow}}}},
	}
	for _, layout := range []Layout{Plain, Optimized} {
		prog, err := Multi(&rule.Multi{Foreign: rule.KillProcess, Parts: []rule.Part{{Policy: p}, {Policy: p}}}, layout)
		if err != nil {
			t.Fatal(err)
		}
		if s := prog.Starts; len(s) != 2 || s[0] <= 0 || s[1] != -1 {
			t.Errorf("layout %v: starts %v", layout, s)
		}
	}
}
