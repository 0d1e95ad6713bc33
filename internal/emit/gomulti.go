package emit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
)

// auditIdent is the constant in x/sys/unix for an audit value of t.
func auditIdent(t gen.Target, audit uint32) string {
	for _, a := range archsOf(t) {
		if a.Audit() == audit {
			return "unix." + cmp.Or(auditConst[a], auditOther[a])
		}
	}
	return number(uint64(audit))
}

// auditOther is auditConst for architectures that Go does not build for.
var auditOther = map[arch.Arch]string{
	arch.X32: "AUDIT_ARCH_X86_64", arch.M68K: "AUDIT_ARCH_M68K", arch.PPC: "AUDIT_ARCH_PPC", arch.S390: "AUDIT_ARCH_S390",
	arch.PARISC: "AUDIT_ARCH_PARISC", arch.PARISC64: "AUDIT_ARCH_PARISC64",
	arch.MIPS64N32: "AUDIT_ARCH_MIPS64N32", arch.MIPSel64N32: "AUDIT_ARCH_MIPSEL64N32",
	arch.SHEB: "AUDIT_ARCH_SH", arch.SH: "AUDIT_ARCH_SHEL",
}

// partAt says what an instruction of a program for several architectures
// belongs to.
func (w *goWriter) partAt(pc int, in compile.Insn) string {
	archs := w.archsAt(pc)
	switch {
	case pc == 0:
		return "Each architecture has rules of its own. Calls of any other are killed."
	case pc == len(w.Program.Insns)-1:
		return "Calls of any other architecture."
	case len(archs) > 1:
		return fmt.Sprintf("Calls of %s.", list(archs, "and"))
	case w.Program.Layout == compile.Optimized:
		return fmt.Sprintf("Calls of %s: tests in the order that costs least; rules share their ends.", archs[0])
	case in.Call >= 0:
		c := w.Calls[in.Call]
		return fmt.Sprintf("%s on %s: %s (%s)", c.Name, archs[0], prose{w.Policy, w.param}.rule(c), w.sources(c))
	case in.Ref.Kind == compile.Verdict:
		return fmt.Sprintf("The verdicts on calls of %s.", archs[0])
	}
	return fmt.Sprintf("Calls of %s.", archs[0])
}

// archsAt are the architectures whose calls come to an instruction: one, or the
// several that share an audit value before they are told apart.
func (w *goWriter) archsAt(pc int) (names []string) {
	for i, in := range w.Program.Insns[:pc+1] {
		if in.Ref.Kind == compile.Arch {
			names = auditNames(w.Target, in.K)
		}
		if n := slices.Index(w.Program.Starts, i); n >= 0 {
			names = gen.NamesOf(w.Multi.Archs[n : n+1])
		}
	}
	return names
}

// A shared rule is one that several architectures have.
type sharedRule struct {
	call, condition string
	archs           []arch.Arch
}

// sharedRules are the rules in words, in the order of the text.
func (w *goWriter) sharedRules() []sharedRule {
	var rules []sharedRule
	index := map[[2]string]int{}
	for i, c := range w.Calls {
		key := [2]string{c.Name, prose{w.Policy, w.param}.rule(c)}
		n, ok := index[key]
		if !ok {
			n = len(rules)
			index[key] = n
			rules = append(rules, sharedRule{call: c.Name, condition: key[1]})
		}
		rules[n].archs = append(rules[n].archs, w.Multi.Archs[partOf(w.Target, i)])
	}
	return rules
}

// on says which of the architectures a rule is for, if not for all.
func (w *goWriter) on(archs []arch.Arch) string {
	if len(archs) == len(w.Multi.Archs) {
		return ""
	}
	return " on " + list(gen.NamesOf(archs), "and")
}

// rulesForAll writes the rules of all architectures in words, and what becomes of
// the calls without one.
func (w *goWriter) rulesForAll() {
	for _, r := range w.sharedRules() {
		w.item("%s%s, %s", r.call, w.on(r.archs), r.condition)
	}
	w.comments("")
	kill := true
	for _, p := range w.Multi.Parts {
		kill = kill && p.Policy.Default == rule.KillProcess
	}
	if kill {
		w.comments("Any other call kills the process, and so does any call of another architecture.")
	} else {
		w.perArch("Any other call%s %s.", func(p *rule.Policy) (string, bool) { return verb(p.Default), true })
		w.comments("A call of another architecture kills the process.")
	}
	w.perArch("Calls%s above number %s.", func(p *rule.Policy) (string, bool) {
		if p.Newer == nil {
			return "", false
		}
		return fmt.Sprintf("%s, newer than the tables, get %v", number(uint64(p.Newer.Last)), p.Newer.Action), true
	})
}

// perArch writes a sentence for the architectures of which the same is true.
func (w *goWriter) perArch(format string, say func(*rule.Policy) (string, bool)) {
	var words []string
	archs := map[string][]arch.Arch{}
	for i, p := range w.Multi.Parts {
		if s, ok := say(p.Policy); ok {
			if archs[s] == nil {
				words = append(words, s)
			}
			archs[s] = append(archs[s], w.Multi.Archs[i])
		}
	}
	for _, s := range words {
		w.comments("%s", strings.TrimSpace(fmt.Sprintf(format, w.on(archs[s]), s)))
	}
}
