//go:build linux

package main

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tileseal/tileseal/goruntime/internal/child/stage"
	"github.com/tileseal/tileseal/goruntime/internal/stress"
	"github.com/tileseal/tileseal/goruntime/internal/wire"
	"golang.org/x/sys/unix"
)

// acts are what a child can do once it is sealed.
var acts = map[string]stage.Act{
	"drop":     drop,
	"forget":   forget,
	"blocked":  blocked,
	"log":      after(func([]string) { log.Print("local time") }),
	"timers":   after(func([]string) { work(stress.Load{Name: "timers", Run: stress.Timers}) }),
	"memory":   after(memory),
	"hold":     after(hold),
	"follow":   after(follow),
	"profile":  after(profile),
	"exec":     after(execute),
	"race":     after(race),
	"copyfile": copyFile,
	"talk":     talk,
}

// after is an act that needs nothing made ready.
func after(do func(args []string)) stage.Act {
	return func(args []string, _ map[string]int) func() { return func() { do(args) } }
}

func work(loads ...stress.Load) {
	stage.Must(stress.Work(loads, 300*time.Millisecond))
}

// memory has the heap grow and shrink.
func memory([]string) {
	release()
	work(stress.Load{Name: "garbage", Run: stress.Garbage}, stress.Load{Name: "heap", Run: stress.GrowHeap(128)})
}

// release has the heap shrink, and the memory given back.
func release() {
	block := make([]byte, 32<<20)
	for i := 0; i < len(block); i += os.Getpagesize() {
		block[i] = 1
	}
	runtime.KeepAlive(block)
	block = nil
	debug.FreeOSMemory()
}

// blocked has a thread sit in a read when the seal comes. Then it waits for what
// the parent does to that thread, or sends the thread what it reads.
func blocked(args []string, params map[string]int) func() {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		stage.Fail(err)
	}
	tid, done := make(chan int), make(chan error)
	go func() {
		runtime.LockOSThread()
		tid <- unix.Gettid()
		_, err := unix.Read(p[0], make([]byte, 1))
		done <- err
	}()
	params["blocked_tid"], params["pipe_w"] = <-tid, p[1]
	awaitCall(params["blocked_tid"], unix.SYS_READ)
	return func() {
		if args[0] == "data" {
			stage.Must(unix.Write(p[1], []byte{1}))
			if err := <-done; err != nil {
				stage.Fail(err)
			}
			return
		}
		collect()
		time.Sleep(500 * time.Millisecond)
	}
}

// awaitCall waits until a thread is in a system call.
func awaitCall(tid, nr int) {
	name := fmt.Sprintf("/proc/self/task/%d/syscall", tid)
	for range 500 {
		if strings.HasPrefix(string(stage.Must(os.ReadFile(name))), fmt.Sprint(nr, " ")) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	stage.Fail(fmt.Errorf("thread %d is not in call %d", tid, nr))
}

// hold says that it is ready and sleeps, some of it on threads of its own, until
// the time is over.
func hold(args []string) {
	length := stage.Must(time.ParseDuration(args[0]))
	var stop atomic.Bool
	for range 3 {
		go func() {
			runtime.LockOSThread()
			for !stop.Load() {
				time.Sleep(7 * time.Millisecond)
			}
		}()
	}
	stage.Say(wire.Ready)
	time.Sleep(length)
	stop.Store(true)
}

// follow says what GOMAXPROCS is whenever that changes, until it is back at the
// value it had first.
func follow([]string) {
	first := runtime.GOMAXPROCS(0)
	stage.Say(fmt.Sprint("procs ", first))
	last := first
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		n := runtime.GOMAXPROCS(0)
		if n == last {
			continue
		}
		stage.Say(fmt.Sprint("procs ", n))
		if n == first {
			return
		}
		last = n
	}
	stage.Fail(fmt.Errorf("GOMAXPROCS stays at %d", last))
}

// profile runs the CPU profiler without reading what it has found.
func profile([]string) {
	runtime.SetCPUProfileRate(100)
	for begin := time.Now(); time.Since(begin) < 200*time.Millisecond; {
	}
	runtime.SetCPUProfileRate(0)
}

// execute runs a program and says what it printed and how it ended.
func execute(args []string) {
	cmd := exec.Command(args[0])
	cmd.Stderr = os.Stderr // a descriptor that is in its place already
	out, err := cmd.Output()
	stage.Say(fmt.Sprintf("exec: %q, %v", out, err))
}

// race has two goroutines write to a variable at once, long enough for the
// detector to call the kernel for memory and pauses.
func race([]string) {
	var wg sync.WaitGroup
	n := 0
	for range 2 {
		wg.Go(func() {
			for range 1000 {
				n++
				runtime.Gosched()
			}
		})
	}
	wg.Wait()
	memory(nil)
}
