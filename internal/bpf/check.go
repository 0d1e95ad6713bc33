package bpf

import "fmt"

// An Error says why the kernel would refuse a program.
type Error struct {
	PC     int    // index of the instruction at fault, or -1 for the program as a whole
	Reason string // continues a sentence that begins "instruction 7" or "program"
}

// Error is one sentence, such as "instruction 7 jumps to 14, past the last
// instruction 11".
func (e *Error) Error() string {
	if e.PC < 0 {
		return "program " + e.Reason
	}
	return fmt.Sprintf("instruction %d %s", e.PC, e.Reason)
}

func refuse(pc int, format string, args ...any) error {
	return &Error{PC: pc, Reason: fmt.Sprintf(format, args...)}
}

// Check reports whether seccomp(2) would take prog as a filter: nil, or an
// [*Error] for the first fault found where the kernel answers EINVAL. It
// covers bpf_check_classic and check_load_and_stores (net/core/filter.c) and
// seccomp_check_filter (kernel/seccomp.c). Like them it also judges
// instructions that no path reaches, and ignores Jt and Jf of anything but a
// conditional jump.
//
// How many filters a task may stack, and memory, are not a matter of the
// program and not checked.
func Check(prog []Insn) error {
	switch {
	case len(prog) == 0:
		return refuse(-1, "is empty; the kernel wants at least one instruction")
	case len(prog) > MaxInsns:
		return refuse(-1, "has %d instructions; the kernel takes at most %d", len(prog), MaxInsns)
	}
	for pc, in := range prog {
		if err := checkInsn(pc, in, len(prog)); err != nil {
			return err
		}
	}
	last := len(prog) - 1
	if c := prog[last].Code; c != RetK && c != RetA {
		return refuse(last, "(%v) is the last one; a program ends with ret", prog[last])
	}
	return checkMemory(prog)
}

// checkInsn checks what can be said of one instruction of n by itself.
//
// The opcodes seccomp takes are those that have a word in the listing.
func checkInsn(pc int, in Insn, n int) error {
	switch in.Code {
	case LdAbs:
		switch {
		case in.K >= DataLen:
			return refuse(pc, "loads offset %d, past struct seccomp_data of %d bytes", in.K, DataLen)
		case in.K&3 != 0:
			return refuse(pc, "loads offset %d, which is not a multiple of 4", in.K)
		}
	case LdMem, LdxMem, St, Stx:
		if in.K >= MemWords {
			return refuse(pc, "uses M[%d]; scratch memory has words 0 to %d", in.K, MemWords-1)
		}
	case Div:
		if in.K == 0 {
			return refuse(pc, "divides by zero")
		}
	case Lsh, Rsh:
		if in.K >= 32 {
			return refuse(pc, "shifts by %d; at most 31", in.K)
		}
	}
	switch {
	case word(in.Code) == "":
		return refuse(pc, "has opcode %#02x, which seccomp does not take", in.Code)
	case in.Code == Ja || branches(in.Code):
		return checkJump(pc, in, n)
	}
	return nil
}

// checkJump adds in 64 bits: the 32-bit distance of a ja must not wrap round
// into the program.
func checkJump(pc int, in Insn, n int) error {
	skips := [2]uint32{uint32(in.Jt), uint32(in.Jf)}
	if in.Code == Ja {
		skips = [2]uint32{in.K, in.K}
	}
	for _, skip := range skips {
		if to := uint64(pc) + 1 + uint64(skip); to >= uint64(n) {
			return refuse(pc, "jumps to %d, past the last instruction %d", to, n-1)
		}
	}
	return nil
}

// checkMemory refuses reads of scratch words that some path to them has not
// written. It goes through the program once, as check_load_and_stores does,
// with a set of written words (one bit each) for every instruction: what all
// jumps to it and the instruction before it have in common.
//
// The kernel does not see that nothing falls through a ret, so what is not
// written there counts as not written in the instruction after it. Whatever
// follows a jump that nothing else reaches may read any word.
func checkMemory(prog []Insn) error {
	const all = 1<<MemWords - 1
	masks := make([]uint16, len(prog))
	for i := range masks {
		masks[i] = all
	}
	var written uint16
	for pc, in := range prog {
		written &= masks[pc]
		switch in.Code {
		case St, Stx:
			written |= 1 << in.K
		case LdMem, LdxMem:
			if written&(1<<in.K) == 0 {
				return refuse(pc, "reads M[%d], which not every path to it has written", in.K)
			}
		case Ja:
			masks[pc+1+int(in.K)] &= written
			written = all
		default:
			if branches(in.Code) {
				masks[pc+1+int(in.Jt)] &= written
				masks[pc+1+int(in.Jf)] &= written
				written = all
			}
		}
	}
	return nil
}
