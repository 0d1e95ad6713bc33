//go:build linux && amd64

package main

import (
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/rule"
)

// A contender is a way to make a program of a policy.
type contender struct {
	name  string
	prog  []bpf.Insn // with the parameters filled in; nil if there is none
	why   string     // there is none
	ours  *compile.Program
	timed bool // not only counted

	meaning *rule.Policy // what the program is held against, if not the policy
	note    string       // what else is to be known, or ""
}

// contenders are the programs of a policy: ours, then the peers'. The first is
// what the others are compared with.
func contenders(p *policy) []contender {
	list := []contender{
		optimized(p, compile.Unc),
		optimized(p, compile.All),
		optimized(p, compile.Inst),
		layout(p, compile.Optimized, "tileseal optimized, no weights"),
		layout(p, compile.Plain, "tileseal plain"),
		layout(p, compile.Current, "tileseal current"),
	}
	list[0].timed, list[4].timed = true, true
	if p.Target.X32Shares { // for comparison with programs that do not care
		spare := *p
		rules := *p.Policy
		rules.Target.X32Shares = false
		spare.Policy = &rules
		for _, o := range []compile.Objective{compile.Unc, compile.All, compile.Inst} {
			c := optimized(&spare, o)
			c.name += ", x32 not killed"
			list = append(list, c)
		}
	}
	return append(list, peers(p)...)
}

// optimized is layout optimized, with the workload for its weights.
func optimized(p *policy, o compile.Objective) contender {
	c := contender{name: "tileseal optimized, " + o.String()}
	w := compile.Weights{Objective: o, Params: p.params}
	for _, s := range p.work {
		seen := compile.Seen{Nr: s.Nr, Count: s.N}
		if p.given {
			seen.Args = s.Args[:]
		}
		w.Calls = append(w.Calls, seen)
	}
	prog, err := compile.Optimize(p.Policy, w)
	return c.made(p, prog, err)
}

// layout is one of our layouts.
func layout(p *policy, l compile.Layout, name string) contender {
	c := contender{name: name}
	t, err := p.compile(l)
	if err != nil {
		c.why = "the layout cannot hold this policy"
		return c
	}
	return c.made(p, t.Program, nil)
}

func (c contender) made(p *policy, prog *compile.Program, err error) contender {
	if err != nil {
		c.why = err.Error()
		return c
	}
	c.ours, c.prog, c.meaning = prog, prog.Fill(p.params), prog.Policy
	return c
}

// A builder makes a program while the tile is starting, the peers' way.
type builder struct {
	name  string
	build func() ([]bpf.Insn, error)
	why   string // there is none

	repeats bool         // its program is another builder's, and not measured in the kernel again
	meaning *rule.Policy // what the program is held against, if not the policy
	note    string       // what else is to be known, or ""
}

// peers are the peers' programs.
func peers(p *policy) []contender {
	var list []contender
	for _, b := range builders(p) {
		c := contender{name: b.name, why: b.why, timed: !b.repeats, meaning: b.meaning, note: b.note}
		if b.build != nil {
			prog, err := b.build()
			if c.prog = prog; err != nil {
				c.prog, c.why = nil, err.Error()
			}
		}
		list = append(list, c)
	}
	return list
}

// builders are the peers that build at run time.
func builders(p *policy) []builder {
	return append(libseccomp(p), gvisor(p)...)
}
