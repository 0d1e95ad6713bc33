// Package cconst knows the C constants a policy may name: their value and C
// type on each architecture, and whether golang.org/x/sys/unix has them, so
// that generated Go can. It also knows the sizes of C types, and the names
// x/sys/unix gives system calls.
//
// Most constants are generated from x/sys/unix by internal/mktables, and from
// the kernel's headers for the architectures it lacks (m68k, parisc, parisc64,
// s390, sh, sheb): the errnos, signals, and flags of open, mmap and so on, and
// what all architectures share, but not everything x/sys has. Their C
// type is the one C gives the literal: int if the value fits, else unsigned
// int, else long, else unsigned long. A header that writes a small constant
// with a suffix (MFD_CLOEXEC is 0x0001U) is not followed in that.
//
// Long is 64 bits wide on every architecture, i386 included: a constant
// expression has one meaning, whatever the target.
package cconst

import (
	"iter"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
)

// A Type is the C type of a constant.
type Type uint8

// The types a constant expression can have.
const (
	Int   Type = iota + 1 // int, 32 bits
	Uint                  // unsigned int, 32 bits
	Long                  // long, 64 bits
	ULong                 // unsigned long, 64 bits
)

// unknown is the type of a row that stands for no constant, and hides one that
// most architectures share.
const unknown Type = 0

var typeNames = [...]string{0: "invalid", Int: "int", Uint: "unsigned int", Long: "long", ULong: "unsigned long"}

// String is the type as C writes it.
func (t Type) String() string {
	if int(t) >= len(typeNames) {
		t = 0
	}
	return typeNames[t]
}

// Signed reports whether values of the type may be negative.
func (t Type) Signed() bool { return t == Int || t == Long }

// Size is the size of the type in bytes, 4 or 8.
func (t Type) Size() int {
	if t == Int || t == Uint {
		return 4
	}
	return 8
}

// A Const is a C constant on one architecture.
type Const struct {
	Name   string
	Value  uint64 // as two's complement, sign-extended from the type
	Type   Type
	Unix   bool   // x/sys/unix has it under this name, with this value, on linux
	Source string // the header it is from, where Unix is false
}

// An entry is one row of a generated table.
type entry struct {
	name  string
	value uint64
	ctype Type
}

// uapi is the source of constants of an architecture x/sys/unix lacks.
const uapi = "Linux uapi headers"

// Lookup finds a constant by its C name.
func Lookup(a arch.Arch, name string) (Const, bool) {
	if sized(a, name) {
		return Const{}, false
	}
	for _, table := range extras(a) {
		if i, ok := slices.BinarySearchFunc(table, name, extra.compare); ok {
			e := table[i]
			return Const{name, e.value, e.ctype, false, e.source}, true
		}
	}
	own := headers(a)
	if i, ok := slices.BinarySearchFunc(own, name, entry.compare); ok {
		if own[i].ctype == unknown {
			return Const{}, false
		}
		return Const{name, own[i].value, own[i].ctype, false, uapi}, true
	}
	for _, table := range tables(a) {
		if i, ok := slices.BinarySearchFunc(table, name, entry.compare); ok {
			e := table[i]
			return Const{name, e.value, e.ctype, true, ""}, true
		}
	}
	return Const{}, false
}

// sized reports whether the value of a constant on a, which has 32-bit
// pointers on a 64-bit machine, cannot be told from those of the machine's
// 64-bit and 32-bit programs, because these differ: requests to ioctl with the
// size of a long or a pointer in them.
func sized(a arch.Arch, name string) bool {
	var narrow, wide arch.Arch
	switch a {
	case arch.X32:
		narrow, wide = arch.X86, arch.X86_64
	case arch.MIPS64N32, arch.MIPSel64N32:
		narrow, wide = arch.MIPS, arch.MIPS64
	default:
		return false
	}
	if strings.HasPrefix(name, "F_") || strings.HasPrefix(name, "O_") {
		return false // fcntl and open are those of 64-bit programs
	}
	n, _ := Lookup(narrow, name)
	w, _ := Lookup(wide, name)
	return n.Value != w.Value
}

// Names lists the names Lookup knows on a, in no particular order but always
// in the same one. A name may come twice.
func Names(a arch.Arch) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, table := range extras(a) {
			for _, e := range table {
				if !sized(a, e.name) && !yield(e.name) {
					return
				}
			}
		}
		for _, table := range append(tables(a), headers(a)) {
			for _, e := range table {
				if _, ok := Lookup(a, e.name); ok && !yield(e.name) {
					return
				}
			}
		}
	}
}

