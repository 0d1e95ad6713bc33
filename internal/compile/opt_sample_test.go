package compile

import (
	"math"
	"testing"

	"github.com/tileseal/tileseal/internal/rule"
)

// masked is a comparison of some bits of argument 0.
func masked(op rule.Op, mask, v uint64) *rule.Cmp {
	return &rule.Cmp{Op: op, Width: 32, Mask: mask, X: rule.Operand{Param: -1, Value: v}}
}

// TestWorkload: the calls that count, and how much.
func TestWorkload(t *testing.T) {
	eq := func(v uint64) rule.Expr { return arg(0, 32, rule.Eq, v) }
	type counted struct {
		arg  uint64 // argument 0
		main int64
		tie  int64
	}
	for _, tc := range []struct {
		name string
		when rule.Expr // of call 1
		w    Weights
		nr   uint32
		want []counted
	}{
		{"nothing seen", rule.Or{eq(1), eq(2), eq(3)}, Weights{}, 1, []counted{
			{1, guessWeight / 3, tieWeight}, {2, guessWeight / 3, tieWeight}, {3, guessWeight / 3, tieWeight}}},
		{"seen, not the arguments", rule.Or{eq(1), eq(2), eq(3)}, Weights{Calls: []Seen{{Nr: 1, Count: 11}}}, 1, []counted{
			{1, 5, tieWeight}, {2, 3, tieWeight}, {3, 3, tieWeight}}},
		{"seen", eq(1), Weights{Calls: []Seen{seen(1, 7, 5), seen(1, -7, 6)}}, 1, []counted{
			{5, 7, 0}, {6, 0, 0}, {1, 0, tieWeight}}},
		{"seen, of parameters that are not known", rule.And{param(0, 0), eq(1000)}, Weights{Calls: []Seen{seen(1, 7, 5)}}, 1, []counted{
			{1000, 7, tieWeight}}},
		{"seen, with parameters", param(0, 0), Weights{Calls: []Seen{seen(1, 7, 5)}, Params: []uint64{3}}, 1, []counted{
			{5, 7, 0}, {3, 0, tieWeight}}},
		{"no call of the policy's", eq(1), Weights{Calls: []Seen{{Nr: 9, Count: 4}, seen(9, 2, 5)}}, 9, []counted{
			{5, 2, 0}, {0, 4, 0}}},
		{"so many that sums would not fit", eq(1), Weights{Calls: []Seen{seen(9, 2*heaviest, 5), seen(9, heaviest, 6)}}, 9, []counted{
			{5, heaviest / 2, 0}, {6, heaviest / 4, 0}}},
		{"as many as can be counted", eq(1), Weights{Calls: []Seen{seen(9, math.MaxInt64, 5)}}, 9, []counted{
			{5, math.MaxInt64 / (math.MaxInt64/heaviest + 1), 0}}},
	} {
		p := &rule.Policy{Target: x86_64, Default: rule.KillProcess, Params: []rule.Param{{Name: "a", Bits: 32}}, Calls: []rule.Call{call(1, tc.when)}}
		samples := newWorkload(p, tc.w).samples[tc.nr]
		if len(samples) != len(tc.want) {
			t.Errorf("%s: %+v, want %+v", tc.name, samples, tc.want)
			continue
		}
		for i, s := range samples {
			if got := (counted{s.data.Args[0], s.weight.main, s.weight.tie}); got != tc.want[i] || s.data.Nr != tc.nr || s.data.Arch != x86_64.Audit {
				t.Errorf("%s: %+v, want %+v", tc.name, s, tc.want[i])
			}
		}
	}
}

// TestModels: arguments for which a condition holds, one for each way it can.
func TestModels(t *testing.T) {
	const other = 1 << 20
	eq := func(v uint64) rule.Expr { return arg(0, 32, rule.Eq, v) }
	not := func(x rule.Expr) rule.Expr { return rule.Not{X: x} }
	for _, tc := range []struct {
		name string
		when []rule.Expr // of cases, one after the other
		want []uint64    // argument 0
	}{
		{"always", []rule.Expr{nil}, []uint64{0}},
		{"never", []rule.Expr{rule.Or{}}, []uint64{0}},
		{"bits of one and bits of another", []rule.Expr{rule.And{masked(rule.Eq, 0xf0, 0x30), masked(rule.Eq, 0xf, 5)}}, []uint64{0x35}},
		{"bits that agree", []rule.Expr{rule.And{masked(rule.Eq, 0xf0, 0x30), masked(rule.Eq, 0x3f, 0x35)}}, []uint64{0x35}},
		{"bits that others have settled", []rule.Expr{rule.And{masked(rule.Eq, 0xf0, 0x30), masked(rule.Eq, 0xf, 5), not(masked(rule.Eq, 0x30, 0x10))}}, []uint64{0x35}},
		{"bits that do not", []rule.Expr{rule.And{masked(rule.Eq, 0xf0, 0x30), masked(rule.Eq, 0x10, 0)}}, []uint64{0}},
		{"at least", []rule.Expr{arg(0, 32, rule.Ge, 9)}, []uint64{9}},
		{"more", []rule.Expr{arg(0, 32, rule.Gt, 9)}, []uint64{10}},
		{"less", []rule.Expr{arg(0, 32, rule.Lt, 9)}, []uint64{8}},
		{"not this one", []rule.Expr{not(eq(9))}, []uint64{other}},
		{"not the usual other one", []rule.Expr{not(eq(other))}, []uint64{0}},
		{"not these bits", []rule.Expr{not(masked(rule.Eq, 0xff, 9))}, []uint64{10}},
		{"one of two", []rule.Expr{rule.Or{eq(1), eq(2)}}, []uint64{1, 2}},
		{"none of two", []rule.Expr{not(rule.Or{eq(1), eq(2)})}, []uint64{other}},
		{"not both", []rule.Expr{not(rule.And{eq(7), arg(1, 32, rule.Eq, 2)})}, []uint64{other, 0}},
		{"the second decides what the first leaves", []rule.Expr{eq(1), rule.Or{eq(1), eq(3)}}, []uint64{1, 3}},
		{"and the last the rest", []rule.Expr{eq(1), nil, eq(3)}, []uint64{1, 0}},
	} {
		c := rule.Call{Nr: 1}
		for _, x := range tc.when {
			c.Cases = append(c.Cases, rule.Case{When: x, Action: rule.Allow})
		}
		l := &workload{policy: &rule.Policy{Calls: []rule.Call{c}}}
		got := l.models(c)
		ok := len(got) == len(tc.want)
		for i := range got {
			ok = ok && got[i][0] == tc.want[i]
		}
		if !ok {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
	many := rule.Or{}
	for i := range uint64(maxModels + 1) {
		many = append(many, eq(i))
	}
	for n, want := range map[int]int{maxModels - 1: maxModels - 1, maxModels: maxModels, maxModels + 1: maxModels} {
		c := call(1, many[:n])
		if got := (&workload{policy: &rule.Policy{}}).models(c); len(got) != want {
			t.Errorf("%d alternatives: %d models, want %d", n, len(got), want)
		}
	}
	c := call(1, many[:20])
	c.Cases = append(c.Cases, rule.Case{When: many[20:], Action: rule.Log}, rule.Case{Action: rule.Trap})
	if got := (&workload{policy: &rule.Policy{}}).models(c); len(got) != maxModels+1 {
		t.Errorf("%d alternatives of two cases, and all others: %d models", len(many), len(got))
	}
}
