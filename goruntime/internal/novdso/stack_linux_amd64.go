package novdso

import "golang.org/x/sys/unix"

// stackPointer is that of a stopped process. The kernel answers PTRACE_GETREGS in
// the form of the asking program, whatever the other one is.
func stackPointer(pid int) (uintptr, error) {
	var regs unix.PtraceRegsAmd64
	err := unix.PtraceGetRegsAmd64(pid, &regs)
	return uintptr(regs.Rsp), err
}
