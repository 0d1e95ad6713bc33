//go:build linux

package main

var (
	enter   = []byte{0x0f, 0x05} // syscall
	enter80 = []byte{0xcd, 0x80} // int $0x80
)

// raw80 is raw through int 0x80: an i386 call, from a 64-bit process.
//
//go:noescape
func raw80(nr uint32, args *[6]uint64) uintptr

func raw80Entry() uintptr
