//go:build linux

#include "textflag.h"

// func raw(nr uint32, args *[6]uint64) uintptr
TEXT ·raw(SB), NOSPLIT, $0-24
	MOVWZ nr+0(FP), R1
	MOVD  args+8(FP), R8
	MOVD  0(R8), R2
	MOVD  8(R8), R3
	MOVD  16(R8), R4
	MOVD  24(R8), R5
	MOVD  32(R8), R6
	MOVD  40(R8), R7
	SYSCALL
	MOVD  R2, ret+16(FP)
	RET

// func rawEntry() uintptr
TEXT ·rawEntry(SB), NOSPLIT, $0-8
	MOVD $·raw(SB), R2
	MOVD R2, ret+0(FP)
	RET
