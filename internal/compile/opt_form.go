package compile

import (
	"encoding/binary"
	"slices"

	"github.com/tileseal/tileseal/internal/rule"
)

// A form is a condition on words: true, false, an atom or its negation, or
// several forms joined. Equal forms are the same pointer.
type form struct {
	kind formKind
	id   uint32
	atom atom
	neg  bool
	kids []*form
}

type formKind byte

const (
	constant formKind = iota // false, or true if neg
	literal
	conjunction
	disjunction
)

// A former makes forms.
type former struct {
	policy  *rule.Policy
	known   map[string]*form
	origins map[atom]Ref // where an atom was first asked
	order   []atom       // all atoms, in the order of the policy
	yes, no *form
}

func newFormer(p *rule.Policy) *former {
	f := &former{policy: p, known: map[string]*form{}, origins: map[atom]Ref{}}
	f.no = f.intern(form{kind: constant})
	f.yes = f.intern(form{kind: constant, neg: true})
	return f
}

func (f *former) intern(x form) *form {
	key := []byte{byte(x.kind), 0}
	if x.neg {
		key[1] = 1
	}
	if x.kind == literal {
		key = binary.LittleEndian.AppendUint32(append(key, byte(x.atom.w), byte(x.atom.code), byte(x.atom.param)), x.atom.mask)
		key = binary.LittleEndian.AppendUint32(key, x.atom.k)
		if x.atom.high {
			key = append(key, 1)
		}
	}
	for _, k := range x.kids {
		key = binary.LittleEndian.AppendUint32(key, k.id)
	}
	if old := f.known[string(key)]; old != nil {
		return old
	}
	x.id = uint32(len(f.known))
	f.known[string(key)] = &x
	return &x
}

func (f *former) truth(b bool) *form {
	if b {
		return f.yes
	}
	return f.no
}

func (f *former) not(x *form) *form {
	switch x.kind {
	case constant, literal:
		return f.intern(form{kind: x.kind, atom: x.atom, neg: !x.neg})
	}
	kids := make([]*form, len(x.kids))
	for i, k := range x.kids {
		kids[i] = f.not(k)
	}
	return f.join(conjunction+disjunction-x.kind, kids)
}

// join is the conjunction or disjunction of xs, flat, sorted, each once.
func (f *former) join(kind formKind, xs []*form) *form {
	neutral, absorbing := f.yes, f.no
	if kind == disjunction {
		neutral, absorbing = f.no, f.yes
	}
	var kids []*form
	for _, x := range xs {
		switch {
		case x == absorbing:
			return absorbing
		case x == neutral:
		case x.kind == kind:
			kids = append(kids, x.kids...)
		default:
			kids = append(kids, x)
		}
	}
	slices.SortFunc(kids, func(x, y *form) int { return int(x.id) - int(y.id) })
	kids = slices.Compact(kids)
	switch len(kids) {
	case 0:
		return neutral
	case 1:
		return kids[0]
	}
	if f.contradicts(kids) {
		return absorbing
	}
	return f.intern(form{kind: kind, kids: kids})
}

// contradicts reports whether a literal and its negation are among kids.
func (f *former) contradicts(kids []*form) bool {
	for _, k := range kids {
		if k.kind == literal && k.neg && slices.Contains(kids, f.not(k)) {
			return true
		}
	}
	return false
}

func (f *former) and(xs ...*form) *form { return f.join(conjunction, xs) }
func (f *former) or(xs ...*form) *form  { return f.join(disjunction, xs) }
