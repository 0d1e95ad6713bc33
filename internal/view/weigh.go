package view

import (
	"fmt"
	"slices"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/profile"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/vm"
)

// Weights say how much of the calls comes by: each instruction and each way on,
// as a part of all calls, from 0 to 1.
type Weights struct {
	At      []float64 // of each instruction
	Yes, No []float64 // of its ways on; of what does not branch, Yes
	Calls   int64     // that were weighed
}

// Weigh weighs a program by the calls of a profile. Without one all rules of
// the policy are equally likely, or for a program from elsewhere all calls that
// it may allow. Calls that kernels answer without running the program (see
// Cached) are left out, unless cached is true or there are no others.
//
// Calls with all arguments go their way. Those without are spread evenly over
// the ways on which the number is allowed.
func (p *Program) Weigh(seen *profile.Profile, cached bool) (*Weights, error) {
	w := &Weights{At: make([]float64, len(p.code)), Yes: make([]float64, len(p.code)), No: make([]float64, len(p.code))}
	calls, params, err := p.calls(seen)
	if err != nil {
		return nil, err
	}
	if run := slices.DeleteFunc(slices.Clone(calls), p.cached); !cached && len(run) > 0 {
		calls = run
	}
	for _, c := range calls {
		w.Calls += c.Count
	}
	for _, c := range calls {
		part := float64(c.Count) / float64(w.Calls)
		if len(c.Args) != 6 || !w.exact(p, c, params, part) {
			w.spread(p, c.Name, part)
		}
	}
	return w, nil
}

// calls are those to weigh by, and the parameters' values then.
func (p *Program) calls(seen *profile.Profile) ([]profile.Call, map[int]uint64, error) {
	var calls []profile.Call
	params := map[int]uint64{}
	switch {
	case seen != nil:
		for _, c := range seen.Calls {
			if _, ok := p.Arch.Number(c.Name); ok && c.Count > 0 {
				calls = append(calls, c)
			}
		}
		for i, param := range p.Params {
			if v, ok := seen.Params[param.Name]; ok {
				params[i] = uint64(v)
			}
		}
		if len(calls) == 0 {
			return nil, nil, fmt.Errorf("the profile has no call of %v", p.Arch)
		}
	case p.Policy != nil:
		for _, c := range p.Policy.Calls {
			calls = append(calls, profile.Call{Name: c.Name, Count: 1})
		}
	default:
		for name, nr := range p.Arch.Syscalls() {
			if p.mayAllow(nr) {
				calls = append(calls, profile.Call{Name: name, Count: 1})
			}
		}
	}
	return calls, params, nil
}

func (p *Program) cached(c profile.Call) bool {
	nr, ok := p.Arch.Number(c.Name)
	return ok && p.Cached(nr)
}

// mayAllow reports whether a call of that number can be allowed.
func (p *Program) mayAllow(nr uint32) bool {
	for pc, w := range p.flow(nr) {
		if w.reached && p.allows(pc) {
			return true
		}
	}
	return false
}

func (p *Program) allows(pc int) bool {
	return p.code[pc].Code == bpf.RetK && rule.Action(p.code[pc].K).Kind() == rule.Allow
}

// exact adds the way of a call whose arguments are known. It reports whether
// that says it all.
func (w *Weights) exact(p *Program, c profile.Call, params map[int]uint64, part float64) bool {
	call, err := vm.CallOf(p.Arch, c.Name, c.Args...)
	if err != nil {
		return false
	}
	t, err := p.Trace(call, params)
	if err != nil { // it needs a parameter the profile does not tell
		return false
	}
	for i, s := range t.Steps {
		w.At[s.PC] += part
		if i+1 == len(t.Steps) {
			break
		}
		if yes, _ := p.Next(s.PC); t.Steps[i+1].PC == yes {
			w.Yes[s.PC] += part
		} else {
			w.No[s.PC] += part
		}
	}
	return true
}

// spread shares a part among the ways of a number that end in allow, or among
// all if none does.
func (w *Weights) spread(p *Program, call string, part float64) {
	nr, _ := p.Arch.Number(call)
	ways := p.flow(nr)
	count := p.count(ways, p.allows)
	if count[0] == 0 {
		count = p.count(ways, func(int) bool { return true })
	}
	here := make([]float64, len(ways))
	here[0] = part
	for pc, to := range ways {
		if here[pc] == 0 {
			continue
		}
		w.At[pc] += here[pc]
		if to.yes < 0 {
			continue
		}
		yes := here[pc]
		if to.yes != to.no {
			yes *= count[to.yes] / count[pc]
		}
		no := here[pc] - yes
		here[to.yes] += yes
		here[to.no] += no
		if first, _ := p.Next(pc); to.yes == to.no && to.yes != first { // decided: no
			yes, no = no, yes
		}
		w.Yes[pc] += yes
		w.No[pc] += no
	}
}

// count is how many ways lead from each instruction to a return that ends
// accepts.
func (p *Program) count(ways []way, ends func(pc int) bool) []float64 {
	n := make([]float64, len(ways))
	for pc := len(ways) - 1; pc >= 0; pc-- {
		switch to := ways[pc]; {
		case !to.reached:
		case to.yes < 0 && ends(pc):
			n[pc] = 1
		case to.yes >= 0 && to.yes == to.no:
			n[pc] = n[to.yes]
		case to.yes >= 0:
			n[pc] = min(n[to.yes]+n[to.no], 1e300) // stay away from infinity
		}
	}
	return n
}
