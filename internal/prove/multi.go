package prove

import "github.com/tileseal/tileseal/internal/rule"

// EqualMulti is [Equal] for a program for several architectures: it gives
// every call of every architecture the verdict that m means.
func EqualMulti(prog *Program, m *rule.Multi, bigEndian bool) (Stats, error) {
	return compare(&programSide{prog}, &multiSide{m}, prog.Params, bigEndian, differ)
}

// A multiSide follows what several policies mean, in the order of
// rule.Multi.Eval.
type multiSide struct{ *rule.Multi }

func (m *multiSide) judge(d rule.Data, params []uint64, _ bool) rule.Action {
	return m.Eval(d, params)
}

func (m *multiSide) explore(e *engine, leaf func(rule.Action)) { m.from(e, 0, leaf) }

// from looks for the part the call belongs to from the i-th on.
func (m *multiSide) from(e *engine, i int, leaf func(rule.Action)) {
	if i == len(m.Parts) {
		leaf(m.Foreign)
		return
	}
	p, nr := m.Parts[i], word(wordNr)
	rules := func() { (&policySide{p.Policy}).call(e, 0, leaf) }
	next := func() { m.from(e, i+1, leaf) }
	ours := rules
	switch p.Numbers {
	case rule.WithoutX32:
		ours = func() {
			e.split(nr, ge, constant(firstX32), func() {
				e.split(nr, eq, constant(noCall), rules, next)
			}, rules)
		}
	case rule.OnlyX32:
		ours = func() { e.split(nr, ge, constant(firstX32), rules, next) }
	}
	e.split(word(wordArch), eq, constant(p.Policy.Target.Audit), ours, next)
}
