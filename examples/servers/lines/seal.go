package main

import (
	"os"
	"syscall"

	"example.com/servers/internal/process"
	"github.com/tileseal/tileseal/goruntime"
	"golang.org/x/sys/unix"
)

// seal gives up every system call the policy does not list.
func seal(listener syscall.Conn, logTo *os.File, staging bool) error {
	listenerFD, err := process.Descriptor(listener)
	if err != nil {
		return err
	}
	logfileFD := -1
	if logTo != nil {
		if logfileFD, err = process.Descriptor(logTo); err != nil {
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
	return process.Seal(filter[:], staging)
}
