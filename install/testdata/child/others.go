//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"syscall"
	"unsafe"

	"github.com/tileseal/tileseal/install"
	"golang.org/x/sys/unix"
)

// twice seals two times; args[0] says whose call to make.
func twice(args []string) error {
	if err := install.Process(killing(getpgid)); err != nil {
		return err
	}
	if err := sealAnd(); err != nil {
		return err
	}
	switch args[0] {
	case "first":
		denied1(getpgid)
	case "second":
		denied1(getppid)
	}
	return nil
}

func flags([]string) error {
	if err := sealAnd(install.Log, install.SpecAllow); err != nil {
		return err
	}
	denied1(getppid)
	return nil
}

// nnp seals a process whose no_new_privs is set already, on one thread and
// then on all.
func nnp([]string) error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if err := sealAnd(); err != nil {
		return err
	}
	return sealAnd()
}

// privileged installs a filter the way root may, without no_new_privs, which
// is not what sealed means.
func privileged([]string) error {
	filter := killing(getppid)
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	if errno == unix.EACCES {
		return skip("no CAP_SYS_ADMIN")
	}
	if errno != 0 {
		return errno
	}
	if slices.Contains(before, "NoNewPrivs:\t1\n") {
		return skip("no_new_privs was set from the start")
	}
	var ue *install.UnsealedError
	if err := install.Verify(os.Getpid()); !errors.As(err, &ue) || len(ue.TIDs) != ue.Threads {
		return fmt.Errorf("verify: %v", err)
	}
	return nil
}

// nobody gives up root, and all capabilities with it, before it seals.
func nobody([]string) error {
	const nobody = 65534
	if err := syscall.Setresuid(nobody, nobody, nobody); err != nil {
		return skip(err.Error())
	}
	if os.Geteuid() != nobody {
		return errors.New("still root")
	}
	if err := sealAnd(); err != nil {
		return err
	}
	denied1(getppid)
	return nil
}

// thread filters one thread and makes the call on another, or on that one.
func thread(args []string) error {
	tids := make(chan int)
	now := make(chan bool)
	go func() {
		runtime.LockOSThread()
		if err := install.Thread(killing(getppid)); err != nil {
			panic(err)
		}
		tids <- unix.Gettid()
		<-now
		denied1(getppid)
	}()
	filtered := <-tids
	runtime.LockOSThread()
	unix.RawSyscall(getppid, 0, 0, 0) // comes back
	var ue *install.UnsealedError
	if err := install.Verify(os.Getpid()); !errors.As(err, &ue) {
		return fmt.Errorf("verify: %v", err)
	}
	if len(ue.TIDs) != ue.Threads-1 {
		return fmt.Errorf("verify: %v; only %d is filtered", ue, filtered)
	}
	for _, tid := range ue.TIDs {
		if tid == filtered {
			return fmt.Errorf("verify: %v; %d is filtered", ue, filtered)
		}
	}
	fmt.Println("others open")
	if args[0] == "filtered" {
		now <- true
		select {}
	}
	return nil
}

// staging runs into a trap.
func staging([]string) error {
	if err := install.Process(install.Staging(killing(getppid))); err != nil {
		return err
	}
	denied1(getppid)
	return nil
}
