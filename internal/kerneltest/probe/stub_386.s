//go:build linux

#include "textflag.h"

// func raw(nr uint32, args *[6]uint64) uintptr
//
// Every register may be used: Go keeps nothing in BP on 386, and arguments
// are addressed from SP.
TEXT ·raw(SB), NOSPLIT, $0-12
	MOVL args+4(FP), AX
	MOVL 0(AX), BX
	MOVL 8(AX), CX
	MOVL 16(AX), DX
	MOVL 24(AX), SI
	MOVL 32(AX), DI
	MOVL 40(AX), BP
	MOVL nr+0(FP), AX
	INT  $0x80
	MOVL AX, ret+8(FP)
	RET

// func rawEntry() uintptr
TEXT ·rawEntry(SB), NOSPLIT, $0-4
	LEAL ·raw(SB), AX
	MOVL AX, ret+0(FP)
	RET
