//go:build linux

package stage

import (
	"os"
	"runtime"
	"unsafe"

	"github.com/tileseal/tileseal/goruntime/internal/wire"
	"golang.org/x/sys/unix"
)

// Seal installs on every thread the filter that the parent has made for the
// numbers it was told, and sends on standard input. It does not stand on package
// install, so that a test of the baselines tests just them.
func Seal() error {
	filter, err := wire.Decode[unix.SockFilter](os.Stdin)
	if err != nil {
		return err
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends here
		done <- load(filter)
	}()
	return <-done
}

func load(filter []unix.SockFilter) error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	tid, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return errno
	}
	if tid != 0 {
		return unix.ESRCH // a thread with a filter of its own
	}
	return nil
}
