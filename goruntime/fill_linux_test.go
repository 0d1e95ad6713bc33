package goruntime

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

func TestFillDescriptors(t *testing.T) {
	var fds []int
	for range 20 {
		fd, err := unix.Open("/dev/zero", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		fds = append(fds, fd)
	}
	unix.Close(fds[3]) // gaps
	unix.Close(fds[7])
	unix.Close(fds[8])
	last, err := FillDescriptors()
	if err != nil {
		t.Fatal(err)
	}
	if last < fds[19] {
		t.Errorf("the last is %d, below %d", last, fds[19])
	}
	for fd := range last + 1 {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil {
			t.Errorf("%d of %d: %v", fd, last, err)
		}
	}
	next, err := unix.Open("/dev/zero", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil || next <= last {
		t.Errorf("the next is %d (%v), not above %d", next, err, last)
	}
	again, err := FillDescriptors()
	if err != nil || again < next {
		t.Errorf("again: %d, %v, want at least %d", again, err, next)
	}
}

// Where no more may be opened it says so.
func TestFillDescriptorsLimit(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	last, err := FillDescriptors()
	if err != nil {
		t.Fatal(err)
	}
	// One is free below the highest for the look at /proc, none for a second.
	unix.Close(last - 1)
	tight := limit
	tight.Cur = uint64(last)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &tight); err != nil {
		t.Fatal(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
	if _, err := FillDescriptors(); !errors.Is(err, ErrDescriptors) || !errors.Is(err, unix.EMFILE) {
		t.Errorf("got %v", err)
	}
}
