//go:build linux

package main

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/tileseal/tileseal/install"
	"golang.org/x/sys/unix"
)

// seal seals the process and makes a denied call on a thread of the kind
// args[0].
func seal(args []string) error {
	strike := map[string]func() (sealed func()){
		"main":     onMain,
		"old":      onOld,
		"idle":     onIdle,
		"new":      onNew,
		"template": onTemplate,
	}[args[0]]()
	if err := sealAnd(); err != nil {
		return err
	}
	strike()
	return fmt.Errorf("the thread is not filtered")
}

// threadsNow lists the threads of the process.
func threadsNow() map[int]bool {
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		panic(err)
	}
	tids := make(map[int]bool)
	for _, e := range entries {
		var tid int
		fmt.Sscan(e.Name(), &tid)
		tids[tid] = true
	}
	return tids
}

func init() {
	// Give the main thread to the scenarios that ask for it.
	if len(os.Args) > 2 && os.Args[1] == "seal" && os.Args[2] == "main" {
		runtime.LockOSThread()
	}
}

// onMain makes the call on the main thread, which called Process as well.
func onMain() func() {
	if unix.Gettid() != unix.Getpid() {
		panic("not the main thread")
	}
	return func() { denied1(getppid) }
}

// onOld makes it on a thread that was there before.
func onOld() func() {
	now, done, ready := make(chan bool), make(chan bool), make(chan bool)
	go func() {
		runtime.LockOSThread()
		ready <- true
		<-now
		denied1(getppid)
		done <- true
	}()
	<-ready
	return func() { now <- true; <-done }
}

// many starts n goroutines, each on a thread of its own until all have one,
// and reports for each which.
func many(n int, each func(tid int)) {
	start, done := make(chan bool), make(chan bool)
	for range n {
		go func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			done <- true
			<-start
			each(unix.Gettid())
			done <- true
		}()
	}
	for range n {
		<-done
	}
	close(start)
	for range n {
		<-done
	}
}

const crowd = 12

// onIdle makes it on one that was idle, without a goroutine, when the filter
// came.
func onIdle() func() {
	many(crowd, func(int) {})
	before := threadsNow()
	return func() {
		many(crowd, func(tid int) {
			if before[tid] && tid != unix.Getpid() {
				denied1(getppid)
			}
		})
	}
}

// onNew makes it on one that was started later.
func onNew() func() {
	before := threadsNow()
	return func() {
		many(len(before)+crowd, func(tid int) {
			if !before[tid] {
				denied1(getppid)
			}
		})
	}
}

// onTemplate makes it on one that was started later for a locked goroutine,
// hence from the runtime's template thread, which was there before.
func onTemplate() func() {
	runtime.LockOSThread()
	return onNew()
}

// stay seals and waits to be looked at; without an argument it does not seal.
func stay(args []string) error {
	many(crowd, func(int) {})
	if len(args) > 0 {
		if err := sealAnd(); err != nil {
			return err
		}
	} else {
		fmt.Println("open")
	}
	os.Stdin.Read(make([]byte, 1))
	return nil
}

// churn seals while threads start and end, and goes on so.
func churn([]string) error {
	for range 4 {
		go func() {
			for {
				done := make(chan bool)
				go func() {
					runtime.LockOSThread() // ends the thread
					close(done)
				}()
				<-done
			}
		}()
	}
	go func() {
		for {
			runtime.GC()
		}
	}()
	time.Sleep(20 * time.Millisecond)
	if err := sealAnd(); err != nil {
		return err
	}
	os.Stdin.Read(make([]byte, 1))
	return nil
}

// quiet seals with a filter that does not let a thread end, then goes on.
func quiet([]string) error {
	if err := install.Process(killing(unix.SYS_EXIT)); err != nil {
		return err
	}
	time.Sleep(50 * time.Millisecond)
	fmt.Println("sealed")
	return nil
}
