//go:build linux && amd64 && libseccomp && cgo

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"github.com/seccomp/libseccomp-golang"
	"github.com/tileseal/tileseal/arch"
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
	if err := errors.Join(scmpArch(f, p.arch), f.SetBadArchAction(seccomp.ActKillProcess), f.SetOptimize(level)); err != nil {
		return nil, err
	}
	for _, c := range p.Calls {
		for _, k := range c.Cases {
			if err := p.addScmp(f, c, k); err != nil {
				return nil, fmt.Errorf("%s: %w", c.Name, err)
			}
		}
	}
	return exportScmp(f, p.arch)
}

// scmpArch makes a filter one for an architecture. The machine's own goes first,
// since no filter may be of two byte orders.
func scmpArch(f *seccomp.ScmpFilter, a arch.Arch) error {
	if a == arch.X86_64 {
		return nil
	}
	want, err := seccomp.GetArchFromString(a.String())
	if err != nil {
		return err
	}
	return errors.Join(f.RemoveArch(seccomp.ArchNative), f.AddArch(want))
}

// scmpNumber is what libseccomp calls a system call: by the number on this
// machine, or one it made up for a call that this machine does not have.
// libseccomp finds the other architecture's number by the name.
func (p *policy) scmpNumber(c rule.Call) (seccomp.ScmpSyscall, error) {
	if p.arch == arch.X86_64 {
		return seccomp.ScmpSyscall(c.Nr), nil
	}
	return seccomp.GetSyscallFromName(c.Name)
}

// scmpKnows is the policy without the calls that this libseccomp has no name for,
// and those.
func (p *policy) scmpKnows() (known *policy, missing []string) {
	rules := *p.Policy
	rules.Calls = nil
	for _, c := range p.Calls {
		if _, err := p.scmpNumber(c); err != nil {
			missing = append(missing, c.Name)
			continue
		}
		rules.Calls = append(rules.Calls, c)
	}
	part := *p
	part.Policy = &rules
	return &part, missing
}

// addScmp adds the rules of one case, one for each alternative of its
// condition.
func (p *policy) addScmp(f *seccomp.ScmpFilter, c rule.Call, k rule.Case) error {
	action := scmpAction(k.Action)
	nr, err := p.scmpNumber(c)
	if err != nil {
		return err
	}
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
func exportScmp(f *seccomp.ScmpFilter, a arch.Arch) ([]bpf.Insn, error) {
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
	var order binary.ByteOrder = binary.LittleEndian
	if a.BigEndian() {
		order = binary.BigEndian
	}
	_, err = binary.Decode(raw, order, prog)
	return prog, err
}
