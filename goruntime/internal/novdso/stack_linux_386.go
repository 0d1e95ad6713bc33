package novdso

import "golang.org/x/sys/unix"

// stackPointer is that of a stopped process.
func stackPointer(pid int) (uintptr, error) {
	var regs unix.PtraceRegs386
	err := unix.PtraceGetRegs386(pid, &regs)
	return uintptr(uint32(regs.Esp)), err
}
