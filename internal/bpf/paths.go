package bpf

import "fmt"

// A Path is one way through a program: what must hold for it to be taken, in
// the order the program asks, and the verdict at its end.
type Path struct {
	Conds []Cond
	PC    int    // of the instruction that gives the verdict
	Ret   uint32 // the verdict
}

// A Cond is a condition on one word of seccomp_data.
type Cond struct {
	PC    int    // of the conditional jump
	Off   uint32 // of the word
	Mask  uint32 // ANDed with it first
	Code  uint16 // Jeq, Jgt, Jge or Jset
	K     uint32
	Holds bool
}

// Met reports whether the word at c.Off, given its value, meets c.
func (c Cond) Met(word uint32) bool {
	word &= c.Mask
	var is bool
	switch c.Code {
	case Jeq:
		is = word == c.K
	case Jgt:
		is = word > c.K
	case Jge:
		is = word >= c.K
	case Jset:
		is = word&c.K != 0
	}
	return is == c.Holds
}

// Paths takes a program of the compiler's opcodes apart into its paths, which
// exclude each other and leave out no input. It reads the bytes alone: it knows
// nothing of policies, nor of what is possible. It fails on other opcodes, and
// on more than limit paths.
func Paths(prog []Insn, limit int) ([]Path, error) {
	if err := Check(prog); err != nil {
		return nil, err
	}
	var paths []Path
	var walk func(pc int, off, mask uint32, conds []Cond) error
	walk = func(pc int, off, mask uint32, conds []Cond) error {
		for ; ; pc++ {
			switch in := prog[pc]; in.Code {
			case LdAbs:
				off, mask = in.K, 1<<32-1
			case And:
				mask &= in.K
			case Ja:
				pc += int(in.K)
			case RetK:
				if len(paths) == limit {
					return fmt.Errorf("the program has more than %d paths", limit)
				}
				paths = append(paths, Path{conds[:len(conds):len(conds)], pc, in.K})
				return nil
			case Jeq, Jgt, Jge, Jset:
				c := Cond{pc, off, mask, in.Code, in.K, true}
				if err := walk(pc+1+int(in.Jt), off, mask, append(conds[:len(conds):len(conds)], c)); err != nil {
					return err
				}
				c.Holds = false
				conds = append(conds[:len(conds):len(conds)], c)
				pc += int(in.Jf)
			default:
				return fmt.Errorf("instruction %d, %v, is none of those a compiled policy is made of", pc, in)
			}
		}
	}
	// A is 0 at the start, as is any word under a mask of 0.
	return paths, walk(0, OffNr, 0, nil)
}
