package prove

import (
	"errors"
	"slices"
	"testing"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// casesOf is a policy of one call with these cases, one a line.
func casesOf(cases ...rule.Case) *rule.Policy {
	p := onePolicy(nil, 0)
	for i := range cases {
		cases[i].Src = rule.Src{File: "f", Line: i + 1}
	}
	p.Calls[0].Name, p.Calls[0].Cases = "read", cases
	return p
}

// TestNeedlessCases: a case is needless if those before it leave it no input, or
// what comes after it says the same.
func TestNeedlessCases(t *testing.T) {
	const no = rule.Errno | 1
	is := func(v uint64) rule.Expr { return cmpConst(rule.Eq, v) }
	for _, tc := range []struct {
		name  string
		cases []rule.Case
		want  []string
	}{
		{"each says something", []rule.Case{{When: is(1), Action: rule.Allow}, {When: is(2), Action: no}}, nil},
		{"twice the same", []rule.Case{{When: is(1), Action: rule.Allow}, {When: is(1), Action: no}}, []string{"f:2: read"}},
		{"the default's own words", []rule.Case{{When: is(1), Action: rule.KillProcess}}, []string{"f:1: read"}},
		{"the next says so too", []rule.Case{{When: is(1), Action: no}, {When: is(2), Action: rule.Allow}, {Action: rule.Allow}}, []string{"f:2: read"}},
		{"behind one for all", []rule.Case{{When: is(1), Action: no}, {Action: rule.Allow}, {When: is(2), Action: no}}, []string{"f:3: read"}},
	} {
		if got, err := DeadCases(casesOf(tc.cases...)); err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, %v; want %q", tc.name, got, err, tc.want)
		}
	}
	p := casesOf(rule.Case{When: is(1), Action: rule.Allow})
	if _, err := DeadCases(p); err != nil || len(p.Calls[0].Cases) != 1 || p.Calls[0].Cases[0].Action != rule.Allow {
		t.Errorf("the policy itself has become %+v (%v)", p.Calls[0], err)
	}
}

// TestNotCached: what a policy always allows the kernel should not have to ask the
// program about, and only that.
func TestNotCached(t *testing.T) {
	const no = rule.Errno | 1
	is := func(v uint64) rule.Expr { return cmpConst(rule.Eq, v) }
	looks := insns(bpf.Insn{Code: bpf.LdAbs, K: 16}, bpf.Insn{Code: bpf.RetK, K: uint32(rule.Allow)}).Insns
	allows := insns(bpf.Insn{Code: bpf.RetK, K: uint32(rule.Allow)}).Insns
	for _, tc := range []struct {
		name   string
		cases  []rule.Case
		always bool
	}{
		{"always", []rule.Case{{Action: rule.Allow}}, true},
		{"in two steps", []rule.Case{{When: is(1), Action: rule.Allow}, {Action: rule.Allow}}, true},
		{"with an exception", []rule.Case{{When: is(1), Action: no}, {Action: rule.Allow}}, false},
		{"with an exception later", []rule.Case{{When: is(1), Action: rule.Allow}, {When: is(2), Action: no}, {Action: rule.Allow}}, false},
		{"now and then", []rule.Case{{When: is(1), Action: rule.Allow}}, false},
		{"never", []rule.Case{{When: is(1), Action: rule.Allow}, {Action: no}}, false},
		{"what follows has no say", []rule.Case{{Action: no}, {Action: rule.Allow}}, false},
	} {
		want := []string(nil)
		if tc.always {
			want = []string{"read"}
		}
		if got := Uncached(looks, casesOf(tc.cases...)); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", tc.name, got, want)
		}
		if got := Uncached(allows, casesOf(tc.cases...)); got != nil {
			t.Errorf("%s, answered from the cache: %q", tc.name, got)
		}
	}
}

// TestEmulatedOdd has programs that no compiler makes: the kernel would not take
// the first, and takes the others as they are.
func TestEmulatedOdd(t *testing.T) {
	allow, kill := bpf.Insn{Code: bpf.RetK, K: uint32(rule.Allow)}, bpf.Insn{Code: bpf.RetK}
	for _, tc := range []struct {
		name    string
		prog    *Program
		allowed bool
		steps   int
	}{
		{"no end", insns(bpf.Insn{Code: bpf.LdAbs}), false, 1},
		{"load with skips", insns(bpf.Insn{Code: bpf.LdAbs, Jt: 1, Jf: 1}, allow, kill), true, 2},
		{"and with skips", insns(bpf.Insn{Code: bpf.And, Jt: 1, Jf: 1}, allow, kill), true, 2},
		{"ja with skips", insns(bpf.Insn{Code: bpf.Ja, Jt: 1, Jf: 1}, allow, kill), true, 2},
	} {
		if allowed, steps := Emulated(tc.prog.Insns, 9, 5); allowed != tc.allowed || steps != tc.steps {
			t.Errorf("%s: %v after %d steps, want %v after %d", tc.name, allowed, steps, tc.allowed, tc.steps)
		}
	}
}

// TestMaskTwice: bits that one AND took away no later one brings back.
func TestMaskTwice(t *testing.T) {
	masked := func(masks ...uint32) *Program {
		p := insns(bpf.Insn{Code: bpf.LdAbs, K: 16})
		for _, m := range masks {
			p.Insns = append(p.Insns, Insn{Insn: bpf.Insn{Code: bpf.And, K: m}})
		}
		p.Insns = append(p.Insns, insns(
			bpf.Insn{Code: bpf.Jeq, K: 0x30, Jf: 1}, bpf.Insn{Code: bpf.RetK, K: uint32(rule.Allow)}, bpf.Insn{Code: bpf.RetK},
		).Insns...)
		return p
	}
	twice := masked(0xf0, 0x3c)
	if _, err := Same(twice, masked(0x30), false); err != nil {
		t.Errorf("both masks: %v", err)
	}
	for _, m := range []uint32{0xf0, 0x3c} {
		var c *Counterexample
		if _, err := Same(twice, masked(m), false); !errors.As(err, &c) {
			t.Errorf("mask %#x alone: %v", m, err)
		}
	}
	if _, err := Same(masked(0xf0, 0x0f), insns(bpf.Insn{Code: bpf.RetK}), false); err != nil {
		t.Errorf("masks without a bit in common: %v", err)
	}
}

// TestSkipsProven: what is no jump goes on with the next instruction, whatever its
// jt and jf.
func TestSkipsProven(t *testing.T) {
	odd := insns(
		bpf.Insn{Code: bpf.LdAbs, K: 4, Jt: 1, Jf: 1}, bpf.Insn{Code: bpf.And, K: all, Jt: 1, Jf: 1},
		bpf.Insn{Code: bpf.Jeq, K: 9, Jt: 0, Jf: 1}, bpf.Insn{Code: bpf.RetK, K: uint32(rule.Allow), Jt: 1}, bpf.Insn{Code: bpf.RetK},
	)
	even := insns(
		bpf.Insn{Code: bpf.LdAbs, K: 4}, bpf.Insn{Code: bpf.Jeq, K: 9, Jt: 0, Jf: 1},
		bpf.Insn{Code: bpf.RetK, K: uint32(rule.Allow)}, bpf.Insn{Code: bpf.RetK},
	)
	if _, err := Same(odd, even, false); err != nil {
		t.Error(err)
	}
	even.Insns[1].K = 8
	var c *Counterexample
	if _, err := Same(odd, even, false); !errors.As(err, &c) || c.Data.Arch != 8 && c.Data.Arch != 9 {
		t.Errorf("with another architecture: %v", err)
	}
}
