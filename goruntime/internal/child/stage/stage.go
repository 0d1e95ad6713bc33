//go:build linux

// Package stage is what programs have in common that the tests of package
// goruntime prepare, seal and watch.
package stage

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
	_ "unsafe" // for go:linkname

	"github.com/tileseal/tileseal/goruntime"
	"github.com/tileseal/tileseal/goruntime/internal/wire"
)

// An Act makes ready, before Prepare, and returns what the child does once it is
// sealed. What it puts into params are values of the policy's own parameters.
type Act func(args []string, params map[string]int) (sealed func())

// Perform prepares, reports, seals itself by the filter the parent sends, goes
// through the act that args name, and leaves with wire.ExitStatus.
func Perform(acts map[string]Act, args []string) {
	flags := flag.NewFlagSet("act", flag.ExitOnError)
	levels := flags.Uint64("levels", 0, "what to prepare for")
	bare := flags.Bool("bare", false, "do not call Prepare")
	fix := flags.Bool("fix", false, "fix GOMAXPROCS, as Prepare does")
	poller := flags.Bool("poller", false, "start the poller, as Prepare does")
	flags.Parse(args)
	ready, ok := acts[flags.Arg(0)]
	if !ok {
		Fail(fmt.Errorf("unknown act %q", flags.Arg(0)))
	}
	params := map[string]int{}
	sealed := ready(flags.Args()[1:], params)
	if *fix {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	}
	if *poller {
		time.Sleep(time.Nanosecond)
	}
	if *bare {
		bareParams(params)
	} else {
		rt, err := goruntime.Prepare(goruntime.Levels(*levels))
		if err != nil {
			Reply(wire.Reply{Error: err.Error()})
			return
		}
		runtimeParams(rt, params)
	}
	Reply(wire.Reply{Params: params})
	if err := Seal(); err != nil {
		Fail(err)
	}
	Say(wire.Sealed)
	sealed()
	Say(wire.Survived)
	os.Exit(wire.ExitStatus)
}

// runtimeParams adds the values of the levels' parameters.
func runtimeParams(rt goruntime.Runtime, params map[string]int) {
	params["go_epoll_fd"], params["go_event_fd"], params["go_pid"] = rt.EpollFD(), rt.EventFD(), rt.PID()
	params["go_cgroup_quota_fd"], params["go_cgroup_period_fd"] = rt.CgroupQuotaFD(), rt.CgroupPeriodFD()
}

// bareParams adds what the runtime itself says of its poller, -1 if it has not
// started it, without any call that would.
func bareParams(params map[string]int) {
	for _, name := range []string{"go_epoll_fd", "go_event_fd", "go_cgroup_quota_fd", "go_cgroup_period_fd"} {
		params[name] = -1
	}
	params["go_pid"] = os.Getpid()
	for _, fd := range PollDescriptors() {
		name := "go_event_fd"
		if link := Must(os.Readlink(fmt.Sprint("/proc/self/fd/", fd))); strings.Contains(link, "eventpoll") {
			name = "go_epoll_fd"
		}
		params[name] = fd
	}
}

// Say writes a line to standard error by a plain write, which the crash level
// allows.
func Say(line string) {
	if _, err := os.Stderr.WriteString(line + "\n"); err != nil {
		os.Exit(71)
	}
}

// Reply tells the parent.
func Reply(r wire.Reply) {
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		Fail(err)
	}
}

// Fail ends the child in a way no test takes for an expected ending.
func Fail(err error) {
	fmt.Fprintln(os.Stderr, "child:", err)
	os.Exit(70)
}

// Must is v, unless there is an error.
func Must[T any](v T, err error) T {
	if err != nil {
		Fail(err)
	}
	return v
}

// isPollDescriptor is the runtime's own answer, which Prepare does not use.
//
//go:linkname isPollDescriptor internal/poll.IsPollDescriptor
func isPollDescriptor(fd uintptr) bool

// PollDescriptors lists the descriptors the runtime calls its own.
func PollDescriptors() []int {
	var fds []int
	for fd := range 1024 {
		if isPollDescriptor(uintptr(fd)) {
			fds = append(fds, fd)
		}
	}
	return fds
}
