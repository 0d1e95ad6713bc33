//go:build linux

#include "textflag.h"

// func raw(nr uint32, args *[6]uint64) uintptr
TEXT ·raw(SB), NOSPLIT, $0-24
	MOVWU nr+0(FP), R11
	MOVV  args+8(FP), R12
	MOVV  0(R12), R4
	MOVV  8(R12), R5
	MOVV  16(R12), R6
	MOVV  24(R12), R7
	MOVV  32(R12), R8
	MOVV  40(R12), R9
	SYSCALL
	MOVV  R4, ret+16(FP)
	RET

// func rawEntry() uintptr
TEXT ·rawEntry(SB), NOSPLIT, $0-8
	MOVV $·raw(SB), R4
	MOVV R4, ret+0(FP)
	RET
