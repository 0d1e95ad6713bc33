package install

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// Verify reads back, from /proc, whether every thread of the process pid is
// under a filter and has no_new_privs set. It is for a parent, a supervisor or
// a test: a sealed process can no longer open the files. It cannot tell which
// filter it is; a process in a container is under the container's.
//
// The error is [*UnsealedError] if a thread is not sealed, and wraps
// [os.ErrNotExist] if there is no such process (any more). A thread that ends
// meanwhile does not count; threads that start meanwhile do.
func Verify(pid int) error {
	return verify(pid, filepath.Join("/proc", strconv.Itoa(pid), "task"))
}

func verify(pid int, dir string) error {
	sealed := make(map[int]bool)
	// Threads come and go, and a listing may miss one when others end, so go on
	// until it brings nothing new. A process that always has new threads is not
	// followed for ever: those of a sealed thread are sealed.
	const rounds = 20
	for range rounds {
		tids, err := threads(dir)
		if err != nil {
			return fmt.Errorf("install: process %d: %w", pid, err)
		}
		news := false
		for _, tid := range tids {
			if _, known := sealed[tid]; known {
				continue
			}
			s, err := readStatus(filepath.Join(dir, strconv.Itoa(tid), "status"))
			if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) || err == nil && s.dead {
				continue
			}
			if err != nil {
				return fmt.Errorf("install: process %d: thread %d: %w", pid, tid, err)
			}
			sealed[tid], news = s.sealed, true
		}
		if !news {
			break
		}
	}
	return verdict(pid, sealed)
}

func verdict(pid int, sealed map[int]bool) error {
	if len(sealed) == 0 {
		return fmt.Errorf("install: process %d has ended: %w", pid, os.ErrNotExist)
	}
	e := &UnsealedError{PID: pid, Threads: len(sealed)}
	for tid, ok := range sealed {
		if !ok {
			e.TIDs = append(e.TIDs, tid)
		}
	}
	if len(e.TIDs) == 0 {
		return nil
	}
	slices.Sort(e.TIDs)
	return e
}

func threads(dir string) ([]int, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var tids []int
	for _, e := range entries {
		tid, err := strconv.Atoi(e.Name())
		if err != nil {
			return nil, fmt.Errorf("%s: %q is not a thread id", dir, e.Name())
		}
		tids = append(tids, tid)
	}
	return tids, nil
}

// A status is what matters of a thread's status file (proc_pid_status(5)).
type status struct {
	sealed bool
	dead   bool // a zombie: a main thread that ended before the others does not go away
}

// readStatus takes a line that is missing for a no: a kernel without seccomp
// has none.
func readStatus(file string) (status, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return status{}, err
	}
	var s status
	var filter, noNewPrivs bool
	for line := range bytes.Lines(text) {
		key, value, _ := bytes.Cut(bytes.TrimSpace(line), []byte(":"))
		value = bytes.TrimSpace(value)
		switch string(key) {
		case "State":
			s.dead = bytes.HasPrefix(value, []byte("Z")) || bytes.HasPrefix(value, []byte("X"))
		case "Seccomp":
			filter = string(value) == "2" // SECCOMP_MODE_FILTER
		case "NoNewPrivs":
			noNewPrivs = string(value) == "1"
		}
	}
	s.sealed = filter && noNewPrivs
	return s, nil
}
