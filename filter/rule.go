package filter

import (
	"fmt"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/rule"
)

// A Rule says what becomes of a call if its arguments meet conditions.
type Rule struct {
	Call   string // the name in the kernel's tables, such as "openat"
	Action Action
	When   []Cond // all must hold; at most one for each argument

	// Exact makes it an error that the filter has several architectures, or
	// that its architecture has no such call. Otherwise a rule has no effect
	// where there is no such call.
	Exact bool

	// Safe takes conditions on calls that can also be made through
	// socketcall or ipc, where they cannot be tested; see the package comment.
	// An exact rule is refused all the same.
	Safe bool
}

// Skipped is the number a tracer leaves in place of a call to have it skipped,
// -1; see [Filter.AddNumber].
const Skipped = 0xffffffff

// An edit is a change of the rules about one call of one architecture.
type edit struct {
	arch arch.Arch
	call *call
}

// Add adds a rule for every architecture of f. It fails as a whole, with an
// error that tells why ([ErrConflict] and others).
func (f *Filter) Add(r Rule) error {
	if err := f.add(r); err != nil {
		return fmt.Errorf("filter: add %s: %w", r.Call, err)
	}
	return nil
}

func (f *Filter) add(r Rule) error {
	when, err := f.check(r)
	if err != nil {
		return err
	}
	if !arch.Known(r.Call) {
		return ErrUnknownCall
	}
	var edits []edit
	for _, a := range f.set.All() {
		es, err := f.edits(a, r, when)
		if err != nil {
			return fmt.Errorf("on %v: %w", a, err)
		}
		edits = append(edits, es...)
	}
	f.apply(edits)
	return nil
}

// AddNumber is [Filter.Add] for a call by its number, as seccomp_data.nr has it;
// r.Call is a name for listings, or "". Numbers mean different calls on
// different architectures: but for [Skipped], it is an error if f has several.
func (f *Filter) AddNumber(nr uint32, r Rule) error {
	when, err := f.check(r)
	if err == nil && nr != Skipped && f.set.Len() > 1 {
		err = ErrSeveral
	}
	var edits []edit
	if err == nil {
		edits, err = f.numbered(nr, r, when)
	}
	if err != nil {
		return fmt.Errorf("filter: add call %d: %w", nr, err)
	}
	f.apply(edits)
	return nil
}

func (f *Filter) numbered(nr uint32, r Rule, when []Cond) ([]edit, error) {
	var edits []edit
	for _, a := range f.set.All() {
		e, err := f.edit(a, r.Call, nr, when, when, r.Action)
		if err != nil {
			return nil, fmt.Errorf("on %v: %w", a, err)
		}
		edits = append(edits, e)
	}
	return edits, nil
}

// check checks what does not depend on the call. The conditions are in the
// order of arguments.
func (f *Filter) check(r Rule) ([]Cond, error) {
	if f.set.Len() == 0 {
		return nil, ErrNoArch
	}
	if err := r.Action.check(); err != nil {
		return nil, err
	}
	if r.Action == f.otherwise {
		return nil, ErrDefault
	}
	if r.Exact && f.set.Len() > 1 {
		return nil, ErrSeveral
	}
	return ordered(r.When)
}

// edits are the changes a rule makes on one architecture.
func (f *Filter) edits(a arch.Arch, r Rule, when []Cond) ([]edit, error) {
	var edits []edit
	nr, direct := a.Number(r.Call)
	if direct {
		e, err := f.edit(a, r.Call, nr, when, when, r.Action)
		if err != nil {
			return nil, err
		}
		edits = append(edits, e)
	}
	by, index, multiplexed := a.Multiplexed(r.Call)
	switch {
	case multiplexed:
		e, applies, err := f.multiplexed(a, by, index, r, len(when) > 0)
		if err != nil {
			return nil, err
		}
		if applies {
			edits = append(edits, e)
		}
	case !direct && r.Exact:
		return nil, ErrAbsentCall
	}
	return edits, nil
}

