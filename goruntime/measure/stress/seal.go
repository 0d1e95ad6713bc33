//go:build linux

package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// seal installs on every thread the filter that it reads from in: a count of
// instructions and the instructions, in this machine's byte order. With listen
// it returns the descriptor on which the kernel reports the calls that the filter
// leaves to a supervisor. It stands on no other package of this module, so that
// what is measured is the baselines alone.
func seal(in io.Reader, listen bool) (fd int, err error) {
	filter, err := readFilter(in)
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

func readFilter(r io.Reader) ([]unix.SockFilter, error) {
	in := bufio.NewReader(r)
	var n uint32
	if err := binary.Read(in, binary.NativeEndian, &n); err != nil {
		return nil, err
	}
	filter := make([]unix.SockFilter, n)
	return filter, binary.Read(in, binary.NativeEndian, filter)
}
