//go:build linux

// Package stress is a sealed Go daemon's worst day, for the tests of package
// goruntime: it keeps every part of the runtime busy that makes system calls.
package stress

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tileseal/tileseal/goruntime"
	"github.com/tileseal/tileseal/goruntime/internal/wire"
)

// Run opens an archive and a log, prepares for levels, reports what it has on
// standard output, has seal seal the process, and keeps busy. Then it ends as
// the flag -end asks:
//
//	open    makes a forbidden call, after announcing it
//	panic   panics
//	signal  waits for the parent's signal
//	exit    leaves with wire.ExitStatus
func Run(args []string, levels goruntime.Levels, seal func(rt goruntime.Runtime, logFD, archiveFD int) error) {
	flags := flag.NewFlagSet("stress", flag.ExitOnError)
	length := flags.Duration("for", time.Second, "how long to keep busy")
	end := flags.String("end", "open", "how to end")
	archivePath := flags.String("archive", "", "file to append records to")
	logPath := flags.String("log", "", "file to log to and sync")
	heap := flags.Int("heap", 64, "largest heap, MiB")
	flags.Parse(args)

	archive, logFile := openAppend(*archivePath), openAppend(*logPath)
	rt := must(goruntime.Prepare(levels))
	logFD, archiveFD := int(logFile.Fd()), int(archive.Fd())
	r := wire.Reply{EpollFD: rt.EpollFD(), EventFD: rt.EventFD(), PID: rt.PID(), Log: logFD, Archive: archiveFD}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		fail(err)
	}
	if err := seal(rt, logFD, archiveFD); err != nil {
		fail(err)
	}
	say(wire.Sealed)

	work(*length, *heap, archive, logFile)
	finish(*end)
}

// fail ends the process in a way no test takes for an expected ending.
func fail(err error) {
	fmt.Fprintln(os.Stderr, "stress:", err)
	os.Exit(70)
}

func must[T any](v T, err error) T {
	if err != nil {
		fail(err)
	}
	return v
}

func openAppend(path string) *os.File {
	return must(os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600))
}

// say writes a line to standard error by a plain write, which the crash level
// allows.
func say(s string) {
	if _, err := os.Stderr.WriteString(s + "\n"); err != nil {
		os.Exit(71)
	}
}

// work keeps busy, and says that it survived.
func work(length time.Duration, heap int, archive, logFile *os.File) {
	loads := []Load{
		{"garbage", Garbage},
		{"heap", GrowHeap(heap)},
		{"timers", Timers},
		{"locked", LockedThreads},
		{"spin", Spin},
		{"faults", Faults},
		{"wake", Wake},
		{"records", records(archive, logFile)},
	}
	if _, err := Work(loads, length); err != nil {
		fail(err)
	}
	say(wire.Survived)
}

// Work runs all loads until the time is over and returns how many rounds each of
// them made, in their order. Machines too slow for one of each get half a minute
// more; then it is an error if a load made none.
func Work(loads []Load, length time.Duration) ([]int64, error) {
	var wg sync.WaitGroup
	rounds := make([]atomic.Int64, len(loads))
	idle := func() bool {
		for i := range rounds {
			if rounds[i].Load() == 0 {
				return true
			}
		}
		return false
	}
	for end := time.Now().Add(length); time.Now().Before(end) || idle() && time.Since(end) < 30*time.Second; {
		// Busy and idle phases in turn: an idle program sleeps in the
		// poller and has to be woken there.
		var stop atomic.Bool
		for i, l := range loads {
			wg.Go(func() { l.Run(&stop, &rounds[i]) })
		}
		time.Sleep(min(length/4, 3*time.Second))
		stop.Store(true)
		wg.Wait()
		time.Sleep(min(length/8, 300*time.Millisecond))
	}
	made := make([]int64, len(loads))
	for i, l := range loads {
		if made[i] = rounds[i].Load(); made[i] == 0 {
			return nil, fmt.Errorf("workload %s made no progress", l.Name)
		}
	}
	return made, nil
}

func finish(end string) {
	switch end {
	case "open":
		say(wire.Opening)
		_, err := os.Open("/etc/passwd")
		fail(fmt.Errorf("open came back: %v", err))
	case "panic":
		panic(wire.PanicText)
	case "signal":
		say(wire.Ready)
		for {
			time.Sleep(time.Second)
		}
	case "exit":
		os.Exit(wire.ExitStatus)
	}
	fail(fmt.Errorf("unknown ending %q", end))
}
