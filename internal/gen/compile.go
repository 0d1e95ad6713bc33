package gen

import (
	"errors"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
)

// A Target is a policy resolved and compiled for one architecture, or for
// several.
type Target struct {
	*Resolved
	Arch    arch.Arch // the first
	Program *compile.Program
	Multi   *Multi // what the policy means on each, if there are several; else nil
}

// Read parses a policy text and compiles it for every architecture given, and
// reports everything wrong with it at once.
func Read(name, text string, d Dialect, archs []arch.Arch, layout compile.Layout) (*File, []Target, ErrorList) {
	return ReadWeighed(name, text, d, archs, layout, nil)
}

// ReadWeighed is Read with weights for layout optimized.
func ReadWeighed(name, text string, d Dialect, archs []arch.Arch, layout compile.Layout, weigh Weigher) (*File, []Target, ErrorList) {
	f, errs := Parse(name, text, d)
	targets, list := CompileWeighed(f, archs, layout, weigh)
	return f, targets, append(errs, list...).sorted()
}

// Compile resolves and compiles a policy for every architecture given, and
// proves every program equal to the policy. The list holds everything wrong
// with it on any of them; targets are complete only if its Err is nil.
func Compile(f *File, archs []arch.Arch, layout compile.Layout) ([]Target, ErrorList) {
	return CompileWeighed(f, archs, layout, nil)
}

// A Weigher says which calls of a policy layout optimized is to be good at.
type Weigher func(*rule.Policy) (compile.Weights, error)

// CompileWeighed is Compile with weights for layout optimized. A nil weigher
// takes all rules for equally likely.
func CompileWeighed(f *File, archs []arch.Arch, layout compile.Layout, weigh Weigher) ([]Target, ErrorList) {
	var targets []Target
	var errs ErrorList
	for _, a := range archs {
		if a == arch.X32 {
			t, list := CompileMulti(f, onlyX32(), layout)
			if errs = append(errs, list...); list.Err() == nil {
				targets = append(targets, t)
			}
			continue
		}
		res, list := Resolve(f, a, layout)
		errs = append(errs, list...)
		if list.Err() != nil {
			continue
		}
		prog, err := arrange(res.Policy, layout, weigh)
		if tooBig := (*compile.Error)(nil); errors.As(err, &tooBig) {
			errs.add(Pos(tooBig.Src), "%s", tooBig.Msg)
			continue
		}
		if err != nil {
			errs.add(Pos{f.Name, 1, 1}, "%v", err)
			continue
		}
		t := Target{Resolved: res, Arch: a, Program: prog}
		if _, err := t.Prove(); err != nil {
			errs.add(Pos{f.Name, 1, 1}, "the program for %s cannot be given out: %v; please report this", ArchName(a), err)
			continue
		}
		targets = append(targets, t)
	}
	return targets, errs.sorted()
}

// onlyX32 is the set of x32 alone. It shares its audit value with x86_64, whose
// calls a rule.Policy by itself cannot tell from its own.
func onlyX32() arch.Set {
	set, err := arch.NewSet(arch.X32)
	if err != nil {
		panic(err)
	}
	return set
}

func arrange(p *rule.Policy, layout compile.Layout, weigh Weigher) (*compile.Program, error) {
	if weigh == nil || layout != compile.Optimized {
		return compile.Compile(p, layout)
	}
	w, err := weigh(p)
	if err != nil {
		return nil, err
	}
	return compile.Optimize(p, w)
}

// Prove proves the program of t equal to its policy.
func (t Target) Prove() (prove.Stats, error) {
	return t.Equal(Provable(t.Program))
}

// Equal proves a program equal to the policy of t.
func (t Target) Equal(p *prove.Program) (prove.Stats, error) {
	if t.Multi != nil {
		return prove.EqualMulti(p, &t.Multi.Multi, t.Target.BigEndian)
	}
	return prove.Equal(p, t.Policy)
}
