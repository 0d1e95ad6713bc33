package main

import "golang.org/x/sys/unix"

const mmap = unix.SYS_MMAP2
