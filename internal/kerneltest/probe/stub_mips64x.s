//go:build linux && (mips64 || mips64le)

#include "textflag.h"

// func raw(nr uint32, args *[6]uint64) uintptr
//
// The kernel reports failure by R7, and a positive errno.
TEXT ·raw(SB), NOSPLIT, $0-24
	MOVWU nr+0(FP), R2
	MOVV  args+8(FP), R10
	MOVV  0(R10), R4
	MOVV  8(R10), R5
	MOVV  16(R10), R6
	MOVV  24(R10), R7
	MOVV  32(R10), R8
	MOVV  40(R10), R9
	SYSCALL
	BEQ   R7, ok
	SUBVU R2, R0, R2
ok:
	MOVV  R2, ret+16(FP)
	RET

// func rawEntry() uintptr
TEXT ·rawEntry(SB), NOSPLIT, $0-8
	MOVV $·raw(SB), R2
	MOVV R2, ret+0(FP)
	RET
