package gen

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/rule"
)

// A Multi is what a program for several architectures means on each of them.
type Multi struct {
	rule.Multi
	Archs []arch.Arch // of each of Parts
}

// ReadMulti parses a policy text and makes one program of it for all
// architectures of a set, as [CompileMulti] does.
func ReadMulti(name, text string, d Dialect, set arch.Set, layout compile.Layout) (*File, Target, ErrorList) {
	f, errs := Parse(name, text, d)
	t, list := CompileMulti(f, set, layout)
	return f, t, append(errs, list...).sorted()
}

// CompileMulti resolves a policy for every architecture of a set, in the order
// of the set, and makes one program of what it means on all of them: calls of
// the others kill the process, whatever the default. The program is proven.
// The layout is plain or optimized.
//
// Target.Policy is that program's: it has the calls of all architectures, one
// after the other. What it means on each is in Target.Multi.
func CompileMulti(f *File, set arch.Set, layout compile.Layout) (Target, ErrorList) {
	t, errs := ResolveMulti(f, set, layout)
	if errs.Err() != nil {
		return Target{}, errs
	}
	prog, err := compile.Multi(&t.Multi.Multi, layout)
	if failed := (*compile.Error)(nil); errors.As(err, &failed) {
		at := Pos(failed.Src)
		if at == (Pos{}) {
			at = Pos{f.Name, 1, 1} // it is about no rule
		}
		errs.add(at, "%s", failed.Msg)
		return Target{}, errs.sorted()
	}
	t.Program = prog
	t.Policy.Calls = prog.Policy.Calls
	if _, err := t.Prove(); err != nil {
		errs.add(Pos{f.Name, 1, 1}, "the program for %s cannot be given out: %v; please report this", t.Target.Name, err)
		return Target{}, errs.sorted()
	}
	return t, errs
}

// ResolveMulti is [Resolve] for all architectures of a set: a Target without a
// program.
func ResolveMulti(f *File, set arch.Set, layout compile.Layout) (Target, ErrorList) {
	var errs ErrorList
	m := &Multi{Multi: rule.Multi{Foreign: rule.KillProcess}, Archs: set.All()}
	if len(m.Archs) == 0 {
		errs.add(Pos{f.Name, 1, 1}, "a program is for at least one architecture")
		return Target{}, errs
	}
	var all []*Resolved
	for _, a := range m.Archs {
		res, list := Resolve(f, a, layout)
		errs = append(errs, list...)
		res.Policy.Target.X32Shares = false // Numbers say it
		all = append(all, res)
		m.Parts = append(m.Parts, rule.Part{Policy: res.Policy, Numbers: numbersOf(a)})
	}
	if errs = errs.sorted(); errs.Err() != nil {
		return Target{}, errs
	}
	params, err := m.shareParams()
	if err != nil {
		errs.add(Pos{f.Name, 1, 1}, "%v", err)
		return Target{}, errs.sorted()
	}
	first := all[0]
	whole := &rule.Policy{Name: first.Name, Target: first.Target, Params: params, Default: first.Default}
	whole.Target.Name = NamesOf(m.Archs).String()
	return Target{
		Resolved: &Resolved{Policy: whole, Levels: first.Levels, Texts: first.Texts},
		Arch:     m.Archs[0],
		Multi:    m,
	}, errs
}

// numbersOf are the numbers of a's calls among those of its audit value.
func numbersOf(a arch.Arch) rule.Numbers {
	switch a {
	case arch.X86_64:
		return rule.WithoutX32
	case arch.X32:
		return rule.OnlyX32
	}
	return rule.AnyNumber
}

// shareParams gives all parts the same list of parameters, each with the values
// that it may have on every architecture.
func (m *Multi) shareParams() ([]rule.Param, error) {
	params := slices.Clone(m.Parts[0].Policy.Params)
	for i, part := range m.Parts {
		if len(part.Policy.Params) != len(params) {
			return nil, fmt.Errorf("the policy has %d parameters on %s and %d on %s", len(params), ArchName(m.Archs[0]), len(part.Policy.Params), ArchName(m.Archs[i]))
		}
		for n, q := range part.Policy.Params {
			p := &params[n]
			if p.Name != q.Name || p.Bits != q.Bits {
				return nil, fmt.Errorf("parameter %s of %s is %s of %s", p.Name, ArchName(m.Archs[0]), q.Name, ArchName(m.Archs[i]))
			}
			p.Min, p.Max = max(p.Min, q.Min), min(p.Max, q.Max)
		}
	}
	for _, part := range m.Parts {
		part.Policy.Params = params
	}
	return params, nil
}
