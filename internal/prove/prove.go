// Package prove decides, for every input and every value of the parameters,
// whether a program does what a policy means: not by trying inputs but by
// following all paths of the program and of the policy with what is known of
// the input on each. Where the two verdicts differ it looks for an input that
// takes both paths; that input is the counterexample.
//
// It shares nothing with the compiler and the parser. The meaning of a policy
// is that of package rule, and every counterexample is checked against
// rule.Policy.Eval and a run of the program before it is given out.
//
// Programs consist of the opcodes package bpf names for compiled policies:
// loads of words of seccomp_data, AND K, conditional jumps on K, JA, RET K.
// About others the answer is that it cannot decide, never that they are right.
package prove

import (
	"fmt"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// A Program is a program whose operands may be parameters.
type Program struct {
	Insns  []Insn
	Params []rule.Param
}

// An Insn is an instruction; its K is that of the slot if there is one.
type Insn struct {
	bpf.Insn
	Slot *Slot
}

// A Slot is an operand that is filled in when the program is installed: one
// word of a parameter, or of the parameter or constant that is the Index-th
// smallest of Sort, by low word, unsigned.
type Slot struct {
	Param int
	High  bool
	Sort  []rule.Operand
	Index int
}

// A Counterexample is a call and parameters on which two sides differ.
type Counterexample struct {
	Data      rule.Data
	Params    []uint64 // -1 as all ones
	Got, Want rule.Action
}

func (c *Counterexample) Error() string {
	return fmt.Sprintf("call %d of architecture %#x with arguments %#x, parameters %#x: %v, want %v",
		c.Data.Nr, c.Data.Arch, c.Data.Args, c.Params, c.Got, c.Want)
}

// An Undecided error says why there is no answer.
type Undecided struct{ Reason string }

func (u *Undecided) Error() string { return "cannot decide: " + u.Reason }

// Stats count the work of a proof.
type Stats struct {
	Paths int // pairs of paths, one of each side, whose verdicts were compared
	Steps int // instructions followed and assumptions made
}

// Equal proves that a program gives every call the verdict of the policy. The
// error is nil if so, a *Counterexample if not, or an *Undecided.
func Equal(prog *Program, p *rule.Policy) (Stats, error) {
	return compare(&programSide{prog}, &policySide{p}, p.Params, p.Target.BigEndian, differ)
}

// Same proves that two programs with the same parameters give every call the
// same verdict. Got is the verdict of a, Want that of b.
func Same(a, b *Program, bigEndian bool) (Stats, error) {
	return compare(&programSide{a}, &programSide{b}, a.Params, bigEndian, differ)
}

// SameMeaning proves that two policies for one target, with the same
// parameters, mean the same.
func SameMeaning(a, b *rule.Policy) (Stats, error) {
	return compare(&policySide{a}, &policySide{b}, a.Params, a.Target.BigEndian, differ)
}

// NoWider proves that a policy is on no call laxer than an older one for the same
// target with the same parameters: it gives the same verdict or one that takes
// precedence over it when filters are stacked. The counterexample's Got is the old
// policy's verdict, its Want the new one's.
func NoWider(old, new *rule.Policy) (Stats, error) {
	return compare(&policySide{old}, &policySide{new}, old.Params, old.Target.BigEndian, rule.Action.Stricter)
}

func differ(got, want rule.Action) bool { return got != want }

// A side gives verdicts on what the engine knows of the input, one on each of
// its paths, and can judge one input for a check.
type side interface {
	explore(e *engine, leaf func(rule.Action))
	judge(d rule.Data, params []uint64, bigEndian bool) rule.Action
}

// maxSteps bounds a proof, to a minute or so.
const maxSteps = 1 << 26

// compare looks for an input on which the verdicts of a and b are wrong beside each
// other.
func compare(a, b side, params []rule.Param, bigEndian bool, wrong func(got, want rule.Action) bool) (Stats, error) {
	e := &engine{params: params, bigEndian: bigEndian}
	err := e.run(func() {
		a.explore(e, func(got rule.Action) {
			b.explore(e, func(want rule.Action) {
				e.Paths++
				if wrong(got, want) {
					e.refute(a, b, got, want)
				}
			})
		})
	})
	return e.Stats, err
}

// run calls f, which leaves a proof from wherever it is by panicking with its
// outcome.
func (e *engine) run(f func()) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *Undecided:
			err = r
		case *Counterexample:
			err = r
		default:
			panic(r)
		}
	}()
	f()
	return nil
}

// refute looks for an input on the current paths, where the verdicts differ.
// If there is none the paths exclude each other and nothing is wrong.
func (e *engine) refute(a, b side, got, want rule.Action) {
	m, ok := e.solve()
	if !ok {
		return
	}
	c := e.counterexample(m)
	c.Got, c.Want = a.judge(c.Data, c.Params, e.bigEndian), b.judge(c.Data, c.Params, e.bigEndian)
	if c.Got != got || c.Want != want {
		panic(fmt.Sprintf("prove: predicted %v and %v, but: %v", got, want, c))
	}
	panic(c)
}
