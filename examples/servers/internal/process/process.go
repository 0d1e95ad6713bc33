// Package process is what the servers of this module do to their own process.
package process

import (
	"log"
	"syscall"

	"github.com/tileseal/tileseal/install"
	"golang.org/x/sys/unix"
)

// unsealed, if it is set by the linker, leaves the process unsealed. Only the
// benchmarks do that, for comparison.
var unsealed string

// Seal installs a filter on all threads, for good, and logs how long it is.
// With staging, a call the filter kills ends the process with the stack that
// made it, and not by SIGSYS. The errors are those of install.Process.
func Seal(filter []unix.SockFilter, staging bool) error {
	if unsealed != "" {
		log.Print("not sealed: ", unsealed)
		return nil
	}
	instructions := len(filter)
	if staging {
		filter = install.Staging(filter)
	}
	if err := install.Process(filter); err != nil {
		return err
	}
	log.Printf("sealed by %d instructions", instructions)
	return nil
}

// Descriptor is the number of an open file or socket. The File method of a
// listener would make a duplicate, which has another.
func Descriptor(c syscall.Conn) (number int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return -1, err
	}
	err = raw.Control(func(fd uintptr) { number = int(fd) })
	return number, err
}
