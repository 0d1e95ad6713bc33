//go:build linux

package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"
	"unsafe"

	"github.com/tileseal/tileseal/arch"
	"golang.org/x/sys/unix"
)

// The kernel's struct seccomp_notif and seccomp_notif_resp
// (include/uapi/linux/seccomp.h).
type (
	notification struct {
		id    uint64
		pid   uint32
		flags uint32
		nr    int32
		arch  uint32
		ip    uint64
		args  [6]uint64
	}
	response struct {
		id    uint64
		val   int64
		err   int32
		flags uint32
	}
)

// A recorder lets every call through that the filter leaves to it, and notes it.
type recorder struct {
	listener int
	mu       sync.Mutex
	seen     map[string]*noted
	done     chan struct{}
	over     sync.WaitGroup
}

// noted is a call that was made outside of the filter.
type noted struct {
	count int
	args  [][6]uint64 // of the first few
}

// record takes a copy of the listener that the process with id pid has under the
// number fd. Calling stop ends the recording and lists the calls.
func record(pid int, fd string) (stop func() []string, err error) {
	n, err := strconv.Atoi(fd)
	if err != nil {
		return nil, err
	}
	process, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil, fmt.Errorf("pidfd_open: %w", err)
	}
	defer unix.Close(process)
	listener, _, errno := unix.Syscall(unix.SYS_PIDFD_GETFD, uintptr(process), uintptr(n), 0)
	if errno != 0 {
		return nil, fmt.Errorf("pidfd_getfd: %w", errno)
	}
	r := &recorder{listener: int(listener), seen: map[string]*noted{}, done: make(chan struct{})}
	r.over.Go(r.serve)
	return r.stop, nil
}

// serve answers until the process is gone or stop is called.
func (r *recorder) serve() {
	for {
		select {
		case <-r.done:
			return
		default:
		}
		p := []unix.PollFd{{Fd: int32(r.listener), Events: unix.POLLIN}}
		switch n, err := unix.Poll(p, 50); {
		case n == 0 || err == unix.EINTR:
			continue
		case err != nil || p[0].Revents&unix.POLLIN == 0: // the last filtered thread ended
			return
		}
		var n notification
		if r.ioctl(unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&n)) != 0 {
			continue // a signal took the caller away meanwhile, and it will ask again
		}
		r.note(n)
		r.ioctl(unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&response{id: n.id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}))
	}
}

func (r *recorder) ioctl(request uintptr, arg unsafe.Pointer) unix.Errno {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(r.listener), request, uintptr(arg))
	return errno
}

func (r *recorder) note(n notification) {
	name := callName(n)
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.seen[name]
	if c == nil {
		c = &noted{}
		r.seen[name] = c
	}
	c.count++
	if len(c.args) < 3 && !slices.Contains(c.args, n.args) {
		c.args = append(c.args, n.args)
	}
}

func callName(n notification) string {
	for _, a := range []arch.Arch{arch.X86_64, arch.X86, arch.AArch64} {
		if a.Audit() != n.arch {
			continue
		}
		for name, nr := range a.Syscalls() {
			if nr == uint32(n.nr) {
				return name
			}
		}
	}
	return fmt.Sprintf("call %d of architecture %#x", n.nr, n.arch)
}

// stop lists the calls, as in "openat(0xffffff9c, 0xc000012345, 0x0, ...) 3 times".
func (r *recorder) stop() []string {
	time.AfterFunc(200*time.Millisecond, func() { close(r.done) }) // the rest of what is pending
	r.over.Wait()
	unix.Close(r.listener)
	var list []string
	for _, name := range slices.Sorted(maps.Keys(r.seen)) {
		c := r.seen[name]
		line := fmt.Sprintf("%s, %d times:", name, c.count)
		for _, args := range c.args {
			line += fmt.Sprintf(" (%#x, %#x, %#x, %#x, %#x, %#x)", args[0], args[1], args[2], args[3], args[4], args[5])
		}
		list = append(list, line)
	}
	return list
}
