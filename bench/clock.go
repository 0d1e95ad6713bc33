//go:build linux && amd64

package main

import (
	"runtime"
	"slices"
	"time"
)

// A task is something to be timed: do does it n times.
type task struct {
	name string
	do   func(n int)
}

// A timing is what one time of a task costs.
type timing struct {
	ns     float64 // the median of the turns
	allocs float64
}

// longest is about how long all turns of one task take.
const longest = time.Second

// timings times tasks by turns, so that what disturbs one disturbs all.
func timings(tasks []task, e effort) []timing {
	times := make([]int, len(tasks))
	rounds := make([]int, len(tasks))
	for i, t := range tasks {
		var one time.Duration
		times[i], one = calibrate(t, time.Duration(e.batchMS)*time.Millisecond)
		rounds[i] = min(e.rounds, 2+int(longest/one))
	}
	turns := make([][]float64, len(tasks))
	for round := range e.rounds {
		for i, t := range tasks {
			if round >= rounds[i] {
				continue
			}
			start := time.Now()
			t.do(times[i])
			turns[i] = append(turns[i], float64(time.Since(start).Nanoseconds())/float64(times[i]))
		}
	}
	out := make([]timing, len(tasks))
	for i, t := range tasks {
		out[i] = timing{median(turns[i]), allocations(t, min(times[i], 10))}
	}
	return out
}

// calibrate is how often a task is done in a turn of at least that long, and
// how long that turn takes.
func calibrate(t task, least time.Duration) (n int, took time.Duration) {
	for n = 1; ; n *= 2 {
		start := time.Now()
		t.do(n)
		if took = time.Since(start); took >= least {
			return n, took
		}
	}
}

// allocations is how many a task makes, the mean of n times.
func allocations(t task, n int) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	t.do(n)
	runtime.ReadMemStats(&after)
	return float64((after.Mallocs - before.Mallocs) / uint64(n))
}

func median(list []float64) float64 {
	list = slices.Sorted(slices.Values(list))
	if len(list) == 0 {
		return 0
	}
	return list[len(list)/2]
}
