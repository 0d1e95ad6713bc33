package compile

import (
	"slices"

	"github.com/tileseal/tileseal/internal/rule"
)

// A sample is a call that counts.
type sample struct {
	data   rule.Data
	weight cost
}

func (s *sample) word(w word) uint32 {
	switch w {
	case nrWord:
		return s.data.Nr
	case archWord:
		return s.data.Arch
	}
	return half(s.data.Args[w/2], w%2 == 1)
}

// heaviest is what all seen calls may count together, so that sums of costs
// fit.
const heaviest = 1 << 40

// A workload is the calls a program is to be good at.
type workload struct {
	policy  *rule.Policy
	params  []uint64
	samples map[uint32][]sample // by number
	numbers []uint32            // of samples, in order
}

// newWorkload makes samples of the calls that were seen and, in place of those
// whose arguments are not known, of calls that the rules allow. The latter
// also settle ties.
func newWorkload(p *rule.Policy, w Weights) *workload {
	l := &workload{policy: p, params: w.Params, samples: map[uint32][]sample{}}
	guess := len(w.Params) != len(p.Params)
	if guess {
		l.params = guessParams(p)
	}
	var total int64
	for _, c := range w.Calls {
		total += max(c.Count, 0)
	}
	scale := total/heaviest + 1
	unknown := map[uint32]int64{}
	for _, c := range w.Calls {
		n := max(c.Count, 0) / scale
		if i := slices.IndexFunc(p.Calls, func(k rule.Call) bool { return k.Nr == c.Nr }); c.Args == nil || guess && i >= 0 && hasParam(p.Calls[i]) {
			unknown[c.Nr] += n
			continue
		}
		s := sample{data: rule.Data{Nr: c.Nr, Arch: p.Target.Audit}, weight: cost{main: n}}
		copy(s.data.Args[:], c.Args)
		l.samples[c.Nr] = append(l.samples[c.Nr], s)
	}
	for _, c := range p.Calls {
		l.fancy(c, unknown[c.Nr], len(w.Calls) == 0)
		delete(unknown, c.Nr)
	}
	for nr, n := range unknown {
		l.samples[nr] = append(l.samples[nr], sample{rule.Data{Nr: nr, Arch: p.Target.Audit}, cost{main: n}})
	}
	for nr := range l.samples {
		l.numbers = append(l.numbers, nr)
	}
	slices.Sort(l.numbers)
	return l
}

// fancy adds calls that c's cases decide, with n counts between them.
func (l *workload) fancy(c rule.Call, n int64, blind bool) {
	models := l.models(c)
	for i, args := range models {
		s := sample{data: rule.Data{Nr: c.Nr, Arch: l.policy.Target.Audit, Args: args}, weight: cost{tie: tieWeight}}
		if s.weight.main = n / int64(len(models)); i == 0 {
			s.weight.main += n % int64(len(models))
		}
		if blind {
			s.weight.main = guessWeight / int64(len(models))
		}
		l.samples[c.Nr] = append(l.samples[c.Nr], s)
	}
}

// Without a profile every rule counts guessWeight, shared by its alternatives.
// An alternative that was never seen counts tieWeight where no other does.
const (
	guessWeight = 720720 // divisible by all small numbers
	tieWeight   = 1 << 12
)

func guessParams(p *rule.Policy) []uint64 {
	out := make([]uint64, len(p.Params))
	for i := range out {
		out[i] = 1000 + uint64(i)
	}
	return out
}

func hasParam(c rule.Call) bool {
	found := false
	for _, k := range c.Cases {
		rule.Walk(k.When, func(c *rule.Cmp) { found = found || c.X.Param >= 0 })
	}
	return found
}

// A model is arguments that make a condition hold, with the bits it fixes.
type model struct{ args, fixed [6]uint64 }

// maxModels bounds the models of one call.
const maxModels = 32

// models are arguments for which the cases of c, one after another, decide.
func (l *workload) models(c rule.Call) [][6]uint64 {
	var out [][6]uint64
	for i, k := range c.Cases {
		if k.When == nil {
			out = append(out, [6]uint64{})
			break
		}
		for _, m := range l.model(k.When, true, []model{{}}) {
			if len(out) < maxModels && l.decides(c, m.args) == i {
				out = append(out, m.args)
			}
		}
	}
	if len(out) == 0 {
		out = append(out, [6]uint64{})
	}
	return out
}

// decides is the index of the case that decides a call of c.
func (l *workload) decides(c rule.Call, args [6]uint64) int {
	for i, k := range c.Cases {
		if k.When == nil || l.holds(k.When, args) {
			return i
		}
	}
	return len(c.Cases)
}

// holds asks the policy's own meaning about one condition.
func (l *workload) holds(x rule.Expr, args [6]uint64) bool {
	one := rule.Policy{Params: l.policy.Params, Default: rule.KillProcess,
		Calls: []rule.Call{{Cases: []rule.Case{{When: x, Action: rule.Allow}}}}}
	return one.Eval(rule.Data{Args: args}, l.params) == rule.Allow
}

// model extends each of base so that x is want.
func (l *workload) model(x rule.Expr, want bool, base []model) []model {
	switch x := x.(type) {
	case rule.Not:
		return l.model(x.X, !want, base)
	case rule.And:
		return l.modelAll(x, want, want, base)
	case rule.Or:
		return l.modelAll(x, want, !want, base)
	}
	var out []model
	for _, m := range base {
		if m, ok := l.fit(m, x.(*rule.Cmp), want); ok {
			out = append(out, m)
		}
	}
	return out
}

// modelAll is model for several conditions: all of them, or each by itself.
func (l *workload) modelAll(xs []rule.Expr, want, all bool, base []model) []model {
	if all {
		for _, x := range xs {
			base = l.model(x, want, base)
		}
		return base
	}
	var out []model
	for _, x := range xs {
		out = append(out, l.model(x, want, base)...)
		if len(out) > maxModels {
			return out[:maxModels]
		}
	}
	return out
}

// fit sets the argument of one comparison, unless it is set: then it has to
// fit. Values that may be anything else are larger than all that are named,
// as descriptors opened late are.
func (l *workload) fit(m model, c *rule.Cmp, want bool) (model, bool) {
	if m.fixed[c.Arg]&c.Mask == c.Mask {
		return m, l.holds(c, m.args) == want
	}
	x := c.X.Value
	if c.X.Param >= 0 {
		x = l.params[c.X.Param]
	}
	free := c.Mask &^ m.fixed[c.Arg]
	keep := m.args[c.Arg] &^ free
	for _, v := range []uint64{x, x + 1, x - 1, 1 << 20, 0, c.Mask} {
		try := m
		try.args[c.Arg] = keep | v&free
		if l.holds(c, try.args) != want || c.Op == rule.Eq && !want && v != 1<<20 && v != 0 && c.Mask == 1<<c.Width-1 {
			continue
		}
		if want && c.Op == rule.Eq {
			try.fixed[c.Arg] |= c.Mask
		}
		return try, true
	}
	return m, false
}
