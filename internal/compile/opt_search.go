package compile

import (
	"encoding/binary"
	"slices"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// A search finds the cheapest plan for a verdict. It loads each word once:
// whichever is best first, then all tests on it, then the next.
type search struct {
	*judge
	samples []sample
	params  []uint64
	memo    map[string]*plan
	budget  int // states it may still look at with care
}

// Limits of the search for a plan.
const (
	maxStates = 600 // beyond, words are taken in the order of the policy
	maxTests  = 6   // tests of a word that are tried in every order
)

func (j *judge) search(samples []sample, params []uint64) *search {
	return &search{j, samples, params, map[string]*plan{}, maxStates}
}

// find is the best plan for v when A holds the word have, as it is.
func (s *search) find(v *verdict, have word, on []int32) *plan {
	if len(v.cases) == 0 {
		return &plan{act: v.other, cost: s.sum(on)}
	}
	key := s.key('f', v, view{have, 0}, on)
	if p := s.memo[key]; p != nil {
		return p
	}
	views := v.views()
	if s.spent() {
		views = views[:1]
	}
	var best *plan
	for _, w := range views {
		if p := s.enter(v, w, have, on); best == nil || p.cost.less(best.cost) {
			best = p
		}
	}
	s.memo[key] = best
	return best
}

// spent counts a state, and reports whether that was one too many.
func (s *search) spent() bool {
	s.budget--
	return s.budget < 0
}

// enter is the best plan that looks at w first.
func (s *search) enter(v *verdict, w view, have word, on []int32) *plan {
	p := *s.ask(v, w, on)
	price := s.sum(on).add(insnCost)
	if p.code == 0 || p.load {
		return &p // w turned out not to matter
	}
	if w.w != have {
		p.load, p.cost = true, p.cost.add(price)
	}
	if w.mask != allOnes && p.view == w && !p.and {
		p.and, p.cost = true, p.cost.add(price)
	}
	return &p
}

// ask is the best plan for v when A holds w.
func (s *search) ask(v *verdict, w view, on []int32) *plan {
	atoms := v.in(w)
	if len(atoms) == 0 {
		have := w.w
		if w.mask != allOnes {
			have = -1
		}
		return s.find(v, have, on)
	}
	key := s.key('a', v, w, on)
	if p := s.memo[key]; p != nil {
		return p
	}
	best := s.below(v, w, atoms, on)
	if p := s.above(v, w, atoms, on); p != nil && p.cost.less(best.cost) {
		best = p
	}
	s.memo[key] = best
	return best
}

// below is the best plan that asks one of atoms, or about all constants among
// them, first.
func (s *search) below(v *verdict, w view, atoms []atom, on []int32) *plan {
	var best *plan
	tests := slices.DeleteFunc(slices.Clone(atoms), atom.plain)
	if len(tests) < len(atoms) {
		best = s.ranges(v, w, on)
	}
	switch spent := s.spent(); {
	case spent && best != nil:
		return best
	case spent || len(tests) > maxTests:
		tests = s.likeliest(tests, on)
	}
	for _, a := range tests {
		if p := s.test(v, w, a, on); best == nil || p.cost.less(best.cost) {
			best = p
		}
	}
	return best
}

// test asks one question and goes on from both answers.
func (s *search) test(v *verdict, w view, a atom, on []int32) *plan {
	p := &plan{view: w, code: a.code, atom: a, k: a.k, call: -1}
	yes, no := s.part(p, on)
	p.t = s.ask(s.given(v, func(b atom) (bool, bool) { return implied(a, true, b) }), w, yes)
	p.f = s.ask(s.given(v, func(b atom) (bool, bool) { return implied(a, false, b) }), w, no)
	p.cost = s.sum(on).add(insnCost).add(p.t.cost).add(p.f.cost)
	return p
}

// implied is the answer to b that an answer to a settles.
func implied(a atom, answer bool, b atom) (yes, known bool) {
	if a == b {
		return answer, true
	}
	if a.code == bpf.Jset && b.code == bpf.Jset && a.w == b.w {
		if answer {
			return true, a.k&^b.k == 0
		}
		return false, b.k&^a.k == 0
	}
	if a.param < 0 || a.param != b.param || a.high != b.high || a.view() != b.view() {
		return false, false
	}
	switch {
	case a.code == bpf.Jeq && answer: // equal: not greater, at least
		return b.code == bpf.Jge, true
	case a.code == bpf.Jgt && answer: // greater: not equal, at least
		return b.code == bpf.Jge, true
	case a.code == bpf.Jge && !answer: // less: neither equal nor greater
		return false, true
	}
	return false, false
}

// above asks whether A is above all it is to be compared with, where the
// operands are not known in order: then it is none of them. Populate sorts
// them.
func (s *search) above(v *verdict, w view, atoms []atom, on []int32) *plan {
	p := &plan{view: w, code: bpf.Jgt, atom: atoms[0], call: -1}
	param := false
	for _, a := range atoms {
		if a.code != bpf.Jeq || a.high || a.param >= 0 && s.policy.Params[a.param].Bits != 32 {
			return nil
		}
		x := rule.Operand{Param: -1, Value: uint64(a.k)}
		if a.param >= 0 {
			x, param = rule.Operand{Param: int(a.param), Text: s.policy.Params[a.param].Name}, true
		}
		p.sort = append(p.sort, x)
	}
	if !param || len(atoms) < 2 {
		return nil
	}
	yes, no := s.part(p, on)
	if len(yes) == 0 {
		return nil
	}
	p.t = s.ask(s.given(v, func(b atom) (bool, bool) { return false, b.view() == w }), w, yes)
	p.f = s.below(v, w, atoms, no)
	p.cost = s.sum(on).add(insnCost).add(p.t.cost).add(p.f.cost)
	return p
}

// likeliest is the test most samples pass.
func (s *search) likeliest(tests []atom, on []int32) []atom {
	best, most := 0, cost{}
	for i, a := range tests {
		yes, _ := s.part(&plan{view: a.view(), code: a.code, atom: a, k: a.k}, on)
		if w := s.sum(yes); most.less(w) {
			best, most = i, w
		}
	}
	return tests[best : best+1]
}

func (s *search) part(p *plan, on []int32) (yes, no []int32) {
	for _, i := range on {
		if p.taken(s.samples[i].word(p.view.w), s.params, s.policy) {
			yes = append(yes, i)
		} else {
			no = append(no, i)
		}
	}
	return yes, no
}

func (s *search) sum(on []int32) cost {
	var c cost
	for _, i := range on {
		c = c.add(s.samples[i].weight)
	}
	return c
}

func (s *search) key(kind byte, v *verdict, w view, on []int32) string {
	b := append(make([]byte, 0, 10+4*len(on)), kind, byte(w.w))
	b = binary.LittleEndian.AppendUint32(b, v.id)
	b = binary.LittleEndian.AppendUint32(b, w.mask)
	for _, i := range on {
		b = binary.LittleEndian.AppendUint32(b, uint32(i))
	}
	return string(b)
}
