//go:build linux

package main

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// A call is a system call that its policy allows for its arguments, and that
// does nothing.
type call struct {
	nr   uintptr
	args [3]uintptr
}

// word is what calls are given the address of.
var word uint32

// unknownPersona asks for the execution domain and changes nothing
// (personality(2)).
const unknownPersona = 0xffffffff

// calls are what is measured. Each is checked for an argument in its policy, so
// that the kernel does not answer from its cache. Descriptors 3 to 10 are
// /dev/null, and the advice is about no memory. A futex would not do: whether its
// place in the kernel's hash table is one of the Go runtime's too is chance.
var calls = map[string]call{
	"write":       {unix.SYS_WRITE, [3]uintptr{5, uintptr(unsafe.Pointer(&word)), 0}},
	"read":        {unix.SYS_READ, [3]uintptr{9, uintptr(unsafe.Pointer(&word)), 0}},
	"personality": {unix.SYS_PERSONALITY, [3]uintptr{unknownPersona}},
	"madvise":     {unix.SYS_MADVISE, [3]uintptr{0, 0, unix.MADV_DONTNEED}},
}
