//go:build linux

#include "textflag.h"

// func raw(nr uint32, args *[6]uint64) uintptr
TEXT ·raw(SB), NOSPLIT, $0-24
	MOVWU nr+0(FP), R8
	MOVD  args+8(FP), R9
	MOVD  0(R9), R0
	MOVD  8(R9), R1
	MOVD  16(R9), R2
	MOVD  24(R9), R3
	MOVD  32(R9), R4
	MOVD  40(R9), R5
	SVC
	MOVD  R0, ret+16(FP)
	RET

// func rawEntry() uintptr
TEXT ·rawEntry(SB), NOSPLIT, $0-8
	MOVD $·raw(SB), R0
	MOVD R0, ret+0(FP)
	RET
