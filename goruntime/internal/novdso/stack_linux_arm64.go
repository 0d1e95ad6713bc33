package novdso

import "golang.org/x/sys/unix"

// stackPointer is that of a stopped process.
func stackPointer(pid int) (uintptr, error) {
	var regs unix.PtraceRegsArm64
	err := unix.PtraceGetRegsArm64(pid, &regs)
	return uintptr(regs.Sp), err
}
