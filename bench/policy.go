//go:build linux && amd64

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	peerfiles "github.com/tileseal/tileseal/internal/peers"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/vm"
)

// A policy is what the contenders make programs of.
type policy struct {
	*rule.Policy
	arch   arch.Arch
	name   string
	file   string
	text   string
	params []uint64
	work   []sample
	given  bool // work was measured or assumed, not made up here
}

// A sample is a call of a workload and how often it was made.
type sample struct {
	Nr   uint32
	Args [6]uint64
	N    int64
}

func (s sample) data() rule.Data {
	return rule.Data{Nr: s.Nr, Arch: arch.X86_64.Audit(), Args: s.Args}
}

// readPolicy reads a policy for x86_64, with its workload.
func readPolicy(name, texts, workloads string) (*policy, error) {
	p, err := readPolicyOn(arch.X86_64, name, texts)
	if err != nil {
		return nil, err
	}
	return p, p.readWork(filepath.Join(workloads, "workload-"+name+".json"))
}

// readPolicyOn reads a policy for an architecture.
func readPolicyOn(a arch.Arch, name, texts string) (*policy, error) {
	p := &policy{arch: a, name: name, file: filepath.Join(texts, name+gen.Ending)}
	text, err := os.ReadFile(p.file)
	if err != nil {
		return nil, fmt.Errorf("%w; run bench in its own directory, or name that of the policies with -texts", err)
	}
	p.text = string(text)
	target, err := p.compile(compile.Plain)
	if err != nil {
		return nil, err
	}
	p.Policy = target.Policy
	for _, q := range p.Params {
		v, ok := peerfiles.Params[q.Name]
		if !ok {
			return nil, fmt.Errorf("policy %s: parameter %s has no value to measure it with", name, q.Name)
		}
		p.params = append(p.params, v)
	}
	return p, nil
}

// readWork reads the workload, or makes one of every call of the policy.
func (p *policy) readWork(file string) error {
	text, err := os.ReadFile(file)
	switch {
	case err == nil:
		p.given = true
		if err := json.Unmarshal(text, &p.work); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	case errors.Is(err, fs.ErrNotExist): // as on a machine that only has the repository
		for _, c := range p.Calls {
			p.work = append(p.work, sample{Nr: c.Nr, N: 1})
		}
	default:
		return err
	}
	return nil
}

// compile reads the text anew and compiles it.
func (p *policy) compile(l compile.Layout) (gen.Target, error) {
	_, targets, errs := gen.Read(p.file, p.text, gen.Tileseal, []arch.Arch{p.arch}, l)
	if err := errs.Err(); err != nil {
		return gen.Target{}, err
	}
	return targets[0], nil
}

// sequence is n calls of the workload, drawn by weight, the same every time.
func (p *policy) sequence(n int) []rule.Data {
	total := 0.0
	for _, s := range p.work {
		total += float64(s.N)
	}
	r := rand.New(rand.NewPCG(1, 2))
	list := make([]rule.Data, n)
	for i := range list {
		x := r.Float64() * total
		for _, s := range p.work {
			if x -= float64(s.N); x < 0 || s == p.work[len(p.work)-1] {
				list[i] = s.data()
				break
			}
		}
	}
	return list
}

// differences names a call on which a program differs from the policy: of the
// workload, of every number with arguments 0, and of the values its rules
// compare with, alone and beneath a high half that a comparison of 32 bits
// does not see. It is "" if there is none: an estimate, not a proof.
func (p *policy) differences(c contender) string {
	m, err := vm.New(c.prog, p.arch)
	if err != nil {
		return err.Error()
	}
	meaning := p.Policy
	if c.meaning != nil {
		meaning = c.meaning
	}
	for _, d := range p.trials() {
		if got, want := rule.Action(m.Run(vm.Call(d))), meaning.Eval(d, p.params); got != want {
			return fmt.Sprintf("means something else: %v: %v, want %v", vm.Call(d), got, want)
		}
	}
	return ""
}

// trials are the calls that differences tries.
func (p *policy) trials() []rule.Data {
	var list []rule.Data
	for _, s := range p.work {
		list = append(list, s.data())
	}
	for nr := range uint32(512) {
		list = append(list, sample{Nr: nr}.data())
	}
	for _, nr := range []uint32{1 << 30, 1<<30 + 1, 1 << 31, 1<<32 - 2, 1<<32 - 1} {
		list = append(list, sample{Nr: nr}.data())
	}
	foreign := sample{Nr: 1}.data()
	foreign.Arch = arch.X86.Audit()
	list = append(list, foreign)
	for _, c := range p.Calls {
		base := sample{Nr: c.Nr}.data()
		for _, k := range c.Cases {
			rule.Walk(k.When, func(x *rule.Cmp) {
				v := x.X.Value
				if x.X.Param >= 0 {
					v = p.params[x.X.Param]
				}
				for _, v := range []uint64{v, v + 1, v - 1, v | 1<<32, 1<<64 - 1} {
					d := base
					d.Args[x.Arg] = v
					list = append(list, d)
				}
			})
		}
	}
	for i := range list {
		if list[i].Arch == arch.X86_64.Audit() {
			list[i].Arch = p.arch.Audit()
		}
	}
	return list
}
