//go:build linux && !amd64

package main

// There is no second way into the kernel here; kerneltest does not ask for it.

var enter80 = enter

func raw80(nr uint32, args *[6]uint64) uintptr { return raw(nr, args) }

func raw80Entry() uintptr { return rawEntry() }
