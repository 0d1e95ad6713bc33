package sandbox

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A region is memory at a random place that holds the arguments of the execve that
// starts the command.
type region struct {
	pins [3]uintptr // the path, and the arrays of pointers to arguments and environment
}

const word = bits.UintSize / 8

// newRegion puts the path, the arrays and the strings into memory of their own, at
// an address that nothing in the new program follows from. There are 2^31 pages to
// choose from, or 2^18 with 32-bit addresses, and the place within is random as well.
func newRegion(l *launch) (*region, error) {
	const page = 4096
	strings := slices.Concat([]string{l.Path}, l.Args, l.Env)
	size := (len(l.Args) + len(l.Env) + 2) * word
	for _, s := range strings {
		if slices.Contains([]byte(s), 0) {
			return nil, fmt.Errorf("%q: a NUL ends what the kernel reads of it", s)
		}
		size += len(s) + 1
	}
	base, err := mapRandom(size + page)
	if err != nil {
		return nil, err
	}
	at := uintptr(random() % (page / 16) * 16) // from the base
	memory := unsafe.Slice((*byte)(base), size+page)
	put := func(s string) uintptr {
		start := at
		copy(memory[at:], s)
		at += uintptr(len(s)) + 1
		return uintptr(base) + start
	}
	list := func(ss []string) uintptr {
		var ps []uintptr
		for _, s := range ss {
			ps = append(ps, put(s))
		}
		at = (at + word - 1) &^ (word - 1)
		start := at
		for _, p := range append(ps, 0) {
			*(*uintptr)(unsafe.Pointer(&memory[at])) = p
			at += word
		}
		return uintptr(base) + start
	}
	r := &region{}
	r.pins[0] = put(l.Path)
	r.pins[1] = list(l.Args)
	r.pins[2] = list(l.Env)
	return r, nil
}

// mapRandom maps size bytes at a random address that is free.
func mapRandom(size int) (unsafe.Pointer, error) {
	const page = 4096
	first, pages := uint64(1)<<32, uint64(1)<<31 // below 2^44: every 64-bit layout has that
	if word == 4 {
		first, pages = 1<<28, 1<<18
	}
	const tries = 64
	for range tries {
		addr := uintptr(first + random()%pages*page)
		p, err := unix.MmapPtr(-1, 0, unsafe.Add(nil, addr), uintptr(size),
			unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_FIXED_NOREPLACE)
		if err == nil && uintptr(p) == addr {
			return p, nil
		}
		if err == nil { // a kernel before 4.17 takes the address as a hint
			return p, nil
		}
	}
	return nil, errors.New("no free memory at any random address")
}

func random() uint64 {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return binary.NativeEndian.Uint64(b[:])
}
