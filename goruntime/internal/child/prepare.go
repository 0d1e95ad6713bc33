//go:build linux

package main

import (
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/tileseal/tileseal/goruntime"
	"github.com/tileseal/tileseal/goruntime/internal/child/stage"
	"github.com/tileseal/tileseal/goruntime/internal/wire"
	"golang.org/x/sys/unix"
)

// prepare makes decoys, calls Prepare and reports what came of it.
func prepare(args []string) {
	flags := flag.NewFlagSet("prepare", flag.ExitOnError)
	levels := flags.Uint64("levels", 0, "what to prepare for")
	early := flags.Bool("early", false, "start the poller before the decoys are made")
	decoys := flags.Bool("decoys", false, "open other epolls, eventfds and many files")
	dup := flags.Bool("dup", false, "duplicate the runtime's epoll descriptor")
	drop := flags.Bool("drop", false, "drop an open file without closing it")
	nofile := flags.Bool("nofile", false, "allow no further descriptor")
	hang := flags.Bool("hang", false, "leave a finalizer due that never ends")
	cgroup := flags.String("cgroup", "", "directory to have files open in that are named like a cgroup's")
	again := flags.Bool("again", false, "call Prepare twice")
	flags.Parse(args)

	if *early {
		time.Sleep(time.Nanosecond)
	}
	if *decoys {
		makeDecoys()
	}
	if *dup {
		time.Sleep(time.Nanosecond)
		for _, fd := range stage.PollDescriptors() {
			unix.Dup(fd)
		}
	}
	var r wire.Reply
	r.Before = openDescriptors()
	if *drop {
		dropFile() // after the list: Prepare has to close it
	}
	if *hang {
		dropHanging()
	}
	if *cgroup != "" {
		for _, name := range []string{"cpu.max", "cpu.cfs_quota_us", "cpu.cfs_period_us"} {
			stage.Must(unix.Open(filepath.Join(*cgroup, name), unix.O_CREAT|unix.O_RDONLY|unix.O_CLOEXEC, 0o600))
		}
	}
	if *nofile {
		unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{})
	}
	rt, err := goruntime.Prepare(goruntime.Levels(*levels))
	if err == nil && *again {
		rt, err = goruntime.Prepare(goruntime.Levels(*levels))
	}
	if err != nil {
		r.Error = err.Error()
	} else {
		r.EpollFD, r.EventFD, r.PID = rt.EpollFD(), rt.EventFD(), rt.PID()
		r.Quota, r.Period = rt.CgroupQuotaFD(), rt.CgroupPeriodFD()
		r.Poll = stage.PollDescriptors()
		r.After = openDescriptors()
	}
	stage.Reply(r)
}

// makeDecoys opens what could be mistaken for the runtime's descriptors, and
// enough else to be in the way. It uses raw calls, so as not to start the poller.
func makeDecoys() {
	for range 3 {
		event := stage.Must(unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK))
		watch(stage.Must(unix.EpollCreate1(unix.EPOLL_CLOEXEC)), event, unix.EPOLLIN)
	}
	for range 400 {
		stage.Must(unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0))
	}
	// An epoll that watches the same kinds of things as the runtime's: an
	// eventfd, and a pipe edge-triggered. The pipe's number is then freed while
	// a duplicate keeps it listed, so that the next pipe gets the number.
	epoll := stage.Must(unix.EpollCreate1(unix.EPOLL_CLOEXEC))
	watch(epoll, stage.Must(unix.Eventfd(0, unix.EFD_CLOEXEC)), unix.EPOLLIN)
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		stage.Fail(err)
	}
	watch(epoll, p[0], unix.EPOLLIN|unix.EPOLLOUT|unix.EPOLLRDHUP|unix.EPOLLET)
	stage.Must(unix.FcntlInt(uintptr(p[0]), unix.F_DUPFD_CLOEXEC, 900))
	unix.Close(p[0])
}

func watch(epoll, fd int, events uint32) {
	if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)}); err != nil {
		stage.Fail(err)
	}
}

// openDescriptors lists every open descriptor with what it is, but for the one
// the listing itself takes.
func openDescriptors() []string {
	const dir = "/proc/self/fd"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // a test without /proc
	}
	var list []string
	for _, e := range entries {
		if link, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil {
			list = append(list, e.Name()+" "+link)
		}
	}
	return list
}

//go:noinline
func dropFile() { stage.Must(os.Open("/dev/zero")) }

//go:noinline
func dropHanging() {
	runtime.SetFinalizer(&[64]byte{}, func(*[64]byte) { select {} })
}

// procs shrinks the affinity mask of every thread to one CPU and reports
// GOMAXPROCS before and after, the latter once it changed or time was up.
func procs(args []string) {
	flags := flag.NewFlagSet("procs", flag.ExitOnError)
	levels := flags.Uint64("levels", 0, "what to prepare for; 0: do not prepare")
	flags.Parse(args)
	if *levels != 0 {
		stage.Must(goruntime.Prepare(goruntime.Levels(*levels)))
	}
	before := runtime.GOMAXPROCS(0)
	var mask, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &mask); err != nil {
		stage.Fail(err)
	}
	for cpu := range 1024 {
		if mask.IsSet(cpu) {
			one.Set(cpu)
			break
		}
	}
	for _, e := range stage.Must(os.ReadDir("/proc/self/task")) {
		unix.SchedSetaffinity(stage.Must(strconv.Atoi(e.Name())), &one)
	}
	// The updater runs once a second.
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline) && runtime.GOMAXPROCS(0) == before; {
		time.Sleep(20 * time.Millisecond)
	}
	stage.Reply(wire.Reply{Procs: []int{before, runtime.GOMAXPROCS(0)}})
}
