package goruntime

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// startPoller starts the runtime's poller by a timer. One of the runtime's own
// would otherwise do so after the filter is in.
func startPoller() error {
	// The runtime ends the program if it cannot open the two, so try first, by
	// calls that do not start the poller themselves.
	const dir = "/proc/self"
	var fds [2]int
	for i := range fds {
		fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			for _, fd := range fds[:i] {
				unix.Close(fd)
			}
			return procError(dir, err)
		}
		fds[i] = fd
	}
	for _, fd := range fds {
		unix.Close(fd)
	}
	time.Sleep(time.Nanosecond)
	return nil
}

// findPoller finds the runtime's epoll descriptor and the event descriptor that
// interrupts it.
//
// A new pipe made by package os is registered with the runtime's epoll and with
// no other, so the epoll that lists it is the runtime's. There the event
// descriptor is the one entry without EPOLLET: the runtime registers everything
// else edge-triggered (runtime/netpoll_epoll.go).
func findPoller() (epollFD, eventFD int, err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return 0, 0, &Error{Reason: ErrPoller, Found: "no pipe to recognise it by", Err: err,
			Do: "raise RLIMIT_NOFILE or close descriptors"}
	}
	defer r.Close()
	defer w.Close()
	mark, err := identify(r)
	if err != nil {
		return 0, 0, err
	}

	fds, err := descriptors(func(link string) bool { return link == "anon_inode:[eventpoll]" })
	if err != nil {
		return 0, 0, err
	}
	var found []int
	var entries []watched
	for _, fd := range fds {
		e, err := readEpoll(fd)
		if err != nil {
			return 0, 0, err
		}
		if lists(e, mark) {
			found, entries = append(found, fd), e
		}
	}
	switch len(found) {
	case 0:
		return 0, 0, &Error{Reason: ErrPoller, Found: fmt.Sprintf("none of the epoll descriptors %v lists a new pipe", fds),
			Do: "this Go release needs a new baseline"}
	case 1:
		eventFD, err := eventEntry(entries)
		return found[0], eventFD, err
	}
	return 0, 0, &Error{Reason: ErrPoller, Found: fmt.Sprintf("descriptors %v are all the runtime's epoll", found),
		Do: "close the duplicates before Prepare"}
}

// watched is an entry of an epoll: a line "tfd:" of its fdinfo (fs/eventpoll.c,
// ep_show_fdinfo).
type watched struct {
	fd     int    // the number it was registered under
	events uint32 // EPOLLIN and so on
	inode  uint64 // of the file
}

// identify is the entry by which a file made a moment ago is known: the inode as
// well as the number, because an epoll keeps a closed number listed as long as
// a duplicate of its file is open.
func identify(f *os.File) (watched, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return watched{}, &Error{Reason: ErrPoller, Found: "pipe", Err: err, Do: "report this"}
	}
	var w watched
	var st unix.Stat_t
	var statErr error
	err = raw.Control(func(fd uintptr) {
		w.fd = int(fd)
		statErr = unix.Fstat(w.fd, &st)
	})
	if err == nil {
		err = statErr
	}
	if err != nil {
		return watched{}, &Error{Reason: ErrPoller, Found: "pipe", Err: err, Do: "report this"}
	}
	w.inode = uint64(st.Ino)
	return w, nil
}

func lists(entries []watched, mark watched) bool {
	for _, e := range entries {
		if e.fd == mark.fd && e.inode == mark.inode && e.events&unix.EPOLLET != 0 {
			return true
		}
	}
	return false
}

// eventEntry is the descriptor of the one level-triggered entry, which has to be
// an eventfd.
func eventEntry(entries []watched) (int, error) {
	var fds []int
	for _, e := range entries {
		if e.events&unix.EPOLLET == 0 {
			fds = append(fds, e.fd)
		}
	}
	if len(fds) != 1 {
		return 0, &Error{Reason: ErrPoller,
			Found: fmt.Sprintf("the runtime's epoll has level-triggered entries %v, expected one", fds),
			Do:    "do not add to the runtime's epoll; if nothing did, this Go release needs a new baseline"}
	}
	link, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fds[0]))
	if err != nil {
		return 0, procError("/proc/self/fd", err)
	}
	if link != "anon_inode:[eventfd]" {
		return 0, &Error{Reason: ErrPoller, Found: fmt.Sprintf("descriptor %d is %s, not an eventfd", fds[0], link),
			Do: "this Go release needs a new baseline"}
	}
	return fds[0], nil
}

// descriptors lists this process's descriptors whose links are wanted. One that
// another goroutine closes meanwhile is left out.
func descriptors(wanted func(link string) bool) ([]int, error) {
	const dir = "/proc/self/fd"
	d, err := os.Open(dir)
	if err != nil {
		return nil, procError(dir, err)
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return nil, procError(dir, err)
	}
	var fds []int
	for _, name := range names {
		link, err := os.Readlink(dir + "/" + name)
		if err != nil || !wanted(link) {
			continue
		}
		if fd, err := strconv.Atoi(name); err == nil {
			fds = append(fds, fd)
		}
	}
	return fds, nil
}

// readEpoll reads what an epoll descriptor watches.
func readEpoll(fd int) ([]watched, error) {
	name := "/proc/self/fdinfo/" + strconv.Itoa(fd)
	text, err := os.ReadFile(name)
	if err != nil {
		if os.IsNotExist(err) { // closed meanwhile: not the runtime's
			return nil, nil
		}
		return nil, procError(name, err)
	}
	entries, err := parseEpoll(string(text))
	if err != nil {
		return nil, &Error{Reason: ErrPoller, Found: name, Err: err, Do: "report this with the kernel's version"}
	}
	return entries, nil
}

// parseEpoll reads lines of the form
//
//	tfd:        5 events: 8000201d data:     7f2a... pos:0 ino:2a51 sdev:e
//
// with decimal tfd and hexadecimal events and ino, and skips all others.
func parseEpoll(text string) ([]watched, error) {
	var entries []watched
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "tfd:") {
			continue
		}
		var w watched
		var data, pos uint64
		// Sscanf's verbs skip the padding before each number.
		_, err := fmt.Sscanf(line, "tfd:%d events:%x data:%x pos:%d ino:%x", &w.fd, &w.events, &data, &pos, &w.inode)
		if err != nil {
			return nil, fmt.Errorf("line %q: %w", strings.TrimSpace(line), err)
		}
		entries = append(entries, w)
	}
	return entries, nil
}

func procError(path string, err error) error {
	return &Error{Reason: ErrProc, Found: path, Err: err,
		Do: "call Prepare while /proc is mounted, readable and allowed; a sealed program no longer needs it"}
}
