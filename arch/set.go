package arch

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The ways in which a [Set] cannot be changed, tested with errors.Is. Each
// says which errno seccomp_arch_add(3) or seccomp_arch_remove(3) gives for it.
var (
	ErrUnknown   = errors.New("not an architecture")                // EINVAL
	ErrPresent   = errors.New("already present")                    // EEXIST, of seccomp_arch_add
	ErrAbsent    = errors.New("not present")                        // EEXIST too, of seccomp_arch_remove and seccomp_arch_exist
	ErrByteOrder = errors.New("architectures differ in byte order") // EDOM
)

// A Set is the architectures one filter is for, in the order they were added,
// all of one byte order: a program is written in the byte order of the
// machine. It follows seccomp_arch_add(3), but that nothing stands for the
// native architecture: ask for that with [Native]. The zero Set is empty.
// Copies of a Set are independent of each other.
type Set struct{ members []Arch }

// NewSet is the set of archs, in that order. An error is that of [Set.Add].
func NewSet(archs ...Arch) (Set, error) {
	var s Set
	for _, a := range archs {
		if err := s.Add(a); err != nil {
			return Set{}, err
		}
	}
	return s, nil
}

// Add adds a behind the others. The error is [ErrUnknown], [ErrPresent] or
// [ErrByteOrder], looked for in that order, and s is then as it was.
func (s *Set) Add(a Arch) error {
	switch {
	case !a.Valid():
		return fmt.Errorf("arch: add %v: %w", a, ErrUnknown)
	case s.Has(a):
		return fmt.Errorf("arch: add %v to %v: %w", a, s, ErrPresent)
	case len(s.members) > 0 && s.BigEndian() != a.BigEndian():
		return fmt.Errorf("arch: add %v to %v: %w", a, s, ErrByteOrder)
	}
	s.members = append(s.members[:len(s.members):len(s.members)], a)
	return nil
}

// Remove removes a, which may be the last. The error is [ErrUnknown] or
// [ErrAbsent], and s is then as it was.
func (s *Set) Remove(a Arch) error {
	i := slices.Index(s.members, a)
	switch {
	case !a.Valid():
		return fmt.Errorf("arch: remove %v: %w", a, ErrUnknown)
	case i < 0:
		return fmt.Errorf("arch: remove %v from %v: %w", a, s, ErrAbsent)
	}
	s.members = slices.Concat(s.members[:i], s.members[i+1:])
	return nil
}

// Has reports whether a is in s. It is false where seccomp_arch_exist(3)
// answers EEXIST, and also for what is no architecture, EINVAL there.
func (s *Set) Has(a Arch) bool { return slices.Contains(s.members, a) }

// Len is the number of architectures in s.
func (s *Set) Len() int { return len(s.members) }

// All lists the architectures in the order they were added.
func (s *Set) All() []Arch { return slices.Clone(s.members) }

// BigEndian reports whether the architectures of s are big-endian; false for
// an empty set, which takes those of either byte order.
func (s *Set) BigEndian() bool { return len(s.members) > 0 && s.members[0].BigEndian() }

// String lists the architectures by name, such as "x86_64, x32".
func (s *Set) String() string {
	if len(s.members) == 0 {
		return "no architecture"
	}
	var names []string
	for _, a := range s.members {
		names = append(names, a.String())
	}
	return strings.Join(names, ", ")
}
