//go:build linux

#include "textflag.h"

// func raw(nr uint32, args *[6]uint64) uintptr
TEXT ·raw(SB), NOSPLIT, $0-12
	MOVW nr+0(FP), R7
	MOVW args+4(FP), R8
	MOVW 0(R8), R0
	MOVW 8(R8), R1
	MOVW 16(R8), R2
	MOVW 24(R8), R3
	MOVW 32(R8), R4
	MOVW 40(R8), R5
	SWI  $0
	MOVW R0, ret+8(FP)
	RET

// func rawEntry() uintptr
TEXT ·rawEntry(SB), NOSPLIT, $0-4
	MOVW $·raw(SB), R0
	MOVW R0, ret+0(FP)
	RET