// multiplexed is the change to the rules about a multiplexer. A rule that is
// not stricter than the default does not apply if it has conditions.
func (f *Filter) multiplexed(a arch.Arch, by string, index uint32, r Rule, conditional bool) (e edit, applies bool, err error) {
	if conditional && (!r.Safe || r.Exact) {
		return edit{}, false, fmt.Errorf("%w: %s", ErrMultiplexed, by)
	}
	nr, _ := a.Number(by)
	stricter := rule.Action(r.Action).Stricter(rule.Action(f.otherwise))
	when := []Cond{{Arg: 0, Op: EQ, Value: uint64(index)}}
	compared := when
	if stricter {
		// What the kernel does not read may not hide the call (net/socket.c,
		// ipc/syscall.c).
		mask := uint64(low)
		if by == "ipc" {
			mask = 0xffff
		}
		compared = []Cond{{Arg: 0, Op: MaskedEQ, Value: uint64(index), Mask: mask}}
	}
	e, err = f.edit(a, by, nr, when, compared, r.Action)
	return e, stricter || !conditional, err
}

// edit adds a rule to those about one call. when is what tells it from other
// rules, compared what it does.
func (f *Filter) edit(a arch.Arch, name string, nr uint32, when, compared []Cond, act Action) (edit, error) {
	when, compared = on(when, a.Bits()), on(compared, a.Bits())
	c := call{name: name, nr: nr}
	if old := f.calls[a][nr]; old != nil {
		c = *old
	}
	if d := c.rules.does; d != nil {
		return edit{a, &c}, nil // a rule without conditions stays
	}
	d := &deed{compared, act}
	if len(when) == 0 {
		c.rules = node{does: d}
		return edit{a, &c}, nil
	}
	rules, err := c.rules.add(chain(when, a.Bits()), d)
	if err != nil {
		return edit{}, err
	}
	c.rules = rules
	return edit{a, &c}, nil
}

// on are conditions as they are meant on an architecture with words of so
// many bits.
func on(when []Cond, bits int) []Cond {
	var out []Cond
	for _, c := range when {
		if c, ok := c.on(bits); ok {
			out = append(out, c)
		}
	}
	return out
}

func (f *Filter) apply(edits []edit) {
	for _, e := range edits {
		if f.calls[e.arch] == nil {
			f.calls[e.arch] = map[uint32]*call{}
		}
		f.calls[e.arch][e.call.nr] = e.call
	}
}

// Prioritize has a program without a tree try a call before those of lower
// priority, as far as they are of one architecture. A priority once given can
// be raised only. Of a call that can also be made through another, it is that
// which is raised. Where there is no such call it has no effect.
//
// Within one priority calls with fewer and simpler conditions come first.
func (f *Filter) Prioritize(name string, priority uint8) error {
	if f.set.Len() == 0 {
		return fmt.Errorf("filter: priority of %s: %w", name, ErrNoArch)
	}
	if !arch.Known(name) {
		return fmt.Errorf("filter: priority of %s: %w", name, ErrUnknownCall)
	}
	for _, a := range f.set.All() {
		name := name
		if by, _, ok := a.Multiplexed(name); ok {
			name = by
		}
		if nr, ok := a.Number(name); ok {
			f.raise(a, name, nr, priority)
		}
	}
	return nil
}

// PrioritizeNumber is [Filter.Prioritize] for a call by its number, see
// [Filter.AddNumber].
func (f *Filter) PrioritizeNumber(nr uint32, priority uint8) error {
	switch n := f.set.Len(); {
	case n == 0:
		return fmt.Errorf("filter: priority of call %d: %w", nr, ErrNoArch)
	case n > 1 && nr != Skipped:
		return fmt.Errorf("filter: priority of call %d: %w", nr, ErrSeveral)
	}
	for _, a := range f.set.All() {
		f.raise(a, "", nr, priority)
	}
	return nil
}

func (f *Filter) raise(a arch.Arch, name string, nr uint32, priority uint8) {
	c := call{name: name, nr: nr}
	if old := f.calls[a][nr]; old != nil {
		c = *old
	}
	c.priority = max(c.priority, priority)
	f.apply([]edit{{a, &c}})
}
