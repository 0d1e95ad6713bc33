// Package arch says what an architecture is to seccomp: the token and name
// libseccomp gives it, the value the kernel stores in seccomp_data.arch, word
// size, byte order, the GOARCH that produces it, and its system calls by name
// and by number.
//
// The zero Arch is no architecture: a failed look-up is never taken for the
// native one. Ask for that with [Native].
package arch

import (
	"fmt"
	"runtime"
	"slices"
)

// An Arch is an architecture, by its libseccomp token (SCMP_ARCH_ in
// libseccomp's seccomp.h). A token is the kernel's AUDIT_ARCH_ value
// (include/uapi/linux/audit.h) for all but X32; see [Arch.Audit].
type Arch uint32

// The architectures libseccomp 2.6.1 knows.
const (
	X86         Arch = 0x40000003 // 32-bit, little-endian
	X86_64      Arch = 0xc000003e // 64-bit, little-endian
	X32         Arch = 0x4000003e // 32-bit, little-endian
	ARM         Arch = 0x40000028 // 32-bit, little-endian
	AArch64     Arch = 0xc00000b7 // 64-bit, little-endian
	LoongArch64 Arch = 0xc0000102 // 64-bit, little-endian
	M68K        Arch = 0x00000004 // 32-bit, big-endian
	MIPS        Arch = 0x00000008 // 32-bit, big-endian
	MIPSel      Arch = 0x40000008 // 32-bit, little-endian
	MIPS64      Arch = 0x80000008 // 64-bit, big-endian
	MIPSel64    Arch = 0xc0000008 // 64-bit, little-endian
	MIPS64N32   Arch = 0xa0000008 // 32-bit, big-endian
	MIPSel64N32 Arch = 0xe0000008 // 32-bit, little-endian
	PARISC      Arch = 0x0000000f // 32-bit, big-endian
	PARISC64    Arch = 0x8000000f // 64-bit, big-endian
	PPC         Arch = 0x00000014 // 32-bit, big-endian
	PPC64       Arch = 0x80000015 // 64-bit, big-endian
	PPC64LE     Arch = 0xc0000015 // 64-bit, little-endian
	S390        Arch = 0x00000016 // 32-bit, big-endian
	S390X       Arch = 0x80000016 // 64-bit, big-endian
	RISCV64     Arch = 0xc00000f3 // 64-bit, little-endian
	SHEB        Arch = 0x0000002a // 32-bit, big-endian
	SH          Arch = 0x4000002a // 32-bit, little-endian
)

// An info is one row of the table of architectures.
type info struct {
	arch   Arch
	name   string // libseccomp's
	goarch string // "" where Go has none for it
	bits   uint8
	big    bool
}

// infos is sorted by token.
var infos = [...]info{
	{M68K, "m68k", "", 32, true},
	{MIPS, "mips", "mips", 32, true},
	{PARISC, "parisc", "", 32, true},
	{PPC, "ppc", "", 32, true},
	{S390, "s390", "", 32, true},
	{SHEB, "sheb", "", 32, true},
	{X86, "x86", "386", 32, false},
	{MIPSel, "mipsel", "mipsle", 32, false},
	{ARM, "arm", "arm", 32, false},
	{SH, "sh", "", 32, false},
	{X32, "x32", "", 32, false},
	{MIPS64, "mips64", "mips64", 64, true},
	{PARISC64, "parisc64", "", 64, true},
	{PPC64, "ppc64", "ppc64", 64, true},
	{S390X, "s390x", "s390x", 64, true},
	{MIPS64N32, "mips64n32", "", 32, true},
	{MIPSel64, "mipsel64", "mips64le", 64, false},
	{PPC64LE, "ppc64le", "ppc64le", 64, false},
	{X86_64, "x86_64", "amd64", 64, false},
	{AArch64, "aarch64", "arm64", 64, false},
	{RISCV64, "riscv64", "riscv64", 64, false},
	{LoongArch64, "loongarch64", "loong64", 64, false},
	{MIPSel64N32, "mipsel64n32", "", 32, false},
}

func (a Arch) info() (info, bool) {
	i, ok := slices.BinarySearchFunc(infos[:], a, func(in info, a Arch) int {
		switch {
		case in.arch < a:
			return -1
		case in.arch > a:
			return 1
		}
		return 0
	})
	if !ok {
		return info{}, false
	}
	return infos[i], true
}

// All lists the architectures in ascending order of their tokens.
func All() []Arch {
	all := make([]Arch, len(infos))
	for i, in := range infos {
		all[i] = in.arch
	}
	return all
}

// ByName resolves libseccomp's spelling of an architecture (x86, x86_64,
// aarch64, ...), and besides it i386, amd64 and arm64. Names are
// case-sensitive; an unknown one is an error.
func ByName(name string) (Arch, error) {
	switch name {
	case "i386":
		return X86, nil
	case "amd64":
		return X86_64, nil
	case "arm64":
		return AArch64, nil
	}
	for _, in := range infos {
		if in.name == name {
			return in.arch, nil
		}
	}
	return 0, fmt.Errorf("arch: unknown architecture %q; use libseccomp's name of it, such as x86_64", name)
}

// ByGOARCH resolves a GOARCH that Linux runs on. There is none for x32 and
// the other 32-bit ABIs of 64-bit machines. Any other GOARCH is an error.
func ByGOARCH(goarch string) (Arch, error) {
	for _, in := range infos {
		if in.goarch == goarch && goarch != "" {
			return in.arch, nil
		}
	}
	return 0, fmt.Errorf("arch: Linux has no architecture for GOARCH %q", goarch)
}

// Native is the architecture this program was built for, or 0 where Linux
// has none for its GOARCH.
func Native() Arch {
	a, err := ByGOARCH(runtime.GOARCH)
	if err != nil {
		return 0
	}
	return a
}

// Valid reports whether a is one of the architectures.
func (a Arch) Valid() bool {
	_, ok := a.info()
	return ok
}

// String is libseccomp's name of a, or its number if it is none.
func (a Arch) String() string {
	if in, ok := a.info(); ok {
		return in.name
	}
	return fmt.Sprintf("Arch(%#x)", uint32(a))
}

// GOARCH is the Go architecture whose programs make a's calls, or "".
func (a Arch) GOARCH() string {
	in, _ := a.info()
	return in.goarch
}

// Audit is the value the kernel stores in seccomp_data.arch for a's calls.
// It is the token itself, but for x32, whose calls carry x86_64's value and
// bit 30 of the number ([X32Bit]).
func (a Arch) Audit() uint32 {
	if a == X32 {
		return uint32(X86_64)
	}
	return uint32(a)
}

// X32Bit marks the number of an x32 call (__X32_SYSCALL_BIT,
// arch/x86/include/uapi/asm/unistd.h).
const X32Bit = 0x40000000

// Bits is the size of a word, and so of an argument, in bits: 32 or 64; 0 for
// an invalid architecture.
func (a Arch) Bits() int {
	in, _ := a.info()
	return int(in.bits)
}

// BigEndian reports whether the high word of a 64-bit value comes first in
// memory.
func (a Arch) BigEndian() bool {
	in, _ := a.info()
	return in.big
}
