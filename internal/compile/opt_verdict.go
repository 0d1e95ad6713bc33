package compile

import (
	"encoding/binary"
	"slices"

	"github.com/tileseal/tileseal/internal/rule"
)

// A verdict is an action as a function of words: that of the first case whose
// form holds, else other. Equal verdicts are the same pointer.
type verdict struct {
	id    uint32
	cases []when
	other rule.Action
	atoms []atom // all that occur, in the order of the policy
}

type when struct {
	form *form
	act  rule.Action
}

// A judge makes verdicts.
type judge struct {
	*former
	verdicts map[string]*verdict
}

func newJudge(p *rule.Policy) *judge {
	return &judge{newFormer(p), map[string]*verdict{}}
}

// verdict puts cases into their simplest shape: none that cannot decide
// anything, neighbours of one action joined.
func (j *judge) verdict(cases []when, other rule.Action) *verdict {
	var kept []when
	for _, c := range cases {
		if c.form == j.no {
			continue
		}
		if c.form == j.yes {
			other = c.act
			break
		}
		if n := len(kept); n > 0 && kept[n-1].act == c.act {
			kept[n-1].form = j.or(kept[n-1].form, c.form)
			if kept[n-1].form == j.yes {
				kept, other = kept[:n-1], c.act
				break
			}
			continue
		}
		kept = append(kept, c)
	}
	for n := len(kept); n > 0 && kept[n-1].act == other; n-- {
		kept = kept[:n-1]
	}
	key := binary.LittleEndian.AppendUint32(nil, uint32(other))
	for _, c := range kept {
		key = binary.LittleEndian.AppendUint32(key, c.form.id)
		key = binary.LittleEndian.AppendUint32(key, uint32(c.act))
	}
	if old := j.verdicts[string(key)]; old != nil {
		return old
	}
	v := &verdict{id: uint32(len(j.verdicts)), cases: kept, other: other}
	v.atoms = j.atomsOf(kept)
	j.verdicts[string(key)] = v
	return v
}

func (j *judge) atomsOf(cases []when) []atom {
	seen := map[atom]bool{}
	for _, c := range cases {
		c.form.walk(func(a atom) { seen[a] = true })
	}
	if len(seen) == 0 {
		return nil
	}
	out := make([]atom, 0, len(seen))
	for _, a := range j.order {
		if seen[a] {
			out = append(out, a)
		}
	}
	return out
}

func (x *form) walk(f func(atom)) {
	if x.kind == literal {
		f(x.atom)
	}
	for _, k := range x.kids {
		k.walk(f)
	}
}

// call is the verdict on one call of the policy.
func (j *judge) call(c rule.Call) *verdict {
	var cases []when
	for _, k := range c.Cases {
		cases = append(cases, when{j.expr(k.When), k.Action})
	}
	return j.verdict(cases, j.policy.Default)
}

// always is the verdict that is act.
func (j *judge) always(act rule.Action) *verdict { return j.verdict(nil, act) }

// given is v where some atoms have known answers.
func (j *judge) given(v *verdict, answer func(atom) (yes, known bool)) *verdict {
	done := map[*form]*form{}
	cases := make([]when, len(v.cases))
	for i, c := range v.cases {
		cases[i] = when{j.assume(c.form, answer, done), c.act}
	}
	return j.verdict(cases, v.other)
}

func (j *judge) assume(x *form, answer func(atom) (yes, known bool), done map[*form]*form) *form {
	switch x.kind {
	case constant:
		return x
	case literal:
		if yes, known := answer(x.atom); known {
			return j.truth(yes != x.neg)
		}
		return x
	}
	if y := done[x]; y != nil {
		return y
	}
	kids := make([]*form, len(x.kids))
	for i, k := range x.kids {
		kids[i] = j.assume(k, answer, done)
	}
	y := j.join(x.kind, kids)
	done[x] = y
	return y
}

// views are what a program may have to load to find v, in the order of the
// policy.
func (v *verdict) views() []view {
	var out []view
	for _, a := range v.atoms {
		if !slices.Contains(out, a.view()) {
			out = append(out, a.view())
		}
	}
	return out
}

// in are the atoms of v that are asked of one view.
func (v *verdict) in(w view) []atom {
	var out []atom
	for _, a := range v.atoms {
		if a.view() == w {
			out = append(out, a)
		}
	}
	return out
}
