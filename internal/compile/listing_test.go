package compile

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

var x86_64 = rule.Target{Name: "x86_64", Audit: 0xc000003e, Bits: 64, X32Shares: true}

func arg(n, width int, op rule.Op, v uint64) *rule.Cmp {
	return &rule.Cmp{Op: op, Arg: n, Width: width, Mask: 1<<width - 1, X: rule.Operand{Param: -1, Value: v}}
}

func listing(t *testing.T, p *rule.Policy, l Layout) string {
	t.Helper()
	prog, err := Compile(p, l)
	if err != nil {
		t.Fatal(err)
	}
	insns := make([]bpf.Insn, len(prog.Insns))
	for i, in := range prog.Insns {
		insns[i] = in.Insn
	}
	if err := bpf.Check(insns); err != nil {
		t.Errorf("layout %v: %v", l, err)
	}
	return "\n" + bpf.List(insns, nil, nil)
}

// TestLayouts shows the shape of each layout on one small policy: getpid, and
// write to descriptor 2.
func TestLayouts(t *testing.T) {
	p := &rule.Policy{
		Target: x86_64, Default: rule.KillProcess,
		Calls: []rule.Call{
			{Name: "getpid", Nr: 39, Cases: []rule.Case{{Action: rule.Allow}}},
			{Name: "write", Nr: 1, Cases: []rule.Case{{When: arg(0, 32, rule.Eq, 2), Action: rule.Allow}}},
		},
	}
	for l, want := range map[Layout]string{
		Classic: `
l0: ld [4]
l1: jeq #0xc000003e, l2, l8
l2: ld [0]
l3: jeq #0x27, l9, l4
l4: jeq #0x1, l6, l5
l5: ja l8
l6: ld [16]
l7: jeq #0x2, l9, l8
l8: ret #0x80000000
l9: ret #0x7fff0000
`,
		Current: `
l0:  ld [4]
l1:  jeq #0xc000003e, l2, l5
l2:  ld [0]
l3:  jeq #0x27, l6, l4
l4:  jeq #0x1, l7, l5
l5:  ret #0x80000000
l6:  ret #0x7fff0000
l7:  ld [16]
l8:  jeq #0x2, l10, l9
l9:  ret #0x80000000
l10: ret #0x7fff0000
`,
		Plain: `
l0:  ld [4]
l1:  jeq #0xc000003e, l3, l2
l2:  ret #0x80000000
l3:  ld [0]
l4:  jeq #0x27, l5, l6
l5:  ret #0x7fff0000
l6:  jeq #0x1, l7, l11
l7:  ld [16]
l8:  jeq #0x2, l10, l9
l9:  ret #0x80000000
l10: ret #0x7fff0000
l11: ret #0x80000000
`,
	} {
		if got := listing(t, p, l); got != want {
			t.Errorf("layout %v:%s", l, got)
		}
	}
}

