package compile

import (
	"testing"

	"github.com/tileseal/tileseal/internal/rule"
)

// TestArgumentsFirst: which policies are tried that way. The kernel would have to
// run the program for calls it could answer from its cache, if there were any.
func TestArgumentsFirst(t *testing.T) {
	for _, tc := range []struct {
		name   string
		calls  int
		change func(*rule.Policy)
		want   bool
	}{
		{"no calls", 0, nil, false},
		{"a few", maxFirst, nil, true},
		{"more", maxFirst + 1, nil, false},
		{"allowed by default", 2, func(p *rule.Policy) { p.Default = rule.Allow }, false},
		{"newer ones allowed", 2, func(p *rule.Policy) { p.Newer = &rule.Newer{Last: 400, Action: rule.Allow} }, false},
		{"newer ones refused", 2, func(p *rule.Policy) { p.Newer = &rule.Newer{Last: 400, Action: rule.Errno | 38} }, true},
		{"one always allowed", 2, func(p *rule.Policy) { p.Calls[1].Cases[0].When = nil }, false},
	} {
		p := &rule.Policy{Target: x86_64, Default: rule.KillProcess}
		for i := range tc.calls {
			p.Calls = append(p.Calls, call(uint32(i), arg(i%2, 32, rule.Eq, uint64(i))))
		}
		if tc.change != nil {
			tc.change(p)
		}
		o := &optimizer{judge: newJudge(p), workload: newWorkload(p, Weights{}), known: map[*verdict]int{}}
		if got := o.argumentsFirst(); (got != nil) != tc.want {
			t.Errorf("%s: %+v, want one: %v", tc.name, got, tc.want)
		}
	}
}
