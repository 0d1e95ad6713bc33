package goruntime_test

import (
	"errors"
	"fmt"

	"github.com/tileseal/tileseal/goruntime"
)

// A policy's generated Levels constant says what its program allows the runtime.
// Prepare is given that constant, and answers with what the program is filled in
// with.
func ExamplePrepare() {
	const levels = goruntime.Go126 | goruntime.Core | goruntime.CoreVMAName | goruntime.Crash

	rt, err := goruntime.Prepare(levels)
	switch {
	case errors.Is(err, goruntime.ErrCgo), errors.Is(err, goruntime.ErrInstrumented):
		fmt.Println("this build cannot be sealed:", err)
	case err != nil:
		fmt.Println("not sealed:", err)
	default:
		fmt.Println("the runtime polls descriptor", rt.EpollFD())
	}
}

// A unit test fills a generated program in with numbers of its own.
func ExampleSimulated() {
	rt := goruntime.Simulated(goruntime.Go126|goruntime.Core, 10, 11, 4711)
	fmt.Println(rt.EpollFD(), rt.EventFD(), rt.PID())
	// Output: 10 11 4711
}

func ExampleLevels_String() {
	fmt.Println(goruntime.Go126 | goruntime.Core | goruntime.Netpoll)
	// Output: go1.26|core|netpoll
}
