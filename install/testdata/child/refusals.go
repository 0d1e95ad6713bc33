//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/tileseal/tileseal/install"
	"golang.org/x/sys/unix"
)

// sealLines are the lines of a thread's status file that a filter or
// no_new_privs changes; nil if the thread is gone.
func sealLines(tid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/status", tid))
	if err != nil {
		return nil
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "NoNewPrivs:") || strings.HasPrefix(line, "Seccomp") {
			lines = append(lines, line)
		}
	}
	return lines
}

// before is how the process started: in a container it may have a filter.
var before = sealLines(os.Getpid())

// untouched reports the threads, other than but, that are not as the process
// started. One that is on its way out is given time to get there.
func untouched(but ...int) error {
	var touched []string
	for range 200 {
		touched = nil
		for tid := range threadsNow() {
			lines := sealLines(tid)
			if lines != nil && !slices.Equal(lines, before) && !slices.Contains(but, tid) {
				touched = append(touched, fmt.Sprint(tid))
			}
		}
		if touched == nil {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("threads %v of process %d are touched", touched, os.Getpid())
}

func init() {
	// Keep other goroutines off the main thread until conflict wants them there.
	if os.Args[1] == "conflict" {
		runtime.LockOSThread()
	}
}

// conflict seals while a thread has a filter of its own.
func conflict([]string) error {
	tids := make(chan int)
	go func() {
		runtime.LockOSThread()
		if err := install.Thread(killing(getpgid)); err != nil {
			panic(err)
		}
		tids <- unix.Gettid()
		select {}
	}()
	inTheWay := <-tids
	// With one processor, the goroutine that Process starts runs where this one
	// does: on the main thread, which would not end with it.
	runtime.GOMAXPROCS(1)
	runtime.UnlockOSThread()
	if unix.Gettid() != unix.Getpid() {
		return errors.New("not on the main thread")
	}
	if err := conflictWith(inTheWay); err != nil {
		return err
	}
	runtime.GOMAXPROCS(4)
	for range 10 {
		if err := conflictWith(inTheWay); err != nil {
			return err
		}
	}
	unix.Getppid() // comes back: nothing has been installed here
	return nil
}

func conflictWith(tid int) error {
	err := install.Process(killing(getppid))
	var c *install.ConflictError
	if !errors.As(err, &c) || c.TID != tid {
		return fmt.Errorf("thread %d is in the way, Process says: %v", tid, err)
	}
	if want := fmt.Sprintf("install: thread %d already has a filter this one does not extend; nothing installed", tid); err.Error() != want {
		return fmt.Errorf("%q, want %q", err, want)
	}
	return untouched(tid)
}

// refused tries filters that cannot be installed.
func refused([]string) error {
	for _, bad := range [][]unix.SockFilter{
		nil,
		make([]unix.SockFilter, 4097),
		except(unix.SECCOMP_RET_KILL_THREAD, getppid),
		{{Code: 0x20, K: 2}, {Code: 0x06}},
	} {
		err := install.Process(bad)
		var fe *install.FilterError
		if !errors.As(err, &fe) {
			return fmt.Errorf("a filter of %d instructions: %v", len(bad), err)
		}
	}
	return untouched()
}

// denied has an outer filter refuse what Process asks for. args: the call
// ("prctl" or "seccomp"), which argument of it, its value, the errno to give.
func denied(args []string) error {
	var arg, value, errno uint32
	if _, err := fmt.Sscan(strings.Join(args[1:], " "), &arg, &value, &errno); err != nil {
		return err
	}
	nr := map[string]uint32{"prctl": unix.SYS_PRCTL, "seccomp": unix.SYS_SECCOMP}[args[0]]
	const ldAbs, jeq, ret = 0x20, 0x15, 0x06
	outer := []unix.SockFilter{
		{Code: ldAbs, K: 0},
		{Code: jeq, K: nr, Jf: 3},
		{Code: ldAbs, K: 16 + 8*arg},
		{Code: jeq, K: value, Jf: 1},
		{Code: ret, K: unix.SECCOMP_RET_ERRNO | errno},
		{Code: ret, K: unix.SECCOMP_RET_ALLOW},
	}
	if err := install.Process(outer); err != nil {
		return err
	}
	err := install.Process(killing(getppid), install.Log, install.SpecAllow)
	var ue *install.UnsupportedError
	var se *os.SyscallError
	switch {
	case errors.As(err, &ue) && errors.Is(err, errors.ErrUnsupported):
		fmt.Println("unsupported:", ue.What)
	case errors.As(err, &se):
		fmt.Println("refused:", se.Syscall)
	default:
		return fmt.Errorf("neither unsupported nor refused: %v", err)
	}
	if !errors.Is(err, unix.Errno(errno)) {
		return fmt.Errorf("%v does not wrap errno %d", err, errno)
	}
	unix.Getppid() // comes back: nothing has been installed
	return nil
}
