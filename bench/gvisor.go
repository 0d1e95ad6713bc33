//go:build linux && amd64

package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"unsafe"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
	gbpf "gvisor.dev/gvisor/pkg/bpf"
	"gvisor.dev/gvisor/pkg/seccomp"
	"gvisor.dev/gvisor/pkg/seccomp/precompiledseccomp"
)

func gvisorVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "gvisor.dev/gvisor" {
				return "gVisor " + m.Version
			}
		}
	}
	return "gVisor"
}

// gvisor makes programs with gVisor's pkg/seccomp, which always optimizes
// here: without and with a list of hot calls, which it tests first, and from
// the program with the list, compiled beforehand. Of that one filling in the
// parameters is measured, by their names in a map made once.
func gvisor(p *policy) []builder {
	meaning, note := p.sparingX32()
	hot := p.hot()
	list := []builder{
		{name: "gVisor, optimized", build: func() ([]bpf.Insn, error) { return buildGVisor(p, nil) }},
		{name: "gVisor, optimized with hot list", build: func() ([]bpf.Insn, error) { return buildGVisor(p, hot) }},
		{name: "gVisor, precompiled with hot list", repeats: true},
	}
	ready, err := precompileGVisor(p, hot)
	if err != nil {
		list[2].why = err.Error()
	} else {
		values := precompiledseccomp.Values{}
		for i, q := range p.Params {
			values[q.Name] = uint32(p.params[i])
		}
		list[2].build = func() ([]bpf.Insn, error) {
			prog, err := ready.RenderInstructions(values)
			return insnsOf(prog), err
		}
	}
	for i := range list {
		list[i].meaning, list[i].note = meaning, note
	}
	return list
}

// sparingX32 is the policy as pkg/seccomp can have it: its rules are about one
// number each, so those of x32 get the default action. The note says so where
// that differs.
func (p *policy) sparingX32() (meaning *rule.Policy, note string) {
	rules := *p.Policy
	rules.Target.X32Shares = false
	if p.Target.X32Shares && p.Default != rule.KillProcess {
		note = "gives calls of x32 the default action, where the policy kills"
	}
	return &rules, note
}

// hot are the calls of the workload, the most frequent first: what
// ProgramOptions.HotSyscalls asks for, but not only its heads, as the whole
// list does best where it matters, in calls that the kernel does not cache.
func (p *policy) hot() []uintptr {
	times := map[uintptr]int64{}
	for _, s := range p.work {
		times[uintptr(s.Nr)] += s.N
	}
	return slices.SortedFunc(maps.Keys(times), func(a, b uintptr) int {
		return cmp.Or(cmp.Compare(times[b], times[a]), cmp.Compare(a, b))
	})
}

func buildGVisor(p *policy, hot []uintptr) ([]bpf.Insn, error) {
	program, err := gvisorProgram(p, hot)
	if err != nil {
		return nil, err
	}
	insns, _, err := program.Build()
	return insnsOf(insns), err
}

// precompileGVisor compiles a policy for values of its parameters that come
// later.
func precompileGVisor(p *policy, hot []uintptr) (precompiledseccomp.Program, error) {
	if _, err := gvisorProgram(p, hot); err != nil {
		return precompiledseccomp.Program{}, err
	}
	var names []string
	for _, q := range p.Params {
		if q.Bits != 32 {
			return precompiledseccomp.Program{}, fmt.Errorf("parameter %s has %d bits", q.Name, q.Bits)
		}
		names = append(names, q.Name)
	}
	return precompiledseccomp.Precompile(p.name, names, func(values precompiledseccomp.Values) *seccomp.Program {
		with := *p
		with.params = nil
		for _, name := range names {
			with.params = append(with.params, uint64(values[name]))
		}
		program, err := gvisorProgram(&with, hot)
		if err != nil {
			panic(err) // there was none with other values
		}
		return program
	})
}

