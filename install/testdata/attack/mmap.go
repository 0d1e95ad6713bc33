//go:build linux && !386

package main

import "golang.org/x/sys/unix"

const mmap = unix.SYS_MMAP
