//go:build linux && (mips || mipsle)

#include "textflag.h"

// LOW is where the low word of a 64-bit argument is.
#ifdef GOARCH_mips
#define LOW 4
#else
#define LOW 0
#endif

// func raw(nr uint32, args *[6]uint64) uintptr
//
// The fifth and sixth argument go on the stack, at 16 and 20 of it. The kernel
// reports failure by R7, and a positive errno.
TEXT ·raw(SB), NOSPLIT, $20-12
	MOVW nr+0(FP), R2
	MOVW args+4(FP), R8
	MOVW (0+LOW)(R8), R4
	MOVW (8+LOW)(R8), R5
	MOVW (16+LOW)(R8), R6
	MOVW (24+LOW)(R8), R7
	MOVW (32+LOW)(R8), R9
	MOVW R9, 16(R29)
	MOVW (40+LOW)(R8), R9
	MOVW R9, 20(R29)
	SYSCALL
	BEQ  R7, ok
	SUBU R2, R0, R2
ok:
	MOVW R2, ret+8(FP)
	RET

// func rawEntry() uintptr
TEXT ·rawEntry(SB), NOSPLIT, $0-4
	MOVW $·raw(SB), R2
	MOVW R2, ret+0(FP)
	RET
