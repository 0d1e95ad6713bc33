package compile

import (
	"testing"

	"github.com/tileseal/tileseal/internal/rule"
)

// TestSeen has a profile decide between layouts of equal meaning: it may say
// that skipped calls, with the last number there is, come most often, or which
// half of an argument is wrong most often.
func TestSeen(t *testing.T) {
	fd := &rule.Cmp{Op: rule.Eq, Width: 64, Mask: 1<<64 - 1, X: rule.Operand{Param: 0}}
	for _, tc := range []struct {
		name  string
		when  rule.Expr
		calls []Seen
		want  string
	}{
		{"skipped calls", nil, []Seen{seen(noCall, 1000), seen(7, 10)}, `
	l0: ld [4]
	l1: jeq #0xc00000b7, l2, l7
	l2: ld [0]
	l3: jgt #0x9, l7, l4
	l4: jeq #0x7, l6, l5
	l5: jeq #0x9, l6, l7
	l6: ret ok
	l7: ret no
`},
		{"the high half differs", fd, []Seen{seen(7, 10, 5), seen(7, 1000, 1<<32+5)}, `
	l0:  ld [4]
	l1:  jeq #0xc00000b7, l2, l10
	l2:  ld [0]
	l3:  jeq #0x7, l4, l8
	l4:  ld [20]
	l5:  jeq #0x0, l6, l10
	l6:  ld [16]
	l7:  jeq #$fd, l9, l10
	l8:  jeq #0x9, l9, l10
	l9:  ret ok
	l10: ret no
`},
		{"the low half differs", fd, []Seen{seen(7, 10, 5), seen(7, 1000, 6)}, `
	l0:  ld [4]
	l1:  jeq #0xc00000b7, l2, l10
	l2:  ld [0]
	l3:  jeq #0x7, l4, l8
	l4:  ld [16]
	l5:  jeq #$fd, l6, l10
	l6:  ld [20]
	l7:  jeq #0x0, l9, l10
	l8:  jeq #0x9, l9, l10
	l9:  ret ok
	l10: ret no
`},
	} {
		p := &rule.Policy{
			Target: rule.Target{Name: "aarch64", Audit: 0xc00000b7, Bits: 64}, Default: rule.KillProcess,
			Params: []rule.Param{{Name: "fd", Bits: 32, Max: 1<<31 - 1}},
			Calls:  []rule.Call{call(7, tc.when), call(9, nil)},
		}
		prog, err := Optimize(p, Weights{Objective: All, Params: []uint64{5}, Calls: tc.calls})
		if err != nil {
			t.Fatal(err)
		}
		if got := short(prog); got != tc.want {
			t.Errorf("%s: %s\nwant %s", tc.name, got, tc.want)
		}
	}
}
