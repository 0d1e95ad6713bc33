//go:build linux

package main

import (
	"io"
	"runtime"
	"unsafe"

	"github.com/tileseal/tileseal/goruntime/internal/wire"
	"golang.org/x/sys/unix"
)

// seal installs on every thread the filter that it reads from in. With listen it
// returns the descriptor on which the kernel reports the calls that the filter
// leaves to a supervisor. It does not stand on package install, so that what is
// measured is the baselines alone.
func seal(in io.Reader, listen bool) (fd int, err error) {
	filter, err := wire.Decode[unix.SockFilter](in)
	if err != nil {
		return 0, err
	}
	flags := uintptr(unix.SECCOMP_FILTER_FLAG_TSYNC)
	if listen {
		flags |= unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_TSYNC_ESRCH
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread() // on success it is like all the others
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return 0, err
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	r, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return 0, errno
	}
	if !listen && r != 0 {
		return 0, unix.ESRCH // the id of a thread with a filter of its own
	}
	return int(r), nil
}
