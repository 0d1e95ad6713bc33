//go:build linux

package main

import (
	"unsafe"

	"github.com/tileseal/tileseal/internal/bpf"
	"golang.org/x/sys/cpu"
	"golang.org/x/sys/unix"
)

// Opcodes of the gate that no policy uses.
const ldImm = 0x00 // A = K

// gate puts before prog six instructions that allow every call but those
// returning to addr, and leave A as they found it: 0.
func gate(addr uint64, prog []bpf.Insn) []bpf.Insn {
	low, high := uint32(bpf.OffIP), uint32(bpf.OffIP+4)
	if cpu.IsBigEndian {
		low, high = high, low
	}
	gated := []bpf.Insn{
		{Code: bpf.LdAbs, K: low},
		{Code: bpf.Jeq, Jf: 2, K: uint32(addr)},
		{Code: bpf.LdAbs, K: high},
		{Code: bpf.Jeq, Jt: 1, K: uint32(addr >> 32)},
		{Code: bpf.RetK, K: unix.SECCOMP_RET_ALLOW},
		{Code: ldImm, K: 0},
	}
	return append(gated, prog...)
}

// noNewPrivs is what lets the calling thread load filters without root.
func noNewPrivs() error {
	return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

// load is seccomp(SECCOMP_SET_MODE_FILTER) and nothing else: this package
// holds the kernel against the library, so it does not go through it.
func load(flags uintptr, prog []bpf.Insn) (uintptr, unix.Errno) {
	return loadFprog(flags, fprogOf(prog))
}

func fprogOf(prog []bpf.Insn) *unix.SockFprog {
	fprog := &unix.SockFprog{Len: uint16(len(prog))}
	if len(prog) > 0 {
		fprog.Filter = (*unix.SockFilter)(unsafe.Pointer(&prog[0]))
	}
	return fprog
}

// loadFprog calls nothing that could be denied once the filter is in.
//
//go:nosplit
func loadFprog(flags uintptr, fprog *unix.SockFprog) (uintptr, unix.Errno) {
	r, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(fprog)))
	return r, errno
}
