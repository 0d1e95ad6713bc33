package arch

import (
	"iter"
	"slices"
	"strings"
)

// A Table is the system calls of one architecture, or of two that differ in
// byte order only. [Arch.Table] has the table of any architecture; a program
// that works for few of them names their tables instead ([X86_64Table]), and
// then carries no other. A table is some 11 KB on 64-bit machines.
//
// Tables are plain data: they cost nothing at start. A nil Table has no calls.
type Table struct {
	release  string
	last     uint32
	byNumber []syscall // in ascending order
	byName   []uint16  // the indices of byNumber, in the order of names
}

// A syscall is one row of a table.
type syscall struct {
	name string
	nr   uint32
}

// Table is the system calls of a, nil if a is invalid. A program that calls
// it, or a method of [Arch] about system calls, carries every table.
func (a Arch) Table() *Table {
	switch a {
	case X86:
		return X86Table
	case X86_64:
		return X86_64Table
	case X32:
		return X32Table
	case ARM:
		return ARMTable
	case AArch64:
		return AArch64Table
	case LoongArch64:
		return LoongArch64Table
	case M68K:
		return M68KTable
	case MIPS, MIPSel:
		return MIPSTable
	case MIPS64, MIPSel64:
		return MIPS64Table
	case MIPS64N32, MIPSel64N32:
		return MIPS64N32Table
	case PARISC:
		return PARISCTable
	case PARISC64:
		return PARISC64Table
	case PPC:
		return PPCTable
	case PPC64, PPC64LE:
		return PPC64Table
	case S390:
		return S390Table
	case S390X:
		return S390XTable
	case RISCV64:
		return RISCV64Table
	case SHEB, SH:
		return SHTable
	}
	return nil
}

// Release is the Linux release the table is from, such as 7.2.13; "" for a
// nil Table. It is [KernelRelease] for all but [S390Table].
func (t *Table) Release() string {
	if t == nil {
		return ""
	}
	return t.release
}

// Number is the number of a system call, by the name in the kernel's own
// table. It is what seccomp_data.nr holds: with [X32Bit] on x32, and above
// 4000, 5000 and 6000 on mips (o32), mips64 and mips64n32. ok is false if
// there is no such call. Calls that are no longer implemented keep their
// numbers.
func (t *Table) Number(name string) (nr uint32, ok bool) {
	if t == nil {
		return 0, false
	}
	i, ok := slices.BinarySearchFunc(t.byName, name, func(i uint16, name string) int {
		return strings.Compare(t.byNumber[i].name, name)
	})
	if !ok {
		return 0, false
	}
	return t.byNumber[t.byName[i]].nr, true
}

// Name is the name of the system call that seccomp_data.nr means. ok is false
// if there is no such call.
func (t *Table) Name(nr uint32) (name string, ok bool) {
	if t == nil {
		return "", false
	}
	i, ok := slices.BinarySearchFunc(t.byNumber, nr, func(s syscall, nr uint32) int {
		switch {
		case s.nr < nr:
			return -1
		case s.nr > nr:
			return 1
		}
		return 0
	})
	if !ok {
		return "", false
	}
	return t.byNumber[i].name, true
}

// LastNumber is the highest number of the kernel's table. A call above it is
// newer than the table's release, but for the private calls of 32-bit Arm
// (cacheflush, set_tls), from 0xf0001 on. ok is false for a nil Table.
func (t *Table) LastNumber() (nr uint32, ok bool) {
	if t == nil {
		return 0, false
	}
	return t.last, true
}

// Syscalls lists the names and numbers in ascending order of number.
func (t *Table) Syscalls() iter.Seq2[string, uint32] {
	return func(yield func(string, uint32) bool) {
		if t == nil {
			return
		}
		for _, s := range t.byNumber {
			if !yield(s.name, s.nr) {
				return
			}
		}
	}
}

// Number is [Table.Number] of a's table; ok is false also if a is invalid.
func (a Arch) Number(name string) (nr uint32, ok bool) { return a.Table().Number(name) }

// Name is [Table.Name] of a's table; ok is false also if a is invalid.
func (a Arch) Name(nr uint32) (name string, ok bool) { return a.Table().Name(nr) }

// LastNumber is [Table.LastNumber] of a's table; ok is false if a is invalid.
func (a Arch) LastNumber() (nr uint32, ok bool) { return a.Table().LastNumber() }

// Syscalls is [Table.Syscalls] of a's table; none if a is invalid.
func (a Arch) Syscalls() iter.Seq2[string, uint32] { return a.Table().Syscalls() }
