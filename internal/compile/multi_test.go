package compile_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/policytest"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/vm"
)

// several makes policies for several architectures out of random ones.
func several(m *policytest.Maker) *rule.Multi {
	sets := [][]arch.Arch{{arch.X86_64}, {arch.X32, arch.X86}, {arch.X86_64, arch.X86, arch.X32}, {arch.X32, arch.X86_64}, {arch.AArch64, arch.X86_64, arch.ARM}, {arch.S390X, arch.MIPS}}
	actions := []rule.Action{rule.KillProcess, rule.KillThread, rule.Errno | 1, rule.Allow}
	out := &rule.Multi{Foreign: actions[m.IntN(len(actions))]}
	for _, a := range sets[m.IntN(len(sets))] {
		p := rule.Part{Policy: m.Policy(a)}
		p.Policy.Target.X32Shares = false
		switch a {
		case arch.X86_64:
			p.Numbers = rule.Numbers(m.IntN(2))
		case arch.X32:
			p.Numbers = rule.OnlyX32
			if p.Policy.Newer != nil {
				p.Policy.Newer.Last |= arch.X32Bit
			}
			for i := range p.Policy.Calls {
				if m.IntN(4) > 0 {
					p.Policy.Calls[i].Nr |= arch.X32Bit
				}
			}
		}
		out.Parts = append(out.Parts, p)
	}
	return out
}

// TestMulti holds random programs for several architectures against their
// meaning, by proof and by runs.
func TestMulti(t *testing.T) {
	proven := 0
	for seed := range uint64(600) {
		m := policytest.NewMaker(seed, false)
		multi := several(m)
		first := multi.Parts[0].Policy
		params := m.Params(first)
		layout := []compile.Layout{compile.Plain, compile.Optimized}[m.IntN(2)]
		prog, err := compile.Multi(multi, layout)
		if err != nil {
			t.Fatal(err)
		}
		var undecided *prove.Undecided
		_, err = prove.EqualMulti(gen.Provable(prog), multi, first.Target.BigEndian)
		if err == nil {
			proven++
		} else if !errors.As(err, &undecided) {
			t.Fatalf("seed %d: layout %v: %v", seed, layout, err)
		}
		machine, err := vm.New(prog.Fill(params), arch.Arch(first.Target.Audit))
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for range 200 {
			d := m.Call(multi.Parts[m.IntN(len(multi.Parts))].Policy)
			want := multi.Eval(d, params)
			if got := machine.Run(vm.Call(d)); rule.Action(got) != want {
				t.Fatalf("seed %d: layout %v: %+v: %v, want %v\n%v", seed, layout, d, got, want, machine)
			}
		}
	}
	if proven < 500 {
		t.Errorf("only %d of 600 programs were proven", proven)
	}
	t.Logf("%d of 600 programs proven", proven)
}

// TestMultiCalls: the instructions of a part know their calls in the policy of
// the whole.
func TestMultiCalls(t *testing.T) {
	part := func(a arch.Arch, nrs ...uint32) rule.Part {
		p := &rule.Policy{Target: rule.Target{Audit: a.Audit(), Bits: a.Bits()}, Default: rule.KillProcess}
		for _, nr := range nrs {
			p.Calls = append(p.Calls, rule.Call{Nr: nr, Cases: []rule.Case{{Action: rule.Allow}}})
		}
		return rule.Part{Policy: p}
	}
	m := &rule.Multi{Parts: []rule.Part{part(arch.X86_64, 1, 39), part(arch.X86, 4, 20)}, Foreign: rule.Trap}
	prog, err := compile.Multi(m, compile.Plain)
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range prog.Insns {
		if in.Ref.Kind == compile.Number && prog.Policy.Calls[in.Call].Nr != in.K {
			t.Errorf("%v is about call %d", in.Insn, prog.Policy.Calls[in.Call].Nr)
		}
	}
	const want = `l0:  ld [4]
l1:  jeq #0xc000003e, l2, l7
l2:  ld [0]
l3:  jeq #0x1, l6, l4
l4:  jeq #0x27, l6, l5
l5:  ret #0x80000000
l6:  ret #0x7fff0000
l7:  jeq #0x40000003, l8, l13
l8:  ld [0]
l9:  jeq #0x4, l12, l10
l10: jeq #0x14, l12, l11
l11: ret #0x80000000
l12: ret #0x7fff0000
l13: ret #0x30000
`
	if got := bpf.List(prog.Fill(nil), nil, nil); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if !slices.Equal(prog.Starts, []int{3, 9}) {
		t.Errorf("the parts start at %v", prog.Starts)
	}
	if _, err := compile.Multi(m, compile.Classic); err == nil {
		t.Error("layout classic takes several architectures")
	}
}

