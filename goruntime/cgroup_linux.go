package goruntime

import (
	"fmt"
	"path"
)

// findCgroup finds the descriptors by which the runtime reads the CPU limit of
// the process's cgroup, -1 for those it does not have. It opens them at its start,
// before any code of the program runs, and keeps them
// (internal/runtime/cgroup): cpu.max in version 2, cpu.cfs_quota_us and
// cpu.cfs_period_us in version 1.
func findCgroup() (quota, period int, err error) {
	if quota, err = onlyDescriptor("cpu.max", "cpu.cfs_quota_us"); err != nil {
		return 0, 0, err
	}
	period, err = onlyDescriptor("cpu.cfs_period_us")
	return quota, period, err
}

// onlyDescriptor is the one descriptor open on a file of one of these names, or -1.
func onlyDescriptor(names ...string) (int, error) {
	fds, err := descriptors(func(link string) bool {
		for _, name := range names {
			if path.Base(link) == name {
				return true
			}
		}
		return false
	})
	switch {
	case err != nil:
		return 0, err
	case len(fds) == 0:
		return -1, nil
	case len(fds) > 1:
		return 0, &Error{Reason: ErrCgroup, Found: fmt.Sprintf("descriptors %v are all open on %s", fds, names[0]),
			Do: "close those the program opened or inherited, or drop go/core_gomaxprocs from the policy"}
	}
	return fds[0], nil
}
