package gen

import (
	"errors"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/prove"
)

// A Target is a policy resolved and compiled for one architecture.
type Target struct {
	*Resolved
	Arch    arch.Arch
	Program *compile.Program
}

// Read parses a policy text and compiles it for every architecture given, and
// reports everything wrong with it at once.
func Read(name, text string, d Dialect, archs []arch.Arch, layout compile.Layout) (*File, []Target, ErrorList) {
	f, errs := Parse(name, text, d)
	targets, list := Compile(f, archs, layout)
	return f, targets, append(errs, list...).sorted()
}

// Compile resolves and compiles a policy for every architecture given, and
// proves every program equal to the policy. The list holds everything wrong
// with it on any of them; targets are complete only if its Err is nil.
func Compile(f *File, archs []arch.Arch, layout compile.Layout) ([]Target, ErrorList) {
	var targets []Target
	var errs ErrorList
	for _, a := range archs {
		res, list := Resolve(f, a, layout)
		errs = append(errs, list...)
		if list.Err() != nil {
			continue
		}
		prog, err := compile.Compile(res.Policy, layout)
		if tooBig := (*compile.Error)(nil); errors.As(err, &tooBig) {
			errs.add(Pos(tooBig.Src), "%s", tooBig.Msg)
			continue
		}
		t := Target{res, a, prog}
		if _, err := t.Prove(); err != nil {
			errs.add(Pos{f.Name, 1, 1}, "the program for %s cannot be given out: %v; please report this", ArchName(a), err)
			continue
		}
		targets = append(targets, t)
	}
	return targets, errs.sorted()
}

// Prove proves the program of t equal to its policy.
func (t Target) Prove() (prove.Stats, error) {
	return prove.Equal(Provable(t.Program), t.Policy)
}
