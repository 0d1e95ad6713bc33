package install

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Exec installs filter on the calling thread and replaces the process by the
// program at path, with arguments argv (argv[0] is the program's name) and
// environment envv. It is for code that sets up a sandbox and then starts what
// runs in it. The filter must allow execve, and all the new program needs to
// start; a program of another architecture than the filter's dies at once.
//
// Exec does not return if all goes well. An error other than
// [*os.SyscallError] means that nothing has changed. After an [*os.SyscallError]
// the thread may be under the filter already: it stays locked to the goroutine
// ([runtime.LockOSThread]), and all that is left to do is to exit.
//
// The new program inherits the descriptors not marked close-on-exec, and the
// limit on their number as the Go runtime raised it at start, unlike with
// [syscall.Exec].
func Exec(filter []unix.SockFilter, path string, argv, envv []string, flags ...Flag) error {
	p, err := prepare(filter, 0, flags)
	if err != nil {
		return err
	}
	r, err := newReplacement(path, argv, envv)
	if err != nil {
		return err
	}
	runtime.LockOSThread()
	a := p.loadAndExec(r)
	if a.call != "execve" {
		runtime.UnlockOSThread()
		return a.err()
	}
	return fmt.Errorf("install: filter installed, program not started: %w", os.NewSyscallError(a.call, a.errno))
}

// A replacement is the program to become, in the form execve takes.
type replacement struct {
	path       *byte
	argv, envv []*byte // each ends with nil
}

func newReplacement(path string, argv, envv []string) (*replacement, error) {
	// The likely mistakes, while an error can still be handled.
	if len(argv) == 0 {
		return nil, errors.New("install: arguments: argv[0], the program's name, is missing; nothing installed")
	}
	r := new(replacement)
	var err error
	if r.path, err = unix.BytePtrFromString(path); err != nil {
		return nil, fmt.Errorf("install: path: %w", err)
	}
	if r.argv, err = pointers(argv); err != nil {
		return nil, fmt.Errorf("install: arguments: %w", err)
	}
	if r.envv, err = pointers(envv); err != nil {
		return nil, fmt.Errorf("install: environment: %w", err)
	}
	if err := unix.Access(path, unix.X_OK); err != nil {
		return nil, fmt.Errorf("install: nothing installed: %w", &os.PathError{Op: "exec", Path: path, Err: err})
	}
	return r, nil
}

func pointers(list []string) ([]*byte, error) {
	ps := make([]*byte, len(list)+1)
	for i, s := range list {
		var err error
		if ps[i], err = unix.BytePtrFromString(s); err != nil {
			return nil, err
		}
	}
	return ps, nil
}

// loadAndExec makes three calls and, like load, none that the filter might
// deny but the last, which it must allow.
//
//go:nosplit
func (p *program) loadAndExec(r *replacement) answer {
	if a := p.load(); a.call != "" {
		return a
	}
	_, _, errno := unix.RawSyscall(unix.SYS_EXECVE,
		uintptr(unsafe.Pointer(r.path)), uintptr(unsafe.Pointer(&r.argv[0])), uintptr(unsafe.Pointer(&r.envv[0])))
	return answer{"execve", 0, errno}
}
