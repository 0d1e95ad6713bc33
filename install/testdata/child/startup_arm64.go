package main

import "golang.org/x/sys/unix"

// Calls that have another name, or are missing, elsewhere.
const (
	mmap        = unix.SYS_MMAP
	access      = unix.SYS_FACCESSAT
	fstat       = unix.SYS_FSTAT
	newfstatat  = unix.SYS_FSTATAT
	setTLS      = unix.SYS_SET_TID_ADDRESS // thread-local storage takes no call
	open        = unix.SYS_OPENAT
	fcntl64     = unix.SYS_FCNTL
	futexTime64 = unix.SYS_FUTEX
)