// headers is the table generated from the kernel's headers, of an
// architecture x/sys/unix lacks: it has what is not common, and comes before
// what is.
func headers(a arch.Arch) []entry {
	switch a {
	case arch.M68K:
		return m68kConsts[:]
	case arch.PARISC:
		return pariscConsts[:]
	case arch.PARISC64:
		return parisc64Consts[:]
	case arch.S390:
		return s390Consts[:]
	case arch.SH, arch.SHEB:
		return shConsts[:]
	}
	return nil
}

// tables are those generated from x/sys/unix; none if a is invalid. x32 and
// mips n32 have the constants of 64-bit programs, but see sized.
func tables(a arch.Arch) [][]entry {
	switch a {
	case arch.X86:
		return [][]entry{x86Consts[:], genericConsts[:], commonConsts[:]}
	case arch.X86_64, arch.X32:
		return [][]entry{x86_64Consts[:], genericConsts[:], commonConsts[:]}
	case arch.ARM:
		return [][]entry{armConsts[:], genericConsts[:], commonConsts[:]}
	case arch.AArch64:
		return [][]entry{aarch64Consts[:], genericConsts[:], commonConsts[:]}
	case arch.LoongArch64:
		return [][]entry{loongarch64Consts[:], genericConsts[:], commonConsts[:]}
	case arch.RISCV64:
		return [][]entry{riscv64Consts[:], genericConsts[:], commonConsts[:]}
	case arch.S390X:
		return [][]entry{s390xConsts[:], genericConsts[:], commonConsts[:]}
	case arch.MIPS:
		return [][]entry{mipsConsts[:], anyMipsConsts[:], commonConsts[:]}
	case arch.MIPSel:
		return [][]entry{mipselConsts[:], anyMipsConsts[:], commonConsts[:]}
	case arch.MIPS64, arch.MIPS64N32:
		return [][]entry{mips64Consts[:], anyMipsConsts[:], commonConsts[:]}
	case arch.MIPSel64, arch.MIPSel64N32:
		return [][]entry{mipsel64Consts[:], anyMipsConsts[:], commonConsts[:]}
	case arch.PPC:
		return [][]entry{ppcConsts[:], anyPPCConsts[:], commonConsts[:]}
	case arch.PPC64:
		return [][]entry{ppc64Consts[:], anyPPCConsts[:], commonConsts[:]}
	case arch.PPC64LE:
		return [][]entry{ppc64leConsts[:], anyPPCConsts[:], commonConsts[:]}
	case arch.M68K, arch.PARISC, arch.PARISC64, arch.S390, arch.SH, arch.SHEB:
		return [][]entry{commonConsts[:]}
	}
	return nil
}

// extras are the hand-written tables. They come before the generated ones.
func extras(a arch.Arch) [][]extra {
	switch a {
	case arch.ARM:
		return [][]extra{armFileExtras[:], lockExtras[:], fileExtras[:], commonExtras[:]}
	case arch.X86:
		return [][]extra{lockExtras[:], fileExtras[:], commonExtras[:]}
	case arch.X86_64, arch.X32, arch.AArch64, arch.LoongArch64, arch.RISCV64:
		return [][]extra{fileExtras[:], commonExtras[:]}
	case arch.S390X:
		return [][]extra{s390xExtras[:], fileExtras[:], commonExtras[:]}
	case arch.MIPS, arch.MIPSel:
		return [][]extra{mipsLockExtras[:], mipsFileExtras[:], commonExtras[:]}
	case arch.MIPS64, arch.MIPSel64, arch.MIPS64N32, arch.MIPSel64N32:
		return [][]extra{mipsFileExtras[:], commonExtras[:]}
	case arch.PPC:
		return [][]extra{lockExtras[:], ppcFileExtras[:], commonExtras[:]}
	case arch.PPC64, arch.PPC64LE:
		return [][]extra{ppcFileExtras[:], commonExtras[:]}
	case arch.M68K, arch.PARISC, arch.PARISC64, arch.S390, arch.SH, arch.SHEB:
		return [][]extra{commonExtras[:]}
	}
	return nil
}

func (e entry) compare(name string) int { return strings.Compare(e.name, name) }
func (e extra) compare(name string) int { return strings.Compare(e.name, name) }
