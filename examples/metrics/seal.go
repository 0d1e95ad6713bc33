package main

import (
	"log"
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
	lastFD, err := goruntime.FillDescriptors()
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
