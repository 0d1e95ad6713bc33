package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/kernels/console"
	"github.com/tileseal/tileseal/internal/peers"
)

// A contender is a program whose cost is asked for, or why there is none.
type contender struct {
	policy string // or "" for a filter of no policy
	call   string // that is made
	maker  string
	prog   []bpf.Insn
	why    string // there is no program
	note   string // in what it is not quite the policy
}

// Makers that are no peers.
const (
	unfiltered = "no filter"
	least      = "least filter"
)

// A layout is one of ours, as a maker.
type layout struct {
	maker  string
	layout compile.Layout
}

// ownLayouts are ours: the two linear ones that the others are held against, and
// the one that is meant to be fast.
var ownLayouts = []layout{
	{"layout current", compile.Current},
	{"layout plain", compile.Plain},
	{"layout optimized", compile.Optimized},
}

// policyCalls are the calls made under each policy, by the meter's names: ones
// whose arguments it checks.
var policyCalls = map[string]string{"A": "write", "B": "read", "C": "personality", "D": "madvise"}

// leastFilter allows everything, and costs what no filter is below: it loads an
// argument, since the kernel answers for a program that does not.
var leastFilter = []bpf.Insn{
	{Code: bpf.LdAbs, K: bpf.ArgWord(0, false, false)},
	{Code: bpf.RetK, K: 0x7fff0000},
}

// contenders are the programs for an architecture: of each call without a filter and
// under the least one, of each policy ours and the peers'.
func contenders(root, goarch string) ([]contender, error) {
	a, err := arch.ByGOARCH(goarch)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(root, filepath.FromSlash(peers.Dir))
	made, err := peers.Read(dir, a)
	if err != nil {
		return nil, err
	}
	var list []contender
	for _, name := range peers.Policies {
		call := policyCalls[name]
		list = append(list, contender{name, call, unfiltered, nil, "", ""}, contender{name, call, least, leastFilter, "", ""})
		for _, o := range ownLayouts {
			e := contender{policy: name, call: call, maker: o.maker}
			if err := e.compile(dir, a, o.layout); err != nil {
				return nil, err
			}
			list = append(list, e)
		}
		for _, p := range made {
			if p.Policy != name {
				continue
			}
			e := contender{policy: name, call: call, maker: p.Maker, why: p.Why, note: p.Note}
			if p.Why == "" {
				if e.prog, err = p.Insns(); err != nil {
					return nil, err
				}
			}
			list = append(list, e)
		}
	}
	return list, nil
}

// compile makes our program of the policy, if that can be one for a.
func (e *contender) compile(dir string, a arch.Arch, l compile.Layout) error {
	file := e.policy + gen.Ending
	text, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return err
	}
	_, targets, errs := gen.Read(file, string(text), gen.Tileseal, []arch.Arch{a}, l)
	if err := errs.Err(); err != nil {
		e.why = firstLine(errs[0])
		return nil
	}
	var params []uint64
	for _, p := range targets[0].Policy.Params {
		params = append(params, peers.Params[p.Name])
	}
	e.prog = targets[0].Program.Fill(params)
	return nil
}

// name is what the meter calls a contender.
func (e *contender) name() string {
	return e.policy + "/" + strings.NewReplacer(", ", "-", " ", "-").Replace(e.maker)
}

// orders are what the meter is to do for contenders that have a program, or are to
// have none.
func orders(list []contender) []console.Order {
	var out []console.Order
	for _, e := range list {
		if e.why != "" {
			continue
		}
		o := console.Order{Name: e.name(), Call: e.call}
		for _, in := range e.prog {
			o.Program = append(o.Program, console.Insn(in))
		}
		out = append(out, o)
	}
	return out
}