// TestComparisons shows the instructions of every kind of comparison, from
// the load on; 10 is where it goes if it holds, 20 if not.
func TestComparisons(t *testing.T) {
	masked := arg(0, 64, rule.Eq, 1)
	masked.Mask = 0xffffffff_00000003
	for _, tc := range []struct {
		name string
		cmp  *rule.Cmp
		big  bool
		want string
	}{
		{"eq 32", arg(1, 32, rule.Eq, 5), false, "ld [24]; jeq 5 T F"},
		{"lt 32", arg(1, 32, rule.Lt, 5), false, "ld [24]; jge 5 F T"},
		{"le 32", arg(1, 32, rule.Le, 5), false, "ld [24]; jgt 5 F T"},
		{"gt 32", arg(1, 32, rule.Gt, 5), false, "ld [24]; jgt 5 T F"},
		{"ge 32", arg(1, 32, rule.Ge, 5), false, "ld [24]; jge 5 T F"},
		{"eq 32 big-endian", arg(1, 32, rule.Eq, 5), true, "ld [28]; jeq 5 T F"},
		{"eq 64", arg(0, 64, rule.Eq, 7<<32|5), false, "ld [20]; jeq 7 2 F; ld [16]; jeq 5 T F"},
		{"eq 64 big-endian", arg(0, 64, rule.Eq, 7<<32|5), true, "ld [16]; jeq 7 2 F; ld [20]; jeq 5 T F"},
		{"lt 64", arg(0, 64, rule.Lt, 7<<32|5), false, "ld [20]; jgt 7 F 2; jeq 7 3 T; ld [16]; jge 5 F T"},
		{"le 64", arg(0, 64, rule.Le, 7<<32|5), false, "ld [20]; jgt 7 F 2; jeq 7 3 T; ld [16]; jgt 5 F T"},
		{"gt 64", arg(0, 64, rule.Gt, 7<<32|5), false, "ld [20]; jgt 7 T 2; jeq 7 3 F; ld [16]; jgt 5 T F"},
		{"ge 64", arg(0, 64, rule.Ge, 7<<32|5), false, "ld [20]; jgt 7 T 2; jeq 7 3 F; ld [16]; jge 5 T F"},
		{"masked 64", masked, false, "ld [20]; jeq 0 2 F; ld [16]; and 3; jeq 1 T F"},
	} {
		a := &assembler{policy: &rule.Policy{Target: rule.Target{BigEndian: tc.big}}}
		yes, no := a.label(), a.label()
		a.cmp(tc.cmp, yes, no)
		var parts []string
		for _, o := range a.ops {
			to := func(l label) string {
				switch l {
				case yes:
					return "T"
				case no:
					return "F"
				}
				return fmt.Sprint(a.at[l])
			}
			switch o.Code {
			case bpf.LdAbs:
				parts = append(parts, fmt.Sprintf("ld [%d]", o.K))
			case bpf.And:
				parts = append(parts, fmt.Sprintf("and %d", o.K))
			default:
				op := map[uint16]string{bpf.Jeq: "jeq", bpf.Jgt: "jgt", bpf.Jge: "jge"}[o.Code]
				parts = append(parts, fmt.Sprintf("%s %d %s %s", op, o.K, to(o.t), to(o.f)))
			}
		}
		if got := strings.Join(parts, "; "); got != tc.want {
			t.Errorf("%s: %s\nwant %s", tc.name, got, tc.want)
		}
	}
}

// TestLower shows how a jump that reaches too far gets a ja behind it.
func TestLower(t *testing.T) {
	for _, tc := range []struct {
		name      string
		far, near bool // which way is far
		want      string
	}{
		{"neither", false, false, "jeq 0 1"},
		{"if it holds", true, false, "jeq 0 1; ja 256"},
		{"if it does not", false, true, "jeq 1 0; ja 256"},
		{"both", true, true, "jeq 1 0; ja 257; ja 256"},
	} {
		a := &assembler{policy: &rule.Policy{}}
		yes, no, end := a.label(), a.label(), a.label()
		t1, f1 := yes, no
		if tc.far {
			t1 = end
		}
		if tc.near {
			f1 = end
		}
		a.jump(bpf.Jeq, 0, Ref{}, t1, f1)
		a.place(yes)
		a.place(no)
		if t1 == yes && f1 == no {
			a.place(no)
		}
		for range 256 {
			a.ret(rule.Allow)
		}
		if !tc.far && !tc.near {
			a.ret(rule.Allow)
			a.at[no] = 2
		}
		a.place(end)
		a.ret(rule.KillProcess)
		a.lower()
		insns, err := a.link()
		if err != nil {
			t.Fatal(err)
		}
		var parts []string
		for _, in := range insns {
			switch in.Code {
			case bpf.Jeq:
				parts = append(parts, fmt.Sprintf("jeq %d %d", in.Jt, in.Jf))
			case bpf.Ja:
				parts = append(parts, fmt.Sprintf("ja %d", in.K))
			}
		}
		if got := strings.Join(parts, "; "); got != tc.want {
			t.Errorf("%s: %s; want %s", tc.name, got, tc.want)
		}
	}
}
