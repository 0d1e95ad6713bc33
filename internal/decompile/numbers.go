package decompile

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/rule"
)

const (
	skipped = 0xffffffff // the number a tracer leaves to have a call skipped
	maxNr   = skipped - 1
)

// parts are the verdicts on calls of one architecture, those of x86_64 and x32
// apart. A part that judges as m.Multi.Foreign does is left out.
func (d *decompiler) parts(audit uint32, spans []span, m *Meaning) []rule.Part {
	last := spans[len(spans)-1].node // of number skipped
	a, ok := known(audit)
	if !ok || a != arch.X86_64 {
		return []rule.Part{{Policy: d.policy(audit, a, cut(spans, 0, maxNr), last)}}
	}
	parts := []rule.Part{{Policy: d.policy(audit, a, cut(spans, 0, arch.X32Bit-1), last), Numbers: rule.WithoutX32}}
	x32 := cut(spans, arch.X32Bit, maxNr)
	if n := x32[0].node; len(x32) > 1 || m.Blind || n != d.leaf(m.Multi.Foreign) {
		parts = append(parts, rule.Part{Policy: d.policy(audit, arch.X32, x32, nil), Numbers: rule.OnlyX32})
	}
	return parts
}

// cut is the spans as far as they are of numbers from low to high.
func cut(spans []span, low, high uint32) []span {
	var out []span
	for _, s := range spans {
		if s.low <= high && s.high >= low {
			out = append(out, span{max(s.low, low), min(s.high, high), s.node})
		}
	}
	return out
}

// maxCalls bounds the calls listed of a part.
const maxCalls = 1 << 13

// policy gathers the verdicts on one architecture. skip is the one on number
// skipped, nil if that is not of this part.
func (d *decompiler) policy(audit uint32, a arch.Arch, spans []span, skip *node) *rule.Policy {
	p := &rule.Policy{Target: rule.Target{Name: fmt.Sprintf("%#x", audit), Audit: audit, BigEndian: d.big, Bits: 64}}
	if a != 0 {
		p.Target.Name, p.Target.Bits = a.String(), a.Bits()
	}
	p.Name = p.Target.Name
	p.Default, p.Newer = verdicts(spans)
	for _, s := range spans {
		action, constant := s.node.leaf, s.node.isLeaf()
		if constant && (action == p.Default && (p.Newer == nil || s.low <= p.Newer.Last) || p.Newer != nil && s.low > p.Newer.Last) {
			continue
		}
		if !constant && s.high == spans[len(spans)-1].high && s.high-s.low >= maxCalls {
			undecided("it judges the arguments of calls that it does not tell apart by number, from %d on", s.low)
		}
		if len(p.Calls)+int(s.high-s.low) > maxCalls {
			undecided("it has a verdict of its own for the %d numbers from %d to %d, too many to list", s.high-s.low+1, s.low, s.high)
		}
		cases := d.cases(s.node, p.Default)
		for nr := s.low; ; nr++ {
			p.Calls = append(p.Calls, rule.Call{Name: callName(a, nr), Nr: nr, Cases: cases})
			if nr == s.high {
				break
			}
		}
	}
	if skip != nil && !(skip.isLeaf() && skip.leaf == p.Default) {
		p.Calls = append(p.Calls, rule.Call{Name: callName(a, skipped), Nr: skipped, Cases: d.cases(skip, p.Default)})
	}
	return p
}

// callName is the name of a call, or its number.
func callName(a arch.Arch, nr uint32) string {
	if name, ok := a.Name(nr); ok && a != 0 {
		return name
	}
	return fmt.Sprintf("#%d", int32(nr))
}

// verdicts chooses what is the default: what the numbers above all that the
// program knows get; or what most others get that are denied, and those above
// are newer than that.
func verdicts(spans []span) (otherwise rule.Action, newer *rule.Newer) {
	last := spans[len(spans)-1]
	if !last.node.isLeaf() {
		undecided("it judges the arguments of calls that it does not tell apart by number, from %d on", last.low)
	}
	top := last.node.leaf
	if top == rule.Allow || last.low == 0 {
		return top, nil
	}
	counts := map[rule.Action]uint32{}
	var denials []rule.Action
	for _, s := range spans[:len(spans)-1] {
		if !s.node.isLeaf() || s.node.leaf == rule.Allow {
			continue
		}
		if counts[s.node.leaf] == 0 {
			denials = append(denials, s.node.leaf)
		}
		counts[s.node.leaf] += s.high - s.low + 1
	}
	if len(denials) == 0 {
		return top, nil
	}
	most := slices.MaxFunc(denials, func(a, b rule.Action) int { return cmp.Compare(counts[a], counts[b]) })
	if most == top || counts[most] < manyDenied {
		return top, nil
	}
	return most, &rule.Newer{Last: last.low - 1, Action: top}
}

// manyDenied is how many numbers make a default.
const manyDenied = 8

// cases are the verdicts on one call, exclusive of each other. Allow comes
// first, and the laxer before the stricter. What is left gets the default; if
// nothing is to have that, the last one has no condition.
func (d *decompiler) cases(n *node, otherwise rule.Action) []rule.Case {
	actions := n.actions()
	slices.SortFunc(actions, func(a, b rule.Action) int {
		switch {
		case a.Stricter(b):
			return 1
		case b.Stricter(a):
			return -1
		}
		return cmp.Compare(a, b)
	})
	var cases []rule.Case
	rest := slices.Contains(actions, otherwise)
	for i, a := range actions {
		switch {
		case a == otherwise:
		case i == len(actions)-1 && !rest:
			cases = append(cases, rule.Case{Action: a})
		default:
			cases = append(cases, rule.Case{When: d.formula(d.is(n, a)), Action: a})
		}
	}
	return cases
}
