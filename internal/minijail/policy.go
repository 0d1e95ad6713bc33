// Package minijail reads the seccomp policies of minijail, as minijail0(5)
// describes them and tools/compile_seccomp_policy.py in its repository reads
// them, and says what they mean as rule.Policy.
//
// The two readers disagree about one form: "read: arg0 == 0; return EBADF"
// allows the call on the condition to minijail0, and fails it on the condition
// to the compiler. A policy with a form that only the compiler knows is refused
// if it also has this one; any other is read as minijail0 does.
//
// The action kill is kill_process here, the stricter of those it can be.
package minijail

import (
	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
)

// A Policy is a policy that has been read, but not yet for an architecture.
type Policy struct {
	otherwise  action
	statements []*statement
	either     *gen.Pos // of the first form that the two readers take differently
}

// Ambiguous is where the policy first has a form that compile_seccomp_policy takes
// otherwise than minijail0, and than [Policy.Meaning].
func (p *Policy) Ambiguous() (at gen.Pos, ok bool) {
	if p.either == nil {
		return gen.Pos{}, false
	}
	return *p.either, true
}

// A statement is what one line says of some calls.
type statement struct {
	calls   []descriptor
	filters []filter
	pos     gen.Pos
}

// A descriptor names a call, by name or number.
type descriptor struct {
	token
	on []arch.Arch // nil: everywhere
}

// A filter is an action under a condition, the first that holds deciding.
// Without clauses it always does.
type filter struct {
	clauses []clause // alternatives
	action  action
	pos     gen.Pos
}

// A clause is atoms that have to hold together.
type clause []atom

// An atom compares an argument.
type atom struct {
	arg   int
	op    token
	value *value
}

// A value is constants joined by |.
type value struct {
	terms []term
}

// A term is a constant, or a value in parentheses, and may be complemented.
type term struct {
	not   bool
	token token
	inner *value
}

// An action may depend on the architecture, as numbers of errors do.
type action struct {
	action rule.Action
	errno  *token
}
