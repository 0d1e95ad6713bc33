//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/tileseal/tileseal/install"
	"golang.org/x/sys/unix"
)

// shut has an outer filter refuse no_new_privs, and then tries to install
// another for a thread, or before a program.
func shut(args []string) error {
	const ldAbs, jeq, ret, arg0 = 0x20, 0x15, 0x06, 16
	outer := []unix.SockFilter{
		{Code: ldAbs, K: 0},
		{Code: jeq, K: unix.SYS_PRCTL, Jf: 3},
		{Code: ldAbs, K: arg0},
		{Code: jeq, K: unix.PR_SET_NO_NEW_PRIVS, Jf: 1},
		{Code: ret, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{Code: ret, K: unix.SECCOMP_RET_ALLOW},
	}
	if err := install.Process(outer); err != nil {
		return err
	}
	runtime.LockOSThread()
	var err error
	switch args[0] {
	case "thread":
		err = install.Thread(killing(getppid))
	case "exec":
		err = install.Exec(killing(getppid), os.Args[0], []string{os.Args[0], "hello"}, nil)
	}
	var se *os.SyscallError
	if !errors.As(err, &se) {
		return fmt.Errorf("not refused: %v", err)
	}
	unix.RawSyscall(getppid, 0, 0, 0) // comes back: nothing has been installed
	return err
}

// blind has an outer filter answer all that seccomp is asked, or all files that
// are opened, and looks at what is there.
func blind(args []string) error {
	var err error
	switch args[0] {
	case "probe":
		if err = install.Process(except(unix.SECCOMP_RET_ERRNO|uint32(unix.ENOSYS), unix.SYS_SECCOMP)); err == nil {
			_, err = install.Probe()
		}
		if err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return fmt.Errorf("not unsupported: %v", err)
		}
	case "verify":
		if err = install.Process(noFiles()); err == nil {
			err = install.Verify(os.Getpid())
		}
		if err != nil && !errors.Is(err, unix.EACCES) {
			return fmt.Errorf("not denied: %v", err)
		}
	}
	return err
}

// noFiles refuses to open files for reading, and not directories.
func noFiles() []unix.SockFilter {
	const ldAbs, jeq, jset, ret, arg2 = 0x20, 0x15, 0x45, 0x06, 32
	const other = unix.O_DIRECTORY | unix.O_WRONLY | unix.O_RDWR | unix.O_CREAT
	return []unix.SockFilter{
		{Code: ldAbs, K: 0},
		{Code: jeq, K: unix.SYS_OPENAT, Jf: 3},
		{Code: ldAbs, K: arg2},
		{Code: jset, K: other, Jt: 1},
		{Code: ret, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EACCES)},
		{Code: ret, K: unix.SECCOMP_RET_ALLOW},
	}
}
