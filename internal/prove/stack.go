package prove

import "github.com/tileseal/tileseal/internal/rule"

// EqualStack proves that a program gives every call the verdict that two
// filters with the meanings of outer and inner give it together, inner
// installed after outer. The policies have the same parameters.
func EqualStack(prog *Program, outer, inner *rule.Policy) (Stats, error) {
	return compare(&programSide{prog}, &stackSide{&policySide{outer}, &policySide{inner}}, inner.Params, inner.Target.BigEndian, differ)
}

// A stackSide gives the stricter of two verdicts, the inner one's if they are
// of one kind.
type stackSide struct{ outer, inner side }

func (s *stackSide) explore(e *engine, leaf func(rule.Action)) {
	s.outer.explore(e, func(a rule.Action) {
		s.inner.explore(e, func(b rule.Action) { leaf(rule.Stacked(a, b)) })
	})
}

func (s *stackSide) judge(d rule.Data, params []uint64, bigEndian bool) rule.Action {
	return rule.Stacked(s.outer.judge(d, params, bigEndian), s.inner.judge(d, params, bigEndian))
}
