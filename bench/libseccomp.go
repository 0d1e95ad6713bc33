//go:build linux && amd64 && libseccomp && cgo

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"github.com/seccomp/libseccomp-golang"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

func libseccompVersion() string {
	major, minor, micro := seccomp.GetLibraryVersion()
	return fmt.Sprintf("libseccomp %d.%d.%d by libseccomp-golang", major, minor, micro)
}

// libseccomp builds filters at libseccomp's two levels of optimization: 1, its
// default, a list of calls; 2, a binary tree of them.
func libseccomp(p *policy) []builder {
	var list []builder
	for level := 1; level <= 2; level++ {
		list = append(list, builder{
			name:  fmt.Sprintf("libseccomp-golang, level %d", level),
			build: func() ([]bpf.Insn, error) { return buildLibseccomp(p, level) },
		})
	}
	return list
}

func buildLibseccomp(p *policy, level int) ([]bpf.Insn, error) {
	f, err := seccomp.NewFilter(scmpAction(p.Default))
	if err != nil {
		return nil, err
	}
	defer f.Release()
	if err := errors.Join(f.SetBadArchAction(seccomp.ActKillProcess), f.SetOptimize(level)); err != nil {
		return nil, err
	}
	for _, c := range p.Calls {
		for _, k := range c.Cases {
			if err := p.addScmp(f, c, k); err != nil {
				return nil, fmt.Errorf("%s: %w", c.Name, err)
			}
		}
	}
	return exportScmp(f)
}

// addScmp adds the rules of one case, one for each alternative of its
// condition.
func (p *policy) addScmp(f *seccomp.ScmpFilter, c rule.Call, k rule.Case) error {
	nr, action := seccomp.ScmpSyscall(c.Nr), scmpAction(k.Action)
	if k.When == nil {
		return f.AddRuleExact(nr, action)
	}
	for _, terms := range splitSets(p, alternatives(k.When, false)) {
		var conds []seccomp.ScmpCondition
		for _, t := range terms {
			cond, err := p.scmpCondition(t)
			if err != nil {
				return err
			}
			conds = append(conds, cond)
		}
		if err := f.AddRuleConditionalExact(nr, action, conds); err != nil {
			return err
		}
	}
	return nil
}

// scmpOps are the comparisons of libseccomp, and their opposites.
var scmpOps = map[rule.Op][2]seccomp.ScmpCompareOp{
	rule.Eq: {seccomp.CompareEqual, seccomp.CompareNotEqual},
	rule.Lt: {seccomp.CompareLess, seccomp.CompareGreaterEqual},
	rule.Le: {seccomp.CompareLessOrEqual, seccomp.CompareGreater},
	rule.Gt: {seccomp.CompareGreater, seccomp.CompareLessOrEqual},
	rule.Ge: {seccomp.CompareGreaterEqual, seccomp.CompareLess},
}

// scmpCondition compares the low 32 bits where the policy does, if only for
// equality: libseccomp compares all 64 otherwise.
func (p *policy) scmpCondition(t term) (seccomp.ScmpCondition, error) {
	v := p.value(t.Cmp)
	all := uint64(1)<<t.Width - 1
	if t.Mask&all == all && (t.Width == 64 || t.Op != rule.Eq || t.not) {
		op := scmpOps[t.Op][0]
		if t.not {
			op = scmpOps[t.Op][1]
		}
		return seccomp.MakeCondition(uint(t.Arg), op, v)
	}
	if t.Op != rule.Eq || t.not {
		return seccomp.ScmpCondition{}, errors.New("a masked comparison other than for equality")
	}
	return seccomp.MakeCondition(uint(t.Arg), seccomp.CompareMaskedEqual, t.Mask&all, v)
}

func scmpAction(a rule.Action) seccomp.ScmpAction {
	switch a.Kind() {
	case rule.Allow:
		return seccomp.ActAllow
	case rule.Errno:
		return seccomp.ActErrno.SetReturnCode(int16(a.Data()))
	}
	return seccomp.ActKillProcess
}

// exportScmp is the program of a filter, which libseccomp writes to a file.
func exportScmp(f *seccomp.ScmpFilter) ([]bpf.Insn, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	defer w.Close()
	if err := f.ExportBPF(w); err != nil { // a program of 4096 instructions fits a pipe
		return nil, err
	}
	raw := make([]byte, bpf.MaxInsns*binary.Size(bpf.Insn{}))
	n, err := r.Read(raw)
	if err != nil {
		return nil, err
	}
	prog := make([]bpf.Insn, n/binary.Size(bpf.Insn{}))
	_, err = binary.Decode(raw, binary.NativeEndian, prog)
	return prog, err
}
