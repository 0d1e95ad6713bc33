package program

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/tileseal/tileseal/internal/bpf"
)

// OfProcess reads the seccomp filters of a process, or of one thread, in the
// order they were installed. It stops the thread with ptrace(2) for as long as
// that takes.
//
// The kernel gives them to a caller with CAP_SYS_ADMIN that has no filter itself,
// and that may trace the process (PTRACE_SECCOMP_GET_FILTER, since Linux 4.4,
// where it has CONFIG_CHECKPOINT_RESTORE). The error says which of it is missing.
func OfProcess(pid int) (filters [][]bpf.Insn, err error) {
	// All requests of ptrace must come from the thread that attached.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.PtraceSeize(pid); err != nil {
		return nil, refusal(pid, "attaching to it", err)
	}
	defer func() {
		// The thread goes on even if detaching fails: seized, it does so when
		// its tracer ends.
		if gone := unix.PtraceDetach(pid); gone != nil && err == nil {
			err = refusal(pid, "detaching from it", gone)
		}
	}()
	if err := unix.PtraceInterrupt(pid); err != nil {
		return nil, refusal(pid, "stopping it", err)
	}
	var status unix.WaitStatus
	for {
		_, err := unix.Wait4(pid, &status, unix.WALL, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, refusal(pid, "waiting for it to stop", err)
		}
		break
	}
	if !status.Stopped() {
		return nil, fmt.Errorf("process %d ended", pid)
	}
	for n := 0; ; n++ {
		prog, err := filterOf(pid, n)
		if errors.Is(err, unix.ENOENT) {
			return filters, nil
		}
		if err != nil {
			return nil, refusal(pid, fmt.Sprintf("reading filter %d", n+1), err)
		}
		filters = append(filters, prog)
	}
}

// filterOf reads the n-th filter of a stopped thread, the one installed first
// being number 0. The error is ENOENT if there are no more.
func filterOf(pid, n int) ([]bpf.Insn, error) {
	prog := make([]bpf.Insn, bpf.MaxInsns)
	count, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_SECCOMP_GET_FILTER,
		uintptr(pid), uintptr(n), uintptr(unsafe.Pointer(&prog[0])), 0, 0)
	if errno != 0 {
		return nil, errno
	}
	return prog[:count:count], nil
}

// refusal says what the kernel wants of a caller it refuses.
func refusal(pid int, what string, err error) error {
	why := ""
	switch {
	case errors.Is(err, unix.EPERM):
		why = "; it takes the right to trace it, and no other tracer"
	case errors.Is(err, unix.EACCES):
		why = "; it takes CAP_SYS_ADMIN, and a caller that has no seccomp filter itself"
	case errors.Is(err, unix.EIO), errors.Is(err, unix.EINVAL):
		why = "; the kernel was built without CONFIG_CHECKPOINT_RESTORE, or without seccomp filters"
	case errors.Is(err, unix.EMEDIUMTYPE):
		why = "; the kernel keeps no copy of it"
	}
	return fmt.Errorf("process %d: %s: %w%s", pid, what, err, why)
}
