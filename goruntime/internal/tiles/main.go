//go:build linux && (386 || amd64 || arm64 || tileseal_experimental)

// Tiles is every prebuilt tile as a Go program: it opens what the tile has, seals
// itself by the tile's program, makes the tile's calls in the way Go's libraries
// make them, keeps the runtime busy, and ends with a forbidden call.
//
//	tiles NAME DIR PEER DURATION PARAM...
//
// DIR is an empty directory, PEER the address of a server that sends back what it
// gets, over TCP and UDP, and PARAM the names of the tile's parameters. A tile
// that listens says where, in a line on standard output.
package main

import (
	"fmt"
	"log"
	"os"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tileseal/tileseal/goruntime"
	"github.com/tileseal/tileseal/goruntime/internal/stress"
	"github.com/tileseal/tileseal/goruntime/internal/wire"
	"github.com/tileseal/tileseal/install"
	"github.com/tileseal/tileseal/internal/policytest/tiles"
	"golang.org/x/sys/unix"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "idle" {
		time.Sleep(time.Hour)
	}
	if len(os.Args) < 6 {
		fail(fmt.Errorf("usage: tiles NAME DIR PEER DURATION PARAM"))
	}
	name, params := os.Args[1], os.Args[5:]
	length := must(time.ParseDuration(os.Args[4]))
	all := tiles.All()
	i := slices.IndexFunc(all, func(x tiles.Tile) bool { return x.Name == name })
	if i < 0 {
		fail(fmt.Errorf("there is no tile %s on this GOARCH", name))
	}
	tile := all[i]
	c := &child{dir: os.Args[2], peer: os.Args[3], params: params, files: map[string]*os.File{}}
	do, known := acts[name]
	if !known {
		fail(fmt.Errorf("nobody said what %s does", name))
	}
	if before, ok := beforehand[name]; ok {
		check(before(c))
	}
	for _, p := range params {
		c.numbers = append(c.numbers, c.open(p))
	}

	rt := must(goruntime.Prepare(tile.Levels))
	filter := make([]unix.SockFilter, tile.Len)
	tile.Populate(filter, rt, c.numbers)
	check(install.Process(filter))
	say(wire.Sealed)

	for _, act := range append(do, logs) {
		check(act(c))
	}
	c.stress(length)
	say(wire.Survived)
	say(wire.Opening)
	_, err := os.Open("/etc/passwd")
	runtime.KeepAlive(c) // a file that is dropped is closed, and close is not among most tiles' calls
	fail(fmt.Errorf("open came back: %v", err))
}

// stress keeps every part of the runtime busy that makes system calls, and logs.
func (c *child) stress(length time.Duration) {
	logger := log.New(c.files["logfile_fd"], "", log.LstdFlags)
	_, err := stress.Work([]stress.Load{
		{Name: "garbage", Run: stress.Garbage},
		{Name: "heap", Run: stress.GrowHeap(64)},
		{Name: "timers", Run: stress.Timers},
		{Name: "locked", Run: stress.LockedThreads},
		{Name: "spin", Run: stress.Spin},
		{Name: "faults", Run: stress.Faults},
		{Name: "wake", Run: stress.Wake},
		{Name: "log", Run: func(stop *atomic.Bool, rounds *atomic.Int64) {
			for !stop.Load() {
				logger.Print("at work")
				rounds.Add(1)
				time.Sleep(10 * time.Millisecond)
			}
		}},
	}, length)
	check(err)
}

// say writes a line to standard error by a plain write.
func say(s string) {
	if _, err := os.Stderr.WriteString(s + "\n"); err != nil {
		os.Exit(71)
	}
}

// fail ends the process in a way no test takes for an expected ending.
func fail(err error) {
	fmt.Fprintln(os.Stderr, "tiles:", err)
	os.Exit(70)
}

func check(err error) {
	if err != nil {
		fail(err)
	}
}

func must[T any](v T, err error) T {
	check(err)
	return v
}
