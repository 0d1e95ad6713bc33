// Package proto says what arguments each system call takes on each
// architecture: how many, of what kind, and how much of the register the
// kernel looks at. The tables are generated from the kernel's own
// definitions (SYSCALL_DEFINE, COMPAT_SYSCALL_DEFINE) by internal/mktables.
package proto

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
)

// A Kind is what an argument means, by its type and name in the kernel.
type Kind uint8

// The kinds. Those after ULong are told apart because a policy has a reason
// to treat them differently; the rest of the arguments are Int to ULong.
const (
	Int     Kind = iota + 1 // int, and types that are an int: clockid_t, key_t, timer_t
	Uint                    // unsigned int
	Long                    // long
	ULong                   // unsigned long
	FD                      // a file descriptor; also of a process, an epoll, a message queue
	DirFD                   // a directory's descriptor, or AT_FDCWD
	PID                     // a process, thread or group id; 0 and below often mean more than one
	UID                     // a user or group id
	Mode                    // permission bits
	Flags                   // a set of bits
	Size                    // size_t
	Off                     // a file offset
	Pointer                 // an address in the caller's memory, which a filter cannot look into
)

var kindNames = [...]string{
	Int: "int", Uint: "uint", Long: "long", ULong: "ulong", FD: "fd", DirFD: "dirfd", PID: "pid", UID: "uid",
	Mode: "mode", Flags: "flags", Size: "size", Off: "off", Pointer: "pointer",
}

// String is the name of k, in lower case.
func (k Kind) String() string {
	if k == 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("Kind(%d)", uint8(k))
	}
	return kindNames[k]
}

// An Arg is one argument of a system call.
type Arg struct {
	Name string // the kernel's name for it
	Kind Kind
	// Bits is how much of the register the kernel looks at, 32 or 64: the
	// width of the declared type, and at least 32. It is 32 for every
	// argument of an architecture with 32-bit registers, where a 64-bit value
	// is two arguments, after an unused one named pad if the ABI wants it to
	// begin at an even place (arm, mips).
	//
	// On x32 and mips n32 pointers and longs are 32 bits wide to a program,
	// but the registers are not, and most calls go to the functions that also
	// serve 64-bit programs: those look at 64 bits, and so says Bits.
	//
	// It is also 32 for descriptors declared unsigned long (readv, preadv2,
	// mmap), and for the other arguments declared long of which the kernel
	// drops the high word first: clone's flags, mbind's mode, ptrace's pid.
	// Calls that give an argument a meaning by command (fcntl, keyctl, prctl,
	// semctl) may look at less of it than they declare.
	Bits uint8
}

// A call is one row of a table.
type call struct {
	name string
	args []Arg
}

// table is the prototypes of a in the order of names, nil if a is invalid.
func table(a arch.Arch) []call {
	switch a {
	case arch.X86:
		return x86Calls[:]
	case arch.X86_64:
		return x86_64Calls[:]
	case arch.X32:
		return x32Calls[:]
	case arch.ARM:
		return armCalls[:]
	case arch.AArch64:
		return aarch64Calls[:]
	case arch.LoongArch64:
		return loongarch64Calls[:]
	case arch.M68K:
		return m68kCalls[:]
	case arch.MIPS, arch.MIPSel:
		return mipsCalls[:]
	case arch.MIPS64, arch.MIPSel64:
		return mips64Calls[:]
	case arch.MIPS64N32, arch.MIPSel64N32:
		return mips64n32Calls[:]
	case arch.PARISC:
		return pariscCalls[:]
	case arch.PARISC64:
		return parisc64Calls[:]
	case arch.PPC:
		return ppcCalls[:]
	case arch.PPC64, arch.PPC64LE:
		return ppc64Calls[:]
	case arch.S390:
		return s390Calls[:]
	case arch.S390X:
		return s390xCalls[:]
	case arch.RISCV64:
		return riscv64Calls[:]
	case arch.SH, arch.SHEB:
		return shCalls[:]
	}
	return nil
}

// swapped is the prototypes of a that differ from its table, because the
// table is that of the other byte order and the halves of a 64-bit value
// change places.
func swapped(a arch.Arch) []call {
	switch a {
	case arch.MIPSel:
		return mipselCalls[:]
	case arch.SHEB:
		return shebCalls[:]
	}
	return nil
}

// Of is the arguments of a system call, by its name in arch's table. A call
// without arguments has none, and ok is true.
//
// ok is false for a call whose arguments are not known, and which therefore
// cannot be compared: one that a does not have, and one that has a number but
// no implementation any more (create_module, uselib). The tables of
// 32-bit architectures hold for a 32-bit kernel and for the 32-bit calls of a
// 64-bit one alike.
//
// The slice is shared; it must not be written to.
func Of(a arch.Arch, name string) (args []Arg, ok bool) {
	if args, ok = search(swapped(a), name); ok {
		return args, true
	}
	return search(table(a), name)
}

func search(calls []call, name string) (args []Arg, ok bool) {
	i, ok := slices.BinarySearchFunc(calls, name, func(c call, name string) int {
		return strings.Compare(c.name, name)
	})
	if !ok {
		return nil, false
	}
	return slices.Clip(calls[i].args), true
}
