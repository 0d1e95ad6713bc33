package main

import (
	"log"
	"os"
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
func seal(listener syscall.Conn, logTo *os.File, staging bool) error {
	listenerFD, err := descriptor(listener)
	if err != nil {
		return err
	}
	logfileFD := -1
	if logTo != nil {
		if logfileFD, err = descriptor(logTo); err != nil {
			return err
		}
	}
	rt, err := goruntime.Prepare(LinesLevels)
	if err != nil {
		return err
	}
	lastFD, err := goruntime.FillDescriptors()
	if err != nil {
		return err
	}
	var filter [LinesLen]unix.SockFilter
	PopulateLines(filter[:], rt, listenerFD, logfileFD, lastFD)
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
		log.Printf("sealed by %d instructions", LinesLen)
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