// TestMultiX32 shows how x86_64 and x32 are told apart. The number of a skipped
// call is tested for only where it makes a difference, and is never newer.
func TestMultiX32(t *testing.T) {
	part := func(a arch.Arch, n rule.Numbers, nr, last uint32, otherwise rule.Action) rule.Part {
		return rule.Part{Numbers: n, Policy: &rule.Policy{
			Target: rule.Target{Audit: a.Audit(), Bits: a.Bits()}, Default: otherwise,
			Newer: &rule.Newer{Last: last, Action: rule.Errno | 38},
			Calls: []rule.Call{{Nr: nr, Cases: []rule.Case{{Action: rule.Allow}}}},
		}}
	}
	x86_64 := part(arch.X86_64, rule.WithoutX32, 1, 471, rule.KillProcess)
	x32 := part(arch.X32, rule.OnlyX32, 0x40000001, 0x40000223, rule.KillProcess)
	logs := part(arch.X32, rule.OnlyX32, 0x40000001, 0x40000223, rule.Log)
	for _, tc := range []struct {
		name   string
		parts  []rule.Part
		layout compile.Layout
		want   string // from where the number is loaded on
	}{
		{"both", []rule.Part{x86_64, x32}, compile.Plain, `
l3:  jge #0x40000000, l9, l4
l4:  jgt #0x1d7, l7, l5
l5:  jeq #0x1, l8, l6
l6:  ret #0x80000000
l7:  ret #0x50026
l8:  ret #0x7fff0000
l9:  jgt #0x40000223, l10, l11
l10: jeq #0xffffffff, l11, l13
l11: jeq #0x40000001, l14, l12
l12: ret #0x80000000
l13: ret #0x50026
l14: ret #0x7fff0000
l15: ret #0x30000
`},
		{"x32 first", []rule.Part{x32, x86_64}, compile.Plain, `
l3:  jge #0x40000000, l4, l10
l4:  jgt #0x40000223, l5, l6
l5:  jeq #0xffffffff, l6, l8
l6:  jeq #0x40000001, l9, l7
l7:  ret #0x80000000
l8:  ret #0x50026
l9:  ret #0x7fff0000
l10: jgt #0x1d7, l13, l11
l11: jeq #0x1, l14, l12
l12: ret #0x80000000
l13: ret #0x50026
l14: ret #0x7fff0000
l15: ret #0x30000
`},
		{"other defaults", []rule.Part{x86_64, logs}, compile.Plain, `
l3:  jge #0x40000000, l4, l5
l4:  jeq #0xffffffff, l5, l11
l5:  jgt #0x1d7, l6, l7
l6:  jeq #0xffffffff, l7, l9
l7:  jeq #0x1, l10, l8
l8:  ret #0x80000000
l9:  ret #0x50026
l10: ret #0x7fff0000
l11: jgt #0x40000223, l14, l12
l12: jeq #0x40000001, l15, l13
l13: ret #0x7ffc0000
l14: ret #0x50026
l15: ret #0x7fff0000
l16: ret #0x30000
`},
		{"x86_64 alone", []rule.Part{x86_64}, compile.Plain, `
l3:  jge #0x40000000, l4, l5
l4:  jeq #0xffffffff, l5, l11
l5:  jgt #0x1d7, l6, l7
l6:  jeq #0xffffffff, l7, l9
l7:  jeq #0x1, l10, l8
l8:  ret #0x80000000
l9:  ret #0x50026
l10: ret #0x7fff0000
l11: ret #0x30000
`},
		{"x32 alone", []rule.Part{x32}, compile.Plain, `
l3:  jge #0x40000000, l4, l10
l4:  jgt #0x40000223, l5, l6
l5:  jeq #0xffffffff, l6, l8
l6:  jeq #0x40000001, l9, l7
l7:  ret #0x80000000
l8:  ret #0x50026
l9:  ret #0x7fff0000
l10: ret #0x30000
`},
		{"both, optimized", []rule.Part{x86_64, x32}, compile.Optimized, `
l3:  jge #0x40000000, l10, l4
l4:  jeq #0x1, l5, l6
l5:  ret #0x7fff0000
l6:  jge #0x1d8, l7, l9
l7:  jeq #0xffffffff, l9, l8
l8:  ret #0x50026
l9:  ret #0x80000000
l10: jge #0x40000001, l11, l16
l11: jgt #0x40000001, l13, l12
l12: ret #0x7fff0000
l13: jge #0x40000224, l14, l16
l14: jeq #0xffffffff, l16, l15
l15: ret #0x50026
l16: ret #0x80000000
l17: ret #0x30000
`},
	} {
		prog, err := compile.Multi(&rule.Multi{Foreign: rule.Trap, Parts: tc.parts}, tc.layout)
		if err != nil {
			t.Fatal(err)
		}
		_, got, _ := strings.Cut(bpf.List(prog.Fill(nil), nil, nil), "ld [0]\n")
		if got = "\n" + got; got != tc.want {
			t.Errorf("%s:%swant%s", tc.name, got, tc.want)
		}
	}
}
