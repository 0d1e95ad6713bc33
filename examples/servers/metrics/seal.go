package main

import (
	"syscall"

	"example.com/servers/internal/process"
	"github.com/tileseal/tileseal/goruntime"
	"golang.org/x/sys/unix"
)

// seal gives up every system call the policy does not list.
func seal(listener syscall.Conn, staging bool) error {
	listenerFD, err := process.Descriptor(listener)
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
	return process.Seal(filter[:], staging)
}
