package prove

import (
	"fmt"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// A Dead instruction decides nothing: it never runs, or it is a conditional
// jump that always goes the same way, whatever the input and the parameters.
type Dead struct {
	PC  int
	Why string // "never runs", "always jumps", "never jumps"
}

func (d Dead) String() string { return fmt.Sprintf("instruction %d %s", d.PC, d.Why) }

// DeadInsns lists the instructions of a program that decide nothing. The
// error is nil or an *Undecided.
func DeadInsns(prog *Program, bigEndian bool) ([]Dead, error) {
	e := &engine{params: prog.Params, bigEndian: bigEndian}
	ran := map[int]bool{}
	gone := map[way]bool{}
	err := e.run(func() {
		(&programSide{prog}).explore(e, func(rule.Action) {
			pcs := prog.replay(e.ways)
			fresh := false
			for _, pc := range pcs {
				fresh = fresh || !ran[pc]
			}
			for _, w := range e.ways {
				fresh = fresh || !gone[w]
			}
			if !fresh {
				return
			}
			if _, possible := e.solve(); !possible {
				return
			}
			for _, pc := range pcs {
				ran[pc] = true
			}
			for _, w := range e.ways {
				gone[w] = true
			}
		})
	})
	if err != nil {
		return nil, err
	}
	var dead []Dead
	for pc, in := range prog.Insns {
		switch {
		case !ran[pc]:
			dead = append(dead, Dead{pc, "never runs"})
		case !conditional(in.Code):
		case !gone[way{pc, true}]:
			dead = append(dead, Dead{pc, "never jumps"})
		case !gone[way{pc, false}]:
			dead = append(dead, Dead{pc, "always jumps"})
		}
	}
	return dead, nil
}

func conditional(code uint16) bool {
	return code == bpf.Jeq || code == bpf.Jgt || code == bpf.Jge || code == bpf.Jset
}

// replay lists the instructions that run where the conditional jumps go the
// given ways.
func (p *Program) replay(ways []way) []int {
	var pcs []int
	for pc := 0; ; pc++ {
		pcs = append(pcs, pc)
		switch in := p.Insns[pc]; {
		case in.Code == bpf.RetK:
			return pcs
		case in.Code == bpf.Ja:
			pc += int(in.K)
		case conditional(in.Code):
			if ways[0].taken {
				pc += int(in.Jt)
			} else {
				pc += int(in.Jf)
			}
			ways = ways[1:]
		}
	}
}

// DeadCases lists the cases of a policy that decide nothing: without them it
// means the same. They are named by call and by their place in the text.
func DeadCases(p *rule.Policy) ([]string, error) {
	var dead []string
	for i, c := range p.Calls {
		for j, k := range c.Cases {
			q := *p
			q.Calls = append([]rule.Call{}, p.Calls...)
			cases := append([]rule.Case{}, c.Cases[:j]...)
			q.Calls[i].Cases = append(cases, c.Cases[j+1:]...)
			_, err := SameMeaning(p, &q)
			switch err.(type) {
			case nil:
				dead = append(dead, fmt.Sprintf("%s:%d: %s", k.Src.File, k.Src.Line, c.Name))
			case *Undecided:
				return nil, err
			}
		}
	}
	return dead, nil
}
