//go:build linux

#include "textflag.h"

// func raw(nr uint32, args *[6]uint64) uintptr
TEXT ·raw(SB), NOSPLIT, $0-24
	MOVL nr+0(FP), AX
	MOVQ args+8(FP), R12
	MOVQ 0(R12), DI
	MOVQ 8(R12), SI
	MOVQ 16(R12), DX
	MOVQ 24(R12), R10
	MOVQ 32(R12), R8
	MOVQ 40(R12), R9
	SYSCALL
	MOVQ AX, ret+16(FP)
	RET

// func rawEntry() uintptr
TEXT ·rawEntry(SB), NOSPLIT, $0-8
	LEAQ ·raw(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// func raw80(nr uint32, args *[6]uint64) uintptr
//
// The registers are loaded in full: the kernel cuts the arguments to 32 bits,
// a filter should not notice that it does.
TEXT ·raw80(SB), NOSPLIT, $8-24
	MOVQ BP, saved-8(SP)
	MOVL nr+0(FP), AX
	MOVQ args+8(FP), R12
	MOVQ 0(R12), BX
	MOVQ 8(R12), CX
	MOVQ 16(R12), DX
	MOVQ 24(R12), SI
	MOVQ 32(R12), DI
	MOVQ 40(R12), BP
	INT  $0x80
	MOVQ saved-8(SP), BP
	MOVQ AX, ret+16(FP)
	RET

// func raw80Entry() uintptr
TEXT ·raw80Entry(SB), NOSPLIT, $0-8
	LEAQ ·raw80(SB), AX
	MOVQ AX, ret+0(FP)
	RET
