//go:build linux

package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"runtime/trace"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/tileseal/tileseal/goruntime/internal/stress"
)

// A run is what a workload does until stop is set.
type run = func(stop *atomic.Bool, rounds *atomic.Int64)

// makers make the workloads by name. What a workload needs open or known before
// the seal is done when it is made.
var makers = map[string]func() run{
	"gc":         func() run { return stress.Garbage },
	"bigheap":    func() run { return stress.GrowHeap(704) },
	"hugeva":     func() run { return hugeAddressSpace },
	"timers":     func() run { return stress.Timers },
	"locked":     func() run { return stress.LockedThreads },
	"spin":       func() run { return stress.Spin },
	"faults":     func() run { return stress.Faults },
	"wake":       func() run { return stress.Wake },
	"metrics":    func() run { return each(readMetrics) },
	"trace":      func() run { return each(traceBriefly) },
	"tcp":        newTalk,
	"interfaces": func() run { return each(listInterfaces) },
	"files":      newFiles,
	"signals":    newSignals,
	"sigmore":    func() run { return each(changeHandlers) },
	"pprof":      func() run { return profileCPU },
	"profiles":   func() run { return each(writeProfiles) },
	"rand":       func() run { return each(readRandom) },
	"zones":      newZones,
	"exec":       newExec,
	"setgid":     newSetgid,
	"cthreads":   newCThreads,
}

// choose makes the workloads of a list.
func choose(list string) []stress.Load {
	var loads []stress.Load
	for name := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' }) {
		mk, ok := makers[name]
		if !ok {
			fail(fmt.Errorf("no workload %q", name))
		}
		loads = append(loads, stress.Load{Name: name, Run: mk()})
	}
	return loads
}

// each is a workload that repeats one thing.
func each(once func()) run {
	return func(stop *atomic.Bool, rounds *atomic.Int64) {
		for !stop.Load() {
			once()
			rounds.Add(1)
		}
	}
}

var reserve struct {
	sync.Once
	blocks [][]byte
}

// hugeAddressSpace makes the heap enter another 32 GiB of addresses while it is
// small by the collector's count, and again after its goal has passed 1 GiB: both
// make a bitmap of the page allocator, with other advice. The memory is not
// touched. It does so once in a process, as freed memory would be cleared.
func hugeAddressSpace(stop *atomic.Bool, rounds *atomic.Int64) {
	reserve.Do(func() {
		grow := func() {
			for range 34 {
				reserve.blocks = append(reserve.blocks, make([]byte, 1<<30-1<<12))
			}
		}
		percent := debug.SetGCPercent(-1)
		grow()
		debug.SetGCPercent(percent)
		runtime.GC()
		grow()
		runtime.GC()
	})
	rounds.Add(1)
	for !stop.Load() {
		time.Sleep(10 * time.Millisecond)
		rounds.Add(1)
	}
}

func readMetrics() {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	var samples []metrics.Sample
	for _, d := range metrics.All() {
		samples = append(samples, metrics.Sample{Name: d.Name})
	}
	metrics.Read(samples)
	runtime.Stack(make([]byte, 1<<16), true)
	time.Sleep(time.Millisecond)
}

func traceBriefly() {
	if err := trace.Start(io.Discard); err != nil {
		fail(err)
	}
	time.Sleep(2 * time.Millisecond)
	trace.Stop()
	time.Sleep(20 * time.Millisecond)
}

// newSignals counts the signals that the parent sends.
func newSignals() run {
	arrived := make(chan os.Signal, 100)
	signal.Notify(arrived, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH)
	return func(stop *atomic.Bool, rounds *atomic.Int64) {
		for !stop.Load() {
			select {
			case <-arrived:
				rounds.Add(1)
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
}

// changeHandlers treats signals the runtime has no handler for from the start,
// and ignores one that it has.
func changeHandlers() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGCONT, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU)
	signal.Stop(c)
	signal.Ignore(syscall.SIGHUP)
	signal.Notify(c, syscall.SIGHUP)
	signal.Reset(syscall.SIGHUP, syscall.SIGCONT, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU)
	time.Sleep(time.Millisecond)
}

// readRandom uses as many threads as goroutines: the vDSO keeps state for each.
func readRandom() {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			var b [64]byte
			for range 100 {
				must(rand.Read(b[:]))
			}
		})
	}
	wg.Wait()
}

// newSetgid has every thread set the group it already has.
func newSetgid() run {
	gid := syscall.Getgid()
	return each(func() {
		if err := syscall.Setgid(gid); err != nil {
			fail(err)
		}
	})
}

// newZones loads the local time zone, unless Prepare has, and others. Only a
// zone that exists is read, and closed.
func newZones() run {
	name := "UTC"
	for _, z := range []string{"Etc/UTC", "Europe/Paris", "America/New_York"} {
		if _, err := time.LoadLocation(z); err == nil {
			name = z
		}
	}
	return each(func() {
		_ = time.Now().Local().String()
		must(time.LoadLocation(name))
		time.Sleep(time.Millisecond)
	})
}
