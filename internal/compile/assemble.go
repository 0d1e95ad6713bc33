package compile

import (
	"fmt"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// A label is a place in the program that jumps go to, known before it is
// reached.
type label int

// An op is an instruction whose jumps still name labels.
type op struct {
	Insn
	t, f label // of conditional jumps; t alone of ja
}

// An assembler collects instructions and the places of labels.
type assembler struct {
	policy *rule.Policy
	ops    []op
	at     []int // label -> index into ops
	call   int   // index of the call being compiled, or -1
	copies bool  // lower may copy a ret
}

func newAssembler(p *rule.Policy) *assembler { return &assembler{policy: p, call: -1} }

func (a *assembler) label() label {
	a.at = append(a.at, -1)
	return label(len(a.at) - 1)
}

func (a *assembler) place(l label) { a.at[l] = len(a.ops) }

func (a *assembler) emit(in bpf.Insn, ref Ref, t, f label) {
	a.ops = append(a.ops, op{Insn{in, ref, a.call}, t, f})
}

func (a *assembler) load(off uint32, ref Ref) {
	a.emit(bpf.Insn{Code: bpf.LdAbs, K: off}, ref, 0, 0)
}

func (a *assembler) jump(code uint16, k uint32, ref Ref, t, f label) {
	a.emit(bpf.Insn{Code: code, K: k}, ref, t, f)
}

func (a *assembler) ret(act rule.Action) {
	a.emit(bpf.Insn{Code: bpf.RetK, K: uint32(act)}, Ref{Kind: Verdict, Act: act}, 0, 0)
}

func conditional(code uint16) bool {
	return code&7 == bpf.Ja && code != bpf.Ja
}

// link turns labels into distances.
func (a *assembler) link() ([]Insn, error) {
	insns := make([]Insn, len(a.ops))
	for pc, o := range a.ops {
		in := o.Insn
		switch {
		case in.Code == bpf.Ja:
			in.K = uint32(a.distance(pc, o.t))
		case conditional(in.Code):
			t, f := a.distance(pc, o.t), a.distance(pc, o.f)
			if far := max(t, f); far > 255 {
				return nil, &Error{a.largest(), fmt.Sprintf(
					"instruction %d has to jump %d ahead, and 255 is the limit of this layout; this rule is the largest, use layout plain or list fewer values", pc, far)}
			}
			in.Jt, in.Jf = uint8(t), uint8(f)
		}
		insns[pc] = in
	}
	return insns, nil
}

func (a *assembler) distance(pc int, l label) int { return a.at[l] - pc - 1 }

// lower puts a ja behind every conditional jump that reaches further than 255
// instructions, until none does. Where the jump goes to a ret and copies is
// set, it is a copy of that in place of the ja: one instruction less executed.
func (a *assembler) lower() {
	for changed := true; changed; {
		changed = false
		for pc := len(a.ops) - 1; pc >= 0; pc-- {
			o := a.ops[pc]
			if !conditional(o.Code) {
				continue
			}
			// One may move the other out of reach: take the further first.
			switch t, f := a.distance(pc, o.t), a.distance(pc, o.f); {
			case t > 255 && t >= f:
				a.ops[pc].t = a.nearer(pc, o.t)
				changed = true
			case f > 255:
				a.ops[pc].f = a.nearer(pc, o.f)
				changed = true
			}
		}
	}
}

// nearer is a label within reach of pc that does what l does.
func (a *assembler) nearer(pc int, l label) label {
	ret := a.ops[a.at[l]]
	if !a.copies || ret.Code != bpf.RetK {
		return a.trampoline(pc, l)
	}
	for at := pc + 1; at <= pc+256; at++ {
		if o := a.ops[at]; o.Code == bpf.RetK && o.K == ret.K {
			n := a.label()
			a.at[n] = at
			return n
		}
	}
	n := a.trampoline(pc, l)
	a.ops[pc+1] = ret
	return n
}

// trampoline inserts a ja to l right behind the conditional jump at pc, which
// has no other way to go there, and is the label of it.
func (a *assembler) trampoline(pc int, l label) label {
	ja := a.ops[pc]
	ja.Insn.Insn, ja.Ref, ja.t = bpf.Insn{Code: bpf.Ja}, Ref{}, l
	a.ops = append(a.ops[:pc+1], append([]op{ja}, a.ops[pc+1:]...)...)
	for i, at := range a.at {
		if at > pc {
			a.at[i]++
		}
	}
	n := a.label()
	a.at[n] = pc + 1
	return n
}

// largest is where the rule with the most instructions was written. There is one:
// what does not fit has rules.
func (a *assembler) largest() rule.Src {
	count := make([]int, len(a.policy.Calls))
	best := 0
	for _, o := range a.ops {
		if o.Call >= 0 {
			if count[o.Call]++; count[o.Call] > count[best] {
				best = o.Call
			}
		}
	}
	return a.policy.Calls[best].Cases[0].Src
}
