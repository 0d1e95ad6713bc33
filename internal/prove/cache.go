package prove

import (
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// Emulated runs a program for one call the way the kernel does at install to
// fill its cache of calls that are always allowed: knowing only architecture
// and number, with the few opcodes it has there (seccomp_is_const_allow,
// kernel/seccomp.c, since Linux 5.11). It reports whether the kernel will
// answer the call without running the program, and how many instructions it
// looked at, the one it gave up at included.
func Emulated(prog []Insn, arch, nr uint32) (allowed bool, steps int) {
	var a uint32
	for pc := 0; pc < len(prog); pc++ {
		in := prog[pc]
		steps++
		if in.Slot != nil {
			return false, steps // depends on a parameter: no constant of the kernel's
		}
		taken := false
		switch in.Code {
		case bpf.LdAbs:
			switch in.K {
			case bpf.OffNr:
				a = nr
			case bpf.OffArch:
				a = arch
			default:
				return false, steps
			}
			continue
		case bpf.And:
			a &= in.K
			continue
		case bpf.Ja:
			pc += int(in.K)
			continue
		case bpf.RetK:
			return rule.Action(in.K) == rule.Allow, steps
		case bpf.Jeq:
			taken = a == in.K
		case bpf.Jgt:
			taken = a > in.K
		case bpf.Jge:
			taken = a >= in.K
		case bpf.Jset:
			taken = a&in.K != 0
		default:
			return false, steps
		}
		if taken {
			pc += int(in.Jt)
		} else {
			pc += int(in.Jf)
		}
	}
	return false, steps
}

// Concrete is a program without parameters in the form this package takes.
func Concrete(prog []bpf.Insn) []Insn {
	out := make([]Insn, len(prog))
	for pc, in := range prog {
		out[pc].Insn = in
	}
	return out
}

// A Table is a range of call numbers the kernel emulates at install: from 0
// up to, and without, Count, of one architecture.
type Table struct {
	Audit uint32
	Count uint32
}

// Install is what installing a program costs and gains: the steps emulated
// over the tables, and the numbers of the first that are answered from the
// cache.
func Install(prog []Insn, tables []Table) (steps int, cached []uint32) {
	for i, t := range tables {
		for nr := range t.Count {
			ok, n := Emulated(prog, t.Audit, nr)
			steps += n
			if ok && i == 0 {
				cached = append(cached, nr)
			}
		}
	}
	return steps, cached
}

// Uncached lists the calls a policy allows whatever their arguments that the
// kernel would nevertheless run the program for.
func Uncached(prog []Insn, p *rule.Policy) []string {
	var names []string
	for _, c := range p.Calls {
		always := false
		for _, k := range c.Cases {
			if k.When == nil {
				always = k.Action == rule.Allow
			}
			if k.When == nil || k.Action != rule.Allow {
				break
			}
		}
		if ok, _ := Emulated(prog, p.Target.Audit, c.Nr); always && !ok {
			names = append(names, c.Name)
		}
	}
	return names
}
