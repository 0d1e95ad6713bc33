package install

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// waitKillable is SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV. It is taken with
// NEW_LISTENER only (kernel/seccomp.c, seccomp_set_mode_filter).
const waitKillable = 1 << 5

// Probe asks the kernel, and changes nothing. The error is an
// [*UnsupportedError]: there are no filters, or an outer one denies the
// question.
func Probe() (Features, error) {
	var f Features
	if errno := tryFlags(0); errno != unix.EFAULT {
		return f, &UnsupportedError{What: "seccomp filters", Err: os.NewSyscallError("seccomp", errno)}
	}
	for flag := uint32(1); flag <= waitKillable; flag <<= 1 {
		with := flag
		if flag == waitKillable {
			with |= unix.SECCOMP_FILTER_FLAG_NEW_LISTENER
		}
		if tryFlags(uintptr(with)) == unix.EFAULT {
			f.Flags = append(f.Flags, flag)
		}
	}
	for _, action := range [...]uint32{
		unix.SECCOMP_RET_KILL_PROCESS, unix.SECCOMP_RET_KILL_THREAD, unix.SECCOMP_RET_TRAP, unix.SECCOMP_RET_ERRNO,
		unix.SECCOMP_RET_USER_NOTIF, unix.SECCOMP_RET_TRACE, unix.SECCOMP_RET_LOG, unix.SECCOMP_RET_ALLOW,
	} {
		if tryAction(action) == 0 {
			f.Actions = append(f.Actions, action)
		}
	}
	return f, nil
}

// tryFlags offers the kernel no program at all. It looks at the flags first:
// EFAULT says that it would have taken them, EINVAL that it does not know
// them (seccomp(2), EFAULT and EINVAL).
func tryFlags(flags uintptr) unix.Errno {
	_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, 0)
	return errno
}

// tryAction asks whether the kernel knows an action; EOPNOTSUPP says no.
func tryAction(action uint32) unix.Errno {
	_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, uintptr(unsafe.Pointer(&action)))
	return errno
}

// oldAction reports whether every kernel with filters has the action. The
// others came later, and an older kernel takes them for kill thread.
func oldAction(action uint32) bool {
	switch action {
	case unix.SECCOMP_RET_KILL_THREAD, unix.SECCOMP_RET_TRAP, unix.SECCOMP_RET_ERRNO,
		unix.SECCOMP_RET_TRACE, unix.SECCOMP_RET_ALLOW:
		return true
	}
	return false
}
