package main

import "golang.org/x/sys/unix"

// Calls that have another name, or are missing, elsewhere.
const (
	mmap        = unix.SYS_MMAP
	access      = unix.SYS_ACCESS
	fstat       = unix.SYS_FSTAT
	newfstatat  = unix.SYS_NEWFSTATAT
	setTLS      = unix.SYS_ARCH_PRCTL
	open        = unix.SYS_OPEN
	fcntl64     = unix.SYS_FCNTL
	futexTime64 = unix.SYS_FUTEX
)
