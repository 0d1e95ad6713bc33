// Package decompile recovers what a seccomp program means from its
// instructions: for each architecture and call number the verdict, and the
// condition on the arguments as a formula.
//
// It knows nothing of policies, nor of how the compiler arranges programs, and
// shares no code with it: it must do as well on programs of others. What it
// recovers is given out only if package prove finds the program equal to it
// for every call, so a fault here is an answer missing and never a wrong one.
//
// The steps: the values of architecture and number are divided into classes
// the program cannot tell apart (class.go). For one of each class the program
// is followed, which leaves decisions on arguments alone (follow.go). They
// become a diagram that is the same however the program asks (diagram.go), and
// that a formula (formula.go, set.go). Last, the numbers are gathered into a
// policy (numbers.go).
package decompile

import (
	"fmt"
	"slices"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
)

// A Meaning is what a program means.
type Meaning struct {
	Multi *rule.Multi
	// Blind means that calls of architectures the program does not name are
	// judged by number, as Multi has it for the last of its parts. Then
	// Multi.Foreign is of no significance.
	Blind bool
	Stats prove.Stats // of the proof that the program is equal to Multi
}

// Decompile recovers what prog means. assumed is the architecture by which the
// numbers of a program that does not test the architecture are to be read. The
// error is a *bpf.Error if the kernel would not take prog, or a
// *prove.Undecided.
func Decompile(prog []bpf.Insn, assumed arch.Arch) (m *Meaning, err error) {
	if err := bpf.Check(prog); err != nil {
		return nil, err
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *prove.Undecided:
			m, err = nil, r
		default:
			panic(r)
		}
	}()
	d := &decompiler{prog: prog, diagrams: newDiagrams()}
	m = d.meaning(assumed)
	if m.Stats, err = d.prove(m); err != nil {
		return nil, err
	}
	return m, nil
}

// undecided leaves Decompile without an answer.
func undecided(format string, args ...any) {
	panic(&prove.Undecided{Reason: fmt.Sprintf(format, args...)})
}

type decompiler struct {
	prog []bpf.Insn
	big  bool // byte order
	*diagrams
}

// A span is neighbouring numbers that get the same verdicts.
type span struct {
	low, high uint32
	node      *node
}

func (d *decompiler) meaning(assumed arch.Arch) *Meaning {
	tests := d.tests()
	classes := intervals(tests[bpf.OffArch])
	d.big = byteOrder(classes, assumed)
	numbers := intervals(tests[bpf.OffNr])

	var others []span // by number, of the architectures that are not told apart
	for _, c := range classes {
		if c.low == c.high {
			continue
		}
		s := d.spans(c.low, numbers)
		if others != nil && !slices.Equal(s, others) {
			undecided("it tells architectures apart by ranges of their values")
		}
		others = s
	}
	m := &Meaning{Multi: &rule.Multi{Foreign: rule.KillProcess}}
	if len(others) == 1 && others[0].node.isLeaf() {
		m.Multi.Foreign = others[0].node.leaf
	} else {
		m.Blind = true
	}
	for _, c := range classes {
		if c.low != c.high {
			continue
		}
		if s := d.spans(c.low, numbers); !slices.Equal(s, others) {
			m.Multi.Parts = append(m.Multi.Parts, d.parts(c.low, s, m)...)
		}
	}
	if m.Blind {
		m.Multi.Parts = append(m.Multi.Parts, d.parts(standIn(classes, assumed, d.big), others, m)...)
	}
	return m
}

// known is the architecture with an audit value, of x86_64 and x32 the former.
func known(audit uint32) (arch.Arch, bool) {
	if a := arch.Arch(audit); a.Valid() && a != arch.X32 {
		return a, true
	}
	return 0, false
}

// byteOrder is that of the architectures a program names.
func byteOrder(classes []interval, assumed arch.Arch) (big bool) {
	big = assumed.BigEndian()
	found := false
	for _, c := range classes {
		a, ok := known(c.low)
		if c.low != c.high || !ok {
			continue
		}
		if found && a.BigEndian() != big {
			undecided("it is for architectures of different byte order")
		}
		big, found = a.BigEndian(), true
	}
	return big
}

// standIn is the audit value of an architecture that a program does not name:
// that assumed, if possible.
func standIn(classes []interval, assumed arch.Arch, big bool) uint32 {
	for _, a := range append([]arch.Arch{assumed}, arch.All()...) {
		named := slices.ContainsFunc(classes, func(c interval) bool { return c.low == c.high && c.low == a.Audit() })
		if a != 0 && !named && a.BigEndian() == big {
			return a.Audit()
		}
	}
	undecided("it does not test the architecture, and names all there are")
	return 0
}

// spans are the verdicts by number, of calls of one architecture.
func (d *decompiler) spans(audit uint32, numbers []interval) []span {
	var out []span
	for _, c := range numbers {
		n := d.follow(audit, c.low)
		if last := len(out) - 1; last >= 0 && out[last].node == n {
			out[last].high = c.high
			continue
		}
		out = append(out, span{c.low, c.high, n})
	}
	return out
}

// prove holds the program against what has been recovered. Of a blind program
// it proves what the program does with calls of the architectures that m has
// parts for; others are of one class with the last.
func (d *decompiler) prove(m *Meaning) (prove.Stats, error) {
	prog := d.prog
	if m.Blind {
		m.Multi.Foreign = rule.KillProcess
		prog = guarded(d.prog, m.Multi)
	}
	stats, err := prove.EqualMulti(&prove.Program{Insns: prove.Concrete(prog)}, m.Multi, d.big)
	if wrong, ok := err.(*prove.Counterexample); ok {
		err = &prove.Undecided{Reason: fmt.Sprintf("what was recovered is not what the program does: %v", wrong)}
	}
	return stats, err
}

// guarded is prog behind instructions that kill the calls m has no part for.
func guarded(prog []bpf.Insn, m *rule.Multi) []bpf.Insn {
	guard := []bpf.Insn{{Code: bpf.LdAbs, K: bpf.OffArch}}
	for _, p := range m.Parts {
		// Equal: on to the ja that leads past the other tests.
		guard = append(guard, bpf.Insn{Code: bpf.Jeq, Jf: 1, K: p.Policy.Target.Audit}, bpf.Insn{Code: bpf.Ja})
	}
	guard = append(guard, bpf.Insn{Code: bpf.RetK, K: uint32(rule.KillProcess)})
	for pc := range guard {
		if guard[pc].Code == bpf.Ja {
			guard[pc].K = uint32(len(guard) - pc - 1)
		}
	}
	// The program begins with A zero, as any does.
	guard = append(guard, bpf.Insn{Code: bpf.And})
	return append(guard, prog...)
}
