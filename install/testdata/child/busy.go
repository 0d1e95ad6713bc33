//go:build linux

package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/tileseal/tileseal/install"
	"golang.org/x/sys/unix"
)

// What a busy process has done so far.
var laps, births atomic.Int64

// busy is a program at work: args[0] threads that goroutines hold on to, 100
// goroutines besides, and threads that start and end all the time. It seals
// when it is told to, and then goes on until it is told to end.
func busy(args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	hold(n)
	for i := range 100 {
		go work(i)
	}
	for range 2 {
		go bear()
	}
	fmt.Println("busy")
	told()
	began := time.Now()
	if err := install.Process(killing(getppid)); err != nil {
		return err
	}
	took := time.Since(began)
	l, b := laps.Load(), births.Load()
	fmt.Println("sealed in", took)
	told()
	fmt.Println(laps.Load()-l, births.Load()-b)
	denied1(getppid)
	return nil
}

// told waits for a word from outside.
func told() { os.Stdin.Read(make([]byte, 1)) }

// hold has n goroutines hold a thread each: blocked in a read, asleep in the
// kernel, at work, or idle.
func hold(n int) {
	var p [2]int
	if err := unix.Pipe(p[:]); err != nil {
		panic(err)
	}
	ready := make(chan bool)
	for i := range n {
		go func() {
			runtime.LockOSThread()
			ready <- true
			switch i % 4 {
			case 0:
				unix.Read(p[0], make([]byte, 1))
			case 1:
				for {
					nap := unix.NsecToTimespec(int64(5 * time.Millisecond))
					unix.Nanosleep(&nap, nil)
				}
			case 2:
				work(i)
			}
			select {}
		}()
	}
	for range n {
		<-ready
	}
}

// work goes on for ever, and in each lap needs memory, the kernel, or the
// scheduler.
func work(i int) {
	for {
		switch i % 4 {
		case 0:
			slices.Sort(make([]int, 10_000))
		case 1:
			os.ReadFile("/proc/self/comm")
		case 2:
			runtime.Gosched()
		case 3:
			if i == 3 {
				runtime.GC()
			}
		}
		laps.Add(1)
		time.Sleep(5 * time.Millisecond)
	}
}

// bear goes on starting threads that end at once.
func bear() {
	for {
		done := make(chan bool)
		go func() {
			runtime.LockOSThread() // ends the thread
			births.Add(1)
			close(done)
		}()
		<-done
		time.Sleep(time.Millisecond)
	}
}

// measure seals with args[0] threads held besides the runtime's own, and says
// how many there were and how many nanoseconds it took.
func measure(args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	hold(n)
	threads := len(threadsNow())
	began := time.Now()
	if err := install.Process(killing(getppid)); err != nil {
		return err
	}
	fmt.Println(threads, time.Since(began).Nanoseconds())
	return nil
}

// blocked seals while a thread sits in a read that the filter denies. It says
// which thread, call and descriptor, collects garbage until it is told to go
// on, and then has the read end.
func blocked([]string) error {
	var p [2]int
	if err := unix.Pipe(p[:]); err != nil {
		return err
	}
	tids := make(chan int)
	go func() {
		runtime.LockOSThread()
		tids <- unix.Gettid()
		for {
			n, err := unix.Read(p[0], make([]byte, 1))
			fmt.Println("read", n, err)
		}
	}()
	tid := <-tids
	if err := waitBlocked(tid); err != nil {
		return err
	}
	if err := install.Process(noRead(uint32(p[0]))); err != nil {
		return err
	}
	fmt.Println(tid, unix.SYS_READ, p[0])
	var ended atomic.Bool
	go func() {
		for !ended.Load() {
			runtime.GC()
			time.Sleep(time.Millisecond)
		}
	}()
	told()
	ended.Store(true)
	unix.Write(p[1], []byte{1})
	select {}
}

// waitBlocked waits until a thread of this process is in read.
func waitBlocked(tid int) error {
	want := fmt.Sprintf("%d ", unix.SYS_READ)
	for range 2000 {
		text, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/syscall", tid))
		if err != nil {
			return skip(err.Error())
		}
		if len(text) > len(want) && string(text[:len(want)]) == want {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("thread %d does not get into read", tid)
}

// noRead kills a read from fd and allows all else.
func noRead(fd uint32) []unix.SockFilter {
	const ldAbs, jeq, ret, arg0 = 0x20, 0x15, 0x06, 16
	return []unix.SockFilter{
		{Code: ldAbs, K: 0},
		{Code: jeq, K: unix.SYS_READ, Jf: 3},
		{Code: ldAbs, K: arg0},
		{Code: jeq, K: fd, Jf: 1},
		{Code: ret, K: unix.SECCOMP_RET_KILL_PROCESS},
		{Code: ret, K: unix.SECCOMP_RET_ALLOW},
	}
}
