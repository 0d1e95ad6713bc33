package sandbox

import (
	"encoding/gob"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Enter is the second process's part: it becomes the command that comes through
// the socket whose number is in arg. It returns if it cannot, after it has told the first
// process why; there is nothing left to do then but to exit.
func Enter(arg string) {
	fd, err := strconv.Atoi(arg)
	if err != nil {
		return
	}
	unix.CloseOnExec(fd)
	socket := os.NewFile(uintptr(fd), "socket")
	var l launch
	err = gob.NewDecoder(socket).Decode(&l)
	if err == nil {
		err = l.run(fd)
	}
	if err != nil {
		fmt.Fprint(socket, err)
	}
}

// An entry is what the thread that installs the filter, and may then call nothing
// but execve, tells the other. It does so by memory alone, a word at a time, and not
// by package sync/atomic: to the race detector that is a call into its own runtime,
// which may want memory from the kernel.
type entry struct {
	prog   unix.SockFprog
	flags  uintptr
	region *region

	listener uintptr // from seccomp, plus 1
	failed   uintptr // an errno, and above it which call failed
}

const errnoBits = 16

// told is what enter has told so far.
//
//go:nosplit
//go:norace
//go:noinline
func (e *entry) told() (listener, failed uintptr) { return e.listener, e.failed }

func (l *launch) run(socket int) error {
	// The likely mistakes, while an error can still be told with ease.
	if err := unix.Access(l.Path, unix.X_OK); err != nil {
		return &os.PathError{Op: "exec", Path: l.Path, Err: err}
	}
	// The Go runtime has raised the limit on descriptors for this process. Package
	// syscall puts it back before an execve, this one too, which fails with ENOENT.
	syscall.Exec("", []string{""}, nil)
	r, err := newRegion(l)
	if err != nil {
		return err
	}
	filter := make([]unix.SockFilter, len(l.Filter))
	for i, in := range l.Filter {
		filter[i] = unix.SockFilter{Code: uint16(in[0]), Jt: uint8(in[1]), Jf: uint8(in[2]), K: in[3]}
	}
	for _, s := range l.Pins {
		filter[s.PC].K = uint32(r.pins[s.Pin])
		if s.High {
			filter[s.PC].K = uint32(uint64(r.pins[s.Pin]) >> 32)
		}
	}
	e := &entry{region: r, prog: unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}}
	if l.Listen {
		e.flags = listenFlags()
	}
	go func() {
		runtime.LockOSThread()
		e.enter()
	}()
	return e.watch(socket, l.Listen)
}

// listenFlags ask for a listener. If the kernel can, a call that has been told of
// is not interrupted by signals, so that none is told of twice (Linux 5.19).
func listenFlags() uintptr {
	const flags = unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
	_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, 0)
	if errno == unix.EFAULT { // it would have taken them, but for the filter
		return flags
	}
	return unix.SECCOMP_FILTER_FLAG_NEW_LISTENER
}

// The calls of enter.
const (
	setNoNewPrivs = iota
	install
	execute
)

var callNames = [...]string{"prctl(PR_SET_NO_NEW_PRIVS)", "seccomp", "execve"}

// enter makes three calls. After the second there must be none but the third:
// neither the memory allocator's nor the scheduler's. If one fails, it waits for the
// other thread to end the process.
//
//go:nosplit
//go:norace
func (e *entry) enter() {
	if _, _, errno := unix.RawSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0); errno != 0 {
		e.fail(setNoNewPrivs, errno)
	}
	fd, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, e.flags, uintptr(unsafe.Pointer(&e.prog)))
	if errno != 0 {
		e.fail(install, errno)
	}
	e.listener = fd + 1
	_, _, errno = unix.RawSyscall(unix.SYS_EXECVE, e.region.pins[0], e.region.pins[1], e.region.pins[2])
	e.fail(execute, errno)
}

//go:nosplit
//go:norace
func (e *entry) fail(call uintptr, errno unix.Errno) {
	failed := call<<errnoBits | uintptr(errno)
	e.failed = failed
	for failed != 0 { // always: to sleep would be a call
		_, failed = e.told()
	}
}

// watch hands over the listener, and ends with what failed, or with the execve.
func (e *entry) watch(socket int, listen bool) error {
	for {
		listener, failed := e.told()
		if listen && listener > 0 {
			listen = false
			if err := unix.Sendmsg(socket, []byte{0}, unix.UnixRights(int(listener-1)), nil, 0); err != nil {
				return fmt.Errorf("handing over the listener: %w", err)
			}
		}
		if failed != 0 {
			return os.NewSyscallError(callNames[failed>>errnoBits], unix.Errno(failed&(1<<errnoBits-1)))
		}
		time.Sleep(100 * time.Microsecond)
	}
}
