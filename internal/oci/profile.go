// Package oci reads and writes seccomp profiles of containers: the seccomp
// object of the OCI runtime specification (config-linux.md, version 1.3), and
// the form of it that moby takes, whose rules depend on architecture, kernel and
// capabilities. It says what a profile means as rule.Policy, and finds the
// profile that means what a policy does.
//
// What a profile means is what runc makes of it with libseccomp. Two things
// are not taken over: the kernel sees an argument of 32 bits without its high
// word, so that is not compared; and calls of other architectures kill the
// process, not a thread.
package oci

import (
	"strconv"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/policytext"
	"github.com/tileseal/tileseal/internal/rule"
)

// A Profile is a seccomp profile.
type Profile struct {
	Default rule.Action
	Archs   []arch.Arch // nil: the machine's
	ArchMap []ArchMap   // moby: what to add to each machine's
	Rules   []Rule
	Ignored []Ignored // what is about loading the filter, not about calls
}

// An ArchMap is the architectures of programs that a machine runs beside its
// own.
type ArchMap struct {
	Machine arch.Arch
	Sub     []arch.Arch
}

// A Rule is about some calls, on machines it is for.
type Rule struct {
	Names    []Name
	Action   rule.Action
	Args     []Arg
	Includes *Selector // nil: all machines
	Excludes *Selector // nil: none
	Pos      gen.Pos
}

// A Name of a system call.
type Name struct {
	Name string
	Pos  gen.Pos
}

// An Arg is a condition on an argument.
type Arg struct {
	Index    int
	Op       policytext.Op
	Value    uint64 // of MASKED_EQ: the mask
	ValueTwo uint64 // of MASKED_EQ: the value
	Pos      gen.Pos
}

// cond is the condition with its operands told apart.
func (a Arg) cond() policytext.Cond {
	if a.Op == policytext.MaskedEQ {
		return policytext.Cond{Arg: a.Index, Op: a.Op, Mask: a.Value, Value: a.ValueTwo}
	}
	return policytext.Cond{Arg: a.Index, Op: a.Op, Value: a.Value}
}

// A Selector is met by a machine if all that it names is.
type Selector struct {
	Archs  []string // moby's names; one of them is the machine's
	Caps   []string // of an include all, of an exclude one is in the bounding set
	Kernel Version  // or newer; zero: any
}

// An Ignored field has no place in a policy.
type Ignored struct {
	Text string
	Pos  gen.Pos
}

// A Version is that of a kernel, as in 4.8.
type Version struct{ Major, Minor uint }

// ParseVersion reads the beginning of a kernel release, as in 6.18.2-amd64.
func ParseVersion(s string) (v Version, ok bool) {
	major, rest, ok := strings.Cut(s, ".")
	end := 0
	for end < len(rest) && '0' <= rest[end] && rest[end] <= '9' {
		end++
	}
	a, err1 := strconv.ParseUint(major, 10, 16)
	b, err2 := strconv.ParseUint(rest[:end], 10, 16)
	return Version{uint(a), uint(b)}, ok && err1 == nil && err2 == nil
}

func (v Version) less(w Version) bool {
	return v.Major < w.Major || v.Major == w.Major && v.Minor < w.Minor
}
