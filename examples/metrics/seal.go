package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"strconv"
	"syscall"

	"github.com/tileseal/tileseal/goruntime"
	"github.com/tileseal/tileseal/install"
	"golang.org/x/sys/unix"
)

// unsealed, if it is set by the linker, leaves the process unsealed. Only the
// benchmark does that, for comparison.
var unsealed string

// seal gives up every system call the policy does not list. With staging, such
// a call ends the process with the stack that made it, and not by SIGSYS.
func seal(listener syscall.Conn, staging bool) error {
	listenerFD, err := descriptor(listener)
	if err != nil {
		return err
	}
	rt, err := goruntime.Prepare(MetricsLevels)
	if err != nil {
		return err
	}
	lastFD, err := fillDescriptors()
	if err != nil {
		return err
	}
	var filter [MetricsLen]unix.SockFilter
	PopulateMetrics(filter[:], rt, listenerFD, lastFD)
	if unsealed != "" {
		log.Print("not sealed: ", unsealed)
		return nil
	}
	if staging {
		err = install.Process(install.Staging(filter[:]))
	} else {
		err = install.Process(filter[:])
	}
	if err == nil {
		log.Printf("sealed by %d instructions", MetricsLen)
	}
	return err
}

// fillDescriptors opens /dev/null until no descriptor is free below the highest
// one in use, and returns that one. Whatever is opened afterwards is higher, as
// long as none of these is closed.
func fillDescriptors() (last int, err error) {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1, err
	}
	highest := -1 // perhaps the one that ReadDir had, and is closed again
	for _, f := range open {
		fd, err := strconv.Atoi(f.Name())
		if err != nil {
			return -1, fmt.Errorf("/proc/self/fd: %w", err)
		}
		highest = max(highest, fd)
	}
	for last < highest {
		// The kernel takes the lowest number that is free.
		last, err = unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return -1, errors.Join(errors.New("cannot fill the gaps between descriptors"), err)
		}
	}
	return last, nil
}

// descriptor is the number of an open file or socket. The File method of a
// listener would make a duplicate, which has another.
func descriptor(c syscall.Conn) (number int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return -1, err
	}
	err = raw.Control(func(fd uintptr) { number = int(fd) })
	return number, err
}
