//go:build linux

package stress

import (
	"log"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// A Load is a workload, for calls that others rarely lead to. Run keeps on until
// stop is set, and counts its rounds.
type Load struct {
	Name string
	Run  func(stop *atomic.Bool, rounds *atomic.Int64)
}

// Garbage keeps the collector and the scavenger busy: mmap, munmap, madvise, and
// the background workers' threads.
func Garbage(stop *atomic.Bool, rounds *atomic.Int64) {
	type node struct {
		next *node
		_    [120]byte
	}
	for !stop.Load() {
		var list *node
		for range 20000 {
			list = &node{next: list}
		}
		runtime.KeepAlive(list)
		if rounds.Add(1)%20 == 0 {
			debug.FreeOSMemory()
		}
	}
}

// GrowHeap allocates one large block after another, up to mib, and drops them.
// The pages are not touched: address space is what makes the runtime call. Many
// blocks of a page each make it outgrow its table of spans, and unmap that.
func GrowHeap(mib int) func(*atomic.Bool, *atomic.Int64) {
	return func(stop *atomic.Bool, rounds *atomic.Int64) {
		var blocks [][]byte
		for n := 0; n < 20000 && !stop.Load(); n++ {
			blocks = append(blocks, make([]byte, 8<<10))
		}
		for n := 0; n < mib && !stop.Load(); n += 32 {
			blocks = append(blocks, make([]byte, 32<<20))
		}
		runtime.GC()
		runtime.KeepAlive(blocks)
		rounds.Add(1)
	}
}

// Timers sets, resets and stops many.
func Timers(stop *atomic.Bool, rounds *atomic.Int64) {
	for !stop.Load() {
		var fired sync.WaitGroup
		for i := range 50 {
			fired.Add(1)
			time.AfterFunc(time.Duration(i)*50*time.Microsecond, fired.Done)
		}
		t := time.NewTimer(time.Hour)
		t.Reset(time.Millisecond)
		<-t.C
		tick := time.NewTicker(200 * time.Microsecond)
		<-tick.C
		tick.Stop()
		fired.Wait()
		rounds.Add(1)
	}
}

// LockedThreads makes threads that end with their goroutine.
func LockedThreads(stop *atomic.Bool, rounds *atomic.Int64) {
	for !stop.Load() {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				runtime.LockOSThread() // and never unlocked
				runtime.Gosched()
			})
		}
		wg.Wait()
		rounds.Add(1)
	}
}

// Spin has no point at which it would yield, so the monitor interrupts it by a
// signal.
func Spin(stop *atomic.Bool, rounds *atomic.Int64) {
	x := uint32(1)
	for !stop.Load() {
		for range 30_000_000 {
			x = x*1664525 + 1013904223
		}
		rounds.Add(1)
		time.Sleep(5 * time.Millisecond)
	}
	sink.Store(x)
}

var sink atomic.Uint32

// Faults turns nil dereferences into panics and recovers.
func Faults(stop *atomic.Bool, rounds *atomic.Int64) {
	fault := func() {
		defer func() { recover() }()
		var p *int
		*p = 1
	}
	for !stop.Load() {
		fault()
		rounds.Add(1)
		time.Sleep(time.Millisecond)
	}
}

// Wake sets a timer earlier than the one a thread waits for in the poller, which
// interrupts the wait through the eventfd.
func Wake(stop *atomic.Bool, rounds *atomic.Int64) {
	for !stop.Load() {
		done := make(chan struct{})
		time.AfterFunc(100*time.Microsecond, func() { close(done) })
		<-done
		rounds.Add(1)
	}
}

// records does the tile's own work: it appends to the archive, and writes and
// syncs the log, whose lines carry the local time.
func records(archive, logFile *os.File) func(*atomic.Bool, *atomic.Int64) {
	record := make([]byte, 300)
	logger := log.New(logFile, "", log.LstdFlags)
	return func(stop *atomic.Bool, rounds *atomic.Int64) {
		for !stop.Load() {
			for range 50 {
				must(archive.Write(record))
			}
			logger.Print("50 records")
			if err := logFile.Sync(); err != nil {
				fail(err)
			}
			rounds.Add(1)
			time.Sleep(10 * time.Millisecond)
		}
	}
}
