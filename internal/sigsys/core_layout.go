package sigsys

import (
	"debug/elf"
	"slices"

	"github.com/tileseal/tileseal/arch"
)

// A layout is where a core keeps the arguments of a call. The kernel restores
// the register of the first argument before it raises SIGSYS
// (syscall_rollback), where a result would have taken its place.
type layout struct {
	arch  arch.Arch // of the call, by its AUDIT_ARCH_ value
	class elf.Class // of the core
	word  int       // the size of an element of pr_reg, in bytes
	args  [6]int    // their places in pr_reg
}

// onStack is the place of an argument that is in no register.
const onStack = -1

// layouts are elf_gregset_t of each architecture, as Linux 6.12 has it in the
// files named, and the registers of syscall(2).
var layouts = [...]layout{
	// arch/x86/include/asm/user_64.h, user_32.h: rdi rsi rdx r10 r8 r9, and
	// ebx ecx edx esi edi ebp, which a 64-bit program can use by int $0x80.
	{arch.X86_64, elf.ELFCLASS64, 8, [6]int{14, 13, 12, 7, 9, 8}},
	{arch.X86_64, elf.ELFCLASS32, 8, [6]int{14, 13, 12, 7, 9, 8}}, // x32
	{arch.X86, elf.ELFCLASS64, 8, [6]int{5, 11, 12, 13, 14, 4}},
	{arch.X86, elf.ELFCLASS32, 4, [6]int{0, 1, 2, 3, 4, 5}},
	// arch/arm64/include/uapi/asm/ptrace.h, arch/arm/include/uapi/asm/ptrace.h:
	// x0 to x5, r0 to r5.
	{arch.AArch64, elf.ELFCLASS64, 8, [6]int{0, 1, 2, 3, 4, 5}},
	{arch.ARM, elf.ELFCLASS32, 4, [6]int{0, 1, 2, 3, 4, 5}},
	// arch/riscv/include/uapi/asm/ptrace.h: a0 to a5.
	{arch.RISCV64, elf.ELFCLASS64, 8, [6]int{10, 11, 12, 13, 14, 15}},
	// arch/loongarch/include/uapi/asm/ptrace.h: a0 to a5, which are r4 to r9.
	{arch.LoongArch64, elf.ELFCLASS64, 8, [6]int{4, 5, 6, 7, 8, 9}},
	// arch/powerpc/include/uapi/asm/ptrace.h: r3 to r8.
	{arch.PPC64LE, elf.ELFCLASS64, 8, [6]int{3, 4, 5, 6, 7, 8}},
	{arch.PPC64, elf.ELFCLASS64, 8, [6]int{3, 4, 5, 6, 7, 8}},
	{arch.PPC, elf.ELFCLASS32, 4, [6]int{3, 4, 5, 6, 7, 8}},
	// arch/s390/include/uapi/asm/ptrace.h: r2 to r7, behind the two words of
	// the status.
	{arch.S390X, elf.ELFCLASS64, 8, [6]int{4, 5, 6, 7, 8, 9}},
	{arch.S390, elf.ELFCLASS32, 4, [6]int{4, 5, 6, 7, 8, 9}},
	// arch/mips/include/uapi/asm/reg.h: $4 to $9. The 32-bit ABI has six words
	// in front of $0, and two arguments on the stack; n32 has 64-bit registers.
	{arch.MIPS64, elf.ELFCLASS64, 8, [6]int{4, 5, 6, 7, 8, 9}},
	{arch.MIPSel64, elf.ELFCLASS64, 8, [6]int{4, 5, 6, 7, 8, 9}},
	{arch.MIPS64N32, elf.ELFCLASS32, 8, [6]int{4, 5, 6, 7, 8, 9}},
	{arch.MIPSel64N32, elf.ELFCLASS32, 8, [6]int{4, 5, 6, 7, 8, 9}},
	{arch.MIPS, elf.ELFCLASS32, 4, [6]int{10, 11, 12, 13, onStack, onStack}},
	{arch.MIPSel, elf.ELFCLASS32, 4, [6]int{10, 11, 12, 13, onStack, onStack}},
}

// layoutOf is the layout of a call in a core of a class, if it is known.
func layoutOf(a arch.Arch, class elf.Class) (layout, bool) {
	i := slices.IndexFunc(layouts[:], func(l layout) bool { return l.arch == a && l.class == class })
	if i < 0 {
		return layout{}, false
	}
	return layouts[i], true
}

// stacked reports whether some arguments are in no register.
func (l layout) stacked() bool { return slices.Contains(l.args[:], onStack) }
