//go:build linux

// Stress is the program whose system calls are measured: a Go program that
// seals itself with a filter it is given and then does everything the runtime
// and the standard library make calls for. Command measure builds it with each
// toolchain and runs it; alone it does nothing useful.
//
// It tells what it knows of itself in one line of JSON on standard output, reads
// the filter on standard input, and then says line by line how far it came. After
// the seal the only call of its own is the write of these lines.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/tileseal/tileseal/goruntime"
	"github.com/tileseal/tileseal/goruntime/internal/stress"
)

func main() {
	levels := flag.Uint64("levels", 0, "goruntime.Levels to prepare for")
	prepare := flag.String("prepare", "full", "full: by goruntime.Prepare; self: by hand, as far as it takes; none")
	listen := flag.Bool("listen", false, "make the filter answer to a listener, and say its descriptor")
	loads := flag.String("loads", "", "workloads, separated by commas; none: idle")
	length := flag.Duration("for", time.Second, "how long to keep busy")
	end := flag.String("end", "", "how to end; nothing: leave with status 0")
	flag.Parse()

	work := choose(*loads)
	numbers := preparations[*prepare](goruntime.Levels(*levels))
	line, err := json.Marshal(numbers)
	if err != nil {
		fail(err)
	}
	say(string(line))
	fd, err := seal(os.Stdin, *listen)
	if err != nil {
		fail(err)
	}
	say(fmt.Sprint("sealed ", fd))

	rounds, err := keepBusy(work, *length)
	if err != nil {
		fail(err)
	}
	say("survived " + rounds)
	finish(*end)
}

// preparations make the process ready and return the values of the parameters that
// the levels have.
var preparations = map[string]func(goruntime.Levels) map[string]int{
	"full": func(levels goruntime.Levels) map[string]int {
		// Measuring is what makes a release a measured one.
		rt, err := goruntime.Prepare(levels | goruntime.Go126 | goruntime.UnmeasuredGo)
		if err != nil {
			fail(err)
		}
		return map[string]int{"go_pid": rt.PID(), "go_epoll_fd": rt.EpollFD(), "go_event_fd": rt.EventFD(),
			"go_cgroup_quota_fd": rt.CgroupQuotaFD(), "go_cgroup_period_fd": rt.CgroupPeriodFD()}
	},
	// For builds that Prepare refuses. This program has one descriptor of a kind.
	"self": func(levels goruntime.Levels) map[string]int {
		numbers := unprepared(levels)
		time.Sleep(time.Nanosecond) // starts the poller
		_ = time.Now().Local().String()
		for fd := range 100 {
			switch link, _ := os.Readlink(fmt.Sprint("/proc/self/fd/", fd)); link {
			case "anon_inode:[eventpoll]":
				numbers["go_epoll_fd"] = fd
			case "anon_inode:[eventfd]":
				numbers["go_event_fd"] = fd
			}
		}
		return numbers
	},
	"none": unprepared,
}

// unprepared knows nothing but the process id. GOMAXPROCS is fixed, as Prepare does
// it.
func unprepared(goruntime.Levels) map[string]int {
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	return map[string]int{"go_pid": os.Getpid(), "go_epoll_fd": -1, "go_event_fd": -1,
		"go_cgroup_quota_fd": -1, "go_cgroup_period_fd": -1}
}

// onMain is for what has to be done by the main goroutine, which with cgo has the
// main thread.
var onMain = make(chan func())

// keepBusy runs the loads and returns their rounds, as in "tcp=70 timers=6577".
func keepBusy(loads []stress.Load, length time.Duration) (string, error) {
	if len(loads) == 0 {
		n := 0
		for end := time.Now().Add(length); time.Now().Before(end); n++ {
			time.Sleep(50 * time.Millisecond)
		}
		return fmt.Sprint("idle=", n), nil
	}
	var rounds []int64
	done := make(chan error)
	go func() {
		var err error
		rounds, err = stress.Work(loads, length)
		done <- err
	}()
	for {
		select {
		case f := <-onMain:
			f()
		case err := <-done:
			if err != nil {
				return "", err
			}
			return list(loads, rounds), nil
		}
	}
}

func list(loads []stress.Load, rounds []int64) string {
	var parts []string
	for i, l := range loads {
		parts = append(parts, fmt.Sprint(l.Name, "=", rounds[i]))
	}
	return strings.Join(parts, " ")
}

// say writes a line to standard output by one plain write.
func say(line string) {
	if _, err := syscall.Write(1, []byte(line+"\n")); err != nil {
		os.Exit(71)
	}
}

// fail ends the process in a way that is no expected ending.
func fail(err error) {
	say("failed " + strings.ReplaceAll(err.Error(), "\n", " "))
	os.Exit(70)
}

func must[T any](v T, err error) T {
	if err != nil {
		fail(err)
	}
	return v
}
