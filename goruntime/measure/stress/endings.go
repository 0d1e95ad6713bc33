//go:build linux

package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// finish ends the process in one of the ways a Go program can.
func finish(end string) {
	switch end {
	case "":
		os.Exit(0)
	case "panic":
		panic("the stress is over")
	case "nil":
		var p *int
		*p = 1
	case "throw":
		new(sync.Mutex).Unlock()
	case "overflow":
		debug.SetMaxStack(64 << 10)
		deeper(0)
	case "deadlock":
		select {}
	case "datarace":
		if dataRace() > 0 {
			os.Exit(0) // the race detector changes the status
		}
	case "pipe":
		// The parent has closed its end of standard output, or is about to.
		for {
			os.Stdout.WriteString("is anybody there?\n")
			time.Sleep(10 * time.Millisecond)
		}
	case "wait":
		say("ready")
		for {
			time.Sleep(time.Second)
		}
	}
	fail(fmt.Errorf("no ending %q", end))
}

//go:noinline
func deeper(n int) int {
	var page [1024]int
	if n < 0 { // never: the stack ends first
		return 0
	}
	page[n%len(page)] = n
	return deeper(n+1) + page[(n+1)%len(page)]
}

// dataRace has two goroutines write a variable without order.
func dataRace() int {
	n := 0
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for range 1000 {
				n++
				runtime.Gosched()
			}
		})
	}
	wg.Wait()
	return n
}
