package goruntime

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// FillDescriptors opens /dev/null until no descriptor is free below the highest
// one in use, and returns that one. The kernel hands out the lowest that is free,
// so whatever is opened afterwards is higher, as long as nothing below is closed.
//
// It is for a policy about descriptors whose numbers nobody knows beforehand, such
// as a server's connections. With the result as its parameter last_fd,
//
//	read: (> (arg 0) last_fd)
//
// holds for connections, and neither for the log nor for the runtime's own
// descriptors. Such a policy must not allow closing the others. Call it after
// Prepare, while nothing else opens or closes descriptors. What it has opened
// stays open. An error is an [*Error].
func FillDescriptors() (last int, err error) {
	open, err := descriptors(func(string) bool { return true })
	if err != nil {
		return -1, err
	}
	highest := 0
	for _, fd := range open {
		highest = max(highest, fd)
	}
	for last < highest {
		last, err = unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return -1, &Error{Reason: ErrDescriptors, Found: "/dev/null, below " + strconv.Itoa(highest), Err: err,
				Do: "raise RLIMIT_NOFILE, or close descriptors before"}
		}
	}
	return last, nil
}
