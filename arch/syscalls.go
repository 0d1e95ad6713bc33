package arch

import (
	"iter"
	"slices"
	"strings"
)

// A syscall is one row of a table.
type syscall struct {
	name string
	nr   uint32
}

// table is the system calls of a in ascending order of number, and the
// indices of that table in the order of names. Both are nil where there is no
// table for a.
//
// The tables are plain data: they cost nothing at start, and a program that
// never looks a call up does not carry them.
func (a Arch) table() (byNumber []syscall, byName []uint16) {
	switch a {
	case X86:
		return x86ByNumber[:], x86ByName[:]
	case X86_64:
		return x86_64ByNumber[:], x86_64ByName[:]
	case AArch64:
		return aarch64ByNumber[:], aarch64ByName[:]
	}
	return nil, nil
}

// Number is the number of a system call, by the name in the kernel's own
// table for a. ok is false if a has no such call, or no table: there is one
// for X86, X86_64 (without the x32 calls) and AArch64, of Linux
// [KernelRelease]. Calls that are no longer implemented keep their numbers.
func (a Arch) Number(name string) (nr uint32, ok bool) {
	byNumber, byName := a.table()
	i, ok := slices.BinarySearchFunc(byName, name, func(i uint16, name string) int {
		return strings.Compare(byNumber[i].name, name)
	})
	if !ok {
		return 0, false
	}
	return byNumber[byName[i]].nr, true
}

// Name is the name of the system call with a number. ok is false if a has no
// such call, or no table.
func (a Arch) Name(nr uint32) (name string, ok bool) {
	byNumber, _ := a.table()
	i, ok := slices.BinarySearchFunc(byNumber, nr, func(s syscall, nr uint32) int {
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
	return byNumber[i].name, true
}

// LastNumber is the highest number in a's table. A call above it is newer
// than Linux [KernelRelease]. ok is false if a has no table.
func (a Arch) LastNumber() (nr uint32, ok bool) {
	byNumber, _ := a.table()
	if len(byNumber) == 0 {
		return 0, false
	}
	return byNumber[len(byNumber)-1].nr, true
}

// Syscalls lists the names and numbers of a's system calls in ascending order
// of number; none if a has no table.
func (a Arch) Syscalls() iter.Seq2[string, uint32] {
	return func(yield func(string, uint32) bool) {
		byNumber, _ := a.table()
		for _, s := range byNumber {
			if !yield(s.name, s.nr) {
				return
			}
		}
	}
}
