//go:build linux && (ppc64 || ppc64le)

#include "textflag.h"

// func raw(nr uint32, args *[6]uint64) uintptr
//
// The kernel reports failure by the summary overflow bit, and a positive errno.
TEXT ·raw(SB), NOSPLIT, $0-24
	MOVWZ nr+0(FP), R9
	MOVD  args+8(FP), R10
	MOVD  0(R10), R3
	MOVD  8(R10), R4
	MOVD  16(R10), R5
	MOVD  24(R10), R6
	MOVD  32(R10), R7
	MOVD  40(R10), R8
	SYSCALL R9
	BVC   ok
	NEG   R3, R3
ok:
	MOVD  R3, ret+16(FP)
	RET

// func rawEntry() uintptr
TEXT ·rawEntry(SB), NOSPLIT, $0-8
	MOVD $·raw(SB), R3
	MOVD R3, ret+0(FP)
	RET