// insnsOf is a program of gVisor's as one of ours. It is not copied, as
// gVisor's own SetFilter does not copy it for the kernel.
func insnsOf(prog []gbpf.Instruction) []bpf.Insn {
	return unsafe.Slice((*bpf.Insn)(unsafe.Pointer(unsafe.SliceData(prog))), len(prog))
}

// gvisorProgram is a policy as pkg/seccomp takes it. That has no comparison
// which ignores the high half of an argument but for equality, so what an
// argument must not be is a set of rules of its own, which decides first.
func gvisorProgram(p *policy, hot []uintptr) (*seccomp.Program, error) {
	def, err := gvisorAction(p.Default)
	if err != nil {
		return nil, err
	}
	sets := []seccomp.RuleSet{{Rules: seccomp.NewSyscallRules(), Action: def}}
	for _, c := range p.Calls {
		if len(c.Cases) != 1 {
			return nil, fmt.Errorf("%s: more than one case", c.Name)
		}
		action, err := gvisorAction(c.Cases[0].Action)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
		must, mustNot, err := p.gvisorRules(c.Cases[0].When)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
		if mustNot != nil {
			sets[0].Rules.Set(uintptr(c.Nr), mustNot)
		}
		i := 1 + slices.IndexFunc(sets[1:], func(s seccomp.RuleSet) bool { return s.Action == action })
		if i == 0 {
			i = len(sets)
			sets = append(sets, seccomp.RuleSet{Rules: seccomp.NewSyscallRules(), Action: action})
		}
		sets[i].Rules.Set(uintptr(c.Nr), must)
	}
	return &seccomp.Program{RuleSets: sets, Options: seccomp.ProgramOptions{
		DefaultAction: def, BadArchAction: seccomp.KillProcess, HotSyscalls: hot,
	}}, nil
}

func gvisorAction(a rule.Action) (seccomp.Action, error) {
	switch {
	case a == rule.Allow:
		return seccomp.Allow, nil
	case a == rule.KillProcess:
		return seccomp.KillProcess, nil
	case a.Kind() == rule.Errno:
		return seccomp.ReturnError.Code(uint16(a.Data())), nil
	}
	return "", fmt.Errorf("no counterpart of action %v here", a)
}

// gvisorRules is a condition in two: one rule that must match, and one, if not
// nil, that must not.
func (p *policy) gvisorRules(when rule.Expr) (must, mustNot seccomp.SyscallRule, err error) {
	if when == nil {
		return seccomp.MatchAll{}, nil, nil
	}
	list := alternatives(when, false)
	var or, not seccomp.Or
	for _, terms := range list {
		var and seccomp.And
		for _, t := range terms {
			m, err := p.gvisorMatcher(t.Cmp)
			switch {
			case err != nil:
				return nil, nil, err
			case t.not:
				not = append(not, join(nil, t.Arg, m)...)
			default:
				and = join(and, t.Arg, m)
			}
		}
		if len(and) == 0 {
			and = seccomp.And{seccomp.MatchAll{}}
		}
		or = append(or, and)
	}
	switch {
	case not == nil:
		return or, nil, nil
	case len(list) > 1:
		return nil, nil, errors.New("an alternative to what an argument must not be")
	}
	return or, not, nil
}

// join adds the test of an argument, to the last rule if that does not test
// the argument yet.
func join(and seccomp.And, arg int, m seccomp.ValueMatcher) seccomp.And {
	if n := len(and) - 1; n >= 0 {
		if last := and[n].(seccomp.PerArg); last[arg] == nil {
			last[arg] = m
			and[n] = last
			return and
		}
	}
	var one seccomp.PerArg
	one[arg] = m
	return append(and, one)
}

// gvisorMatcher is a comparison.
func (p *policy) gvisorMatcher(c *rule.Cmp) (seccomp.ValueMatcher, error) {
	if c.Op != rule.Eq {
		return nil, errors.New("a comparison in order")
	}
	mask := c.Mask & (1<<c.Width - 1)
	if mask == 1<<64-1 {
		return seccomp.EqualTo(p.value(c)), nil
	}
	return seccomp.MaskedEqual(uintptr(mask), uintptr(p.value(c))), nil
}
