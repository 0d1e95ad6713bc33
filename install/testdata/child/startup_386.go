package main

import "golang.org/x/sys/unix"

// Calls that have another name, or are missing, elsewhere.
const (
	mmap        = unix.SYS_MMAP2
	access      = unix.SYS_ACCESS
	fstat       = unix.SYS_FSTAT64
	newfstatat  = unix.SYS_FSTATAT64
	setTLS      = unix.SYS_SET_THREAD_AREA
	open        = unix.SYS_OPEN
	fcntl64     = unix.SYS_FCNTL64
	futexTime64 = unix.SYS_FUTEX_TIME64
)
