package filter

import (
	"fmt"
	"maps"

	"github.com/tileseal/tileseal/arch"
)

// A Filter is a seccomp filter in the making. It may be used by one goroutine
// at a time. A call that returns an error has changed nothing.
type Filter struct {
	// Foreign is the action for calls of architectures the filter is not for.
	// New and Reset set it to KillProcess. An action that is none fails when
	// the filter is compiled.
	Foreign Action

	// Tree has programs look calls up in a tree, so that it takes few
	// instructions to get to any of them. Without, they are tried one by one,
	// by priority.
	Tree bool

	otherwise Action
	state
	saved []state // what open transactions began with
}

// A state is what a transaction can undo. The maps of a state are its own;
// what they hold is shared and does not change.
type state struct {
	set   arch.Set
	calls map[arch.Arch]map[uint32]*call
}

func (s *state) clone() state {
	calls := map[arch.Arch]map[uint32]*call{}
	for a, m := range s.calls {
		calls[a] = maps.Clone(m)
	}
	return state{s.set, calls}
}

// New is a filter for archs, without rules. otherwise is its default action:
// that for calls of these architectures that no rule decides. The error is
// [ErrAction] or one of arch.Set's.
func New(otherwise Action, archs ...arch.Arch) (*Filter, error) {
	f := new(Filter)
	if err := f.Reset(otherwise, archs...); err != nil {
		return nil, err
	}
	return f, nil
}

// Reset makes f what [New] returns, whatever it was before. After an error f
// is as it was.
func (f *Filter) Reset(otherwise Action, archs ...arch.Arch) error {
	if err := otherwise.check(); err != nil {
		return fmt.Errorf("filter: default action: %w", err)
	}
	set, err := arch.NewSet(archs...)
	if err != nil {
		return fmt.Errorf("filter: %w", err)
	}
	*f = Filter{Foreign: KillProcess, otherwise: otherwise, state: state{set, map[arch.Arch]map[uint32]*call{}}}
	return nil
}

// Default is the default action.
func (f *Filter) Default() Action { return f.otherwise }

// Archs is the architectures of f, in the order they were added.
func (f *Filter) Archs() arch.Set { return f.set }

// AddArch adds an architecture, without rules: those that are there are not
// about it. The error is one of arch.Set's.
func (f *Filter) AddArch(a arch.Arch) error {
	if err := f.set.Add(a); err != nil {
		return fmt.Errorf("filter: %w", err)
	}
	return nil
}

// RemoveArch removes an architecture and the rules about it. The last may go;
// then nothing can be added or compiled until there is another. The error is
// one of arch.Set's.
func (f *Filter) RemoveArch(a arch.Arch) error {
	if err := f.set.Remove(a); err != nil {
		return fmt.Errorf("filter: %w", err)
	}
	delete(f.calls, a)
	return nil
}

// Merge adds the architectures of g, with their rules, to f. Both must have
// the same default action, or it is [ErrMerge]; no architecture may be in
// both, and all must be of one byte order. g stays as it is.
func (f *Filter) Merge(g *Filter) error {
	switch {
	case f.set.Len() == 0 || g.set.Len() == 0:
		return fmt.Errorf("filter: merge: %w", ErrNoArch)
	case f.otherwise != g.otherwise:
		return fmt.Errorf("filter: merge: %w, %v and %v", ErrMerge, f.otherwise, g.otherwise)
	case f.set.BigEndian() != g.set.BigEndian():
		return fmt.Errorf("filter: merge: %w", arch.ErrByteOrder)
	}
	set := f.set
	for _, a := range g.set.All() {
		if err := set.Add(a); err != nil {
			return fmt.Errorf("filter: merge: %w", err)
		}
	}
	f.set = set
	for a, m := range g.calls {
		f.calls[a] = maps.Clone(m)
	}
	return nil
}

// Begin begins a transaction: what becomes of the architectures, rules and
// priorities from now on can be undone by [Filter.Reject] or kept by
// [Filter.Commit]. Transactions nest. Begin fails with [ErrNoArch].
func (f *Filter) Begin() error {
	if f.set.Len() == 0 {
		return fmt.Errorf("filter: begin: %w", ErrNoArch)
	}
	f.saved = append(f.saved, f.state.clone())
	return nil
}

// Commit ends the innermost transaction and keeps what it did. Without one it
// does nothing.
func (f *Filter) Commit() {
	if n := len(f.saved); n > 0 {
		f.saved = f.saved[:n-1]
	}
}

// Reject ends the innermost transaction and undoes what it did. Without one it
// does nothing.
func (f *Filter) Reject() {
	if n := len(f.saved); n > 0 {
		f.state, f.saved = f.saved[n-1], f.saved[:n-1]
	}
}
