//go:build linux

#include "textflag.h"

// func raw(nr uint32, args *[6]uint64) uintptr
TEXT ·raw(SB), NOSPLIT, $0-24
	MOVWU nr+0(FP), A7
	MOV   args+8(FP), T0
	MOV   0(T0), A0
	MOV   8(T0), A1
	MOV   16(T0), A2
	MOV   24(T0), A3
	MOV   32(T0), A4
	MOV   40(T0), A5
	ECALL
	MOV   A0, ret+16(FP)
	RET

// func rawEntry() uintptr
TEXT ·rawEntry(SB), NOSPLIT, $0-8
	MOV $·raw(SB), A0
	MOV A0, ret+0(FP)
	RET
