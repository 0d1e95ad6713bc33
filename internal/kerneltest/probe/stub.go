//go:build linux

package main

import (
	"bytes"
	"fmt"
	"unsafe"
)

// raw makes one system call and returns what the kernel did: a value, or an
// errno's negative. All its calls are made by one instruction, whose address
// tells them from the Go runtime's.
//
//go:noescape
func raw(nr uint32, args *[6]uint64) uintptr

// rawEntry is the address of raw's code. (A func value would be that of the
// wrapper the compiler puts around assembly.)
func rawEntry() uintptr

// returnAddress finds the instruction after the one that enters the kernel,
// in the code that starts at entry: what the kernel stores in
// seccomp_data.instruction_pointer.
func returnAddress(entry uintptr, enter []byte) (uint64, error) {
	const longest = 128 // bytes; the stubs are shorter
	// The code is mapped for the life of the process and never moves.
	code := unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&entry))), longest)
	i := bytes.Index(code, enter)
	if i < 0 {
		return 0, fmt.Errorf("no instruction % x in the stub", enter)
	}
	return uint64(entry) + uint64(i+len(enter)), nil
}
