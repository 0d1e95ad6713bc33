//go:build linux

package main

import (
	"fmt"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
)

// A filter is a policy made of levels and the stress program's own calls, in
// parts that can be taken out.
type filter struct {
	policy *rule.Policy
	parts  [][]atom // to each call of the policy, the atom of each of its cases
}

// newFilter includes levels. harness are further lines of policy, for what the
// stress program does besides. With narrow, exit_group is what these say and not
// what core says, which is any status.
func newFilter(a arch.Arch, levels []string, harness []string, narrow bool) (*filter, error) {
	text := "noarg\n"
	for _, l := range levels {
		text += "include go/" + l + "\n"
	}
	text += strings.Join(harness, "\n") + "\n"
	file, errs := gen.Parse("measure", text, gen.Tileseal)
	if err := errs.Err(); err != nil {
		return nil, err
	}
	resolved, errs := gen.Resolve(file, a, compile.Plain)
	if err := errs.Err(); err != nil {
		return nil, err
	}
	f := &filter{policy: resolved.Policy}
	for i := range f.policy.Calls {
		if err := f.split(&f.policy.Calls[i], narrow); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// split makes each atom of a call a case of its own.
func (f *filter) split(c *rule.Call, narrow bool) error {
	var cases []rule.Case
	var parts []atom
	for _, k := range c.Cases {
		if narrow && c.Name == "exit_group" && k.When == nil {
			continue
		}
		if k.Action != rule.Allow {
			cases, parts = append(cases, k), append(parts, refusal(c.Name, k.Action))
			continue
		}
		ways, err := conditions(k.When)
		if err != nil {
			return fmt.Errorf("%s:%d: %w", k.Src.File, k.Src.Line, err)
		}
		for _, w := range ways {
			for _, one := range w.single() {
				cases = append(cases, rule.Case{When: one.expr(), Action: k.Action, Src: k.Src})
				parts = append(parts, atomOf(c.Name, one, f.policy.Params))
			}
		}
	}
	c.Cases = cases
	f.parts = append(f.parts, parts)
	return nil
}

// without is f less one atom, whichever of its levels hold that. An empty atom
// takes nothing out.
func (f *filter) without(out atom) *filter {
	p := *f.policy
	p.Calls = nil
	g := &filter{policy: &p}
	for i, c := range f.policy.Calls {
		var cases []rule.Case
		var parts []atom
		for j, k := range c.Cases {
			if out == "" || f.parts[i][j] != out {
				cases, parts = append(cases, k), append(parts, f.parts[i][j])
			}
		}
		if len(cases) > 0 {
			c.Cases = cases
			p.Calls, g.parts = append(p.Calls, c), append(g.parts, parts)
		}
	}
	return g
}

// program compiles f. numbers are the values of its parameters by name; what no
// case allows gets the action other.
func (f *filter) program(numbers map[string]int, other rule.Action) ([]bpf.Insn, error) {
	p := *f.policy
	p.Default = other
	compiled, err := compile.Compile(&p, compile.Plain)
	if err != nil {
		return nil, err
	}
	var values []uint64
	for _, param := range p.Params {
		v, ok := numbers[param.Name]
		if !ok {
			return nil, fmt.Errorf("the stress program does not know %s", param.Name)
		}
		values = append(values, uint64(v))
	}
	return compiled.Fill(values), nil
}
