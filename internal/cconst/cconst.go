// Package cconst knows the C constants a policy may name: their value and C
// type on each architecture, and whether golang.org/x/sys/unix has them, so
// that generated Go can. It also knows the sizes of C types, and the names
// x/sys/unix gives system calls.
//
// Most constants are generated from x/sys/unix by internal/mktables. Their C
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

// Lookup finds a constant by its C name.
func Lookup(a arch.Arch, name string) (Const, bool) {
	for _, table := range extras(a) {
		if i, ok := slices.BinarySearchFunc(table, name, extra.compare); ok {
			e := table[i]
			return Const{name, e.value, e.ctype, false, e.source}, true
		}
	}
	for _, table := range tables(a) {
		if i, ok := slices.BinarySearchFunc(table, name, entry.compare); ok {
			e := table[i]
			return Const{name, e.value, e.ctype, true, ""}, true
		}
	}
	return Const{}, false
}

// Names lists the names Lookup knows on a, in no particular order but always
// in the same one. A name may come twice.
func Names(a arch.Arch) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, table := range extras(a) {
			for _, e := range table {
				if !yield(e.name) {
					return
				}
			}
		}
		for _, table := range tables(a) {
			for _, e := range table {
				if !yield(e.name) {
					return
				}
			}
		}
	}
}

// tables are those generated from x/sys/unix; none for an architecture that
// is not a target.
func tables(a arch.Arch) [][]entry {
	switch a {
	case arch.X86:
		return [][]entry{x86Consts[:], commonConsts[:]}
	case arch.X86_64:
		return [][]entry{x86_64Consts[:], commonConsts[:]}
	case arch.AArch64:
		return [][]entry{aarch64Consts[:], commonConsts[:]}
	}
	return nil
}

// extras are the hand-written tables. They come before the generated ones.
func extras(a arch.Arch) [][]extra {
	switch a {
	case arch.X86:
		return [][]extra{x86Extras[:], commonExtras[:]}
	case arch.X86_64, arch.AArch64:
		return [][]extra{commonExtras[:]}
	}
	return nil
}

func (e entry) compare(name string) int { return strings.Compare(e.name, name) }
func (e extra) compare(name string) int { return strings.Compare(e.name, name) }
