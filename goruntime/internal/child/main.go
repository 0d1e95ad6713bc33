//go:build linux

// Child is the program that the tests of package goruntime prepare, seal and
// watch die. It is a program of its own because a test binary may carry the race
// detector, and because a seal cannot be taken off.
//
// It writes one line of JSON, a [wire.Reply], to standard output.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"github.com/tileseal/tileseal/goruntime"
	"github.com/tileseal/tileseal/goruntime/internal/stress"
	"github.com/tileseal/tileseal/goruntime/internal/wire"
)

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("usage: child prepare|procs|stress LEVELS [flags]"))
	}
	switch mode, args := os.Args[1], os.Args[2:]; mode {
	case "prepare":
		prepare(args)
	case "procs":
		procs(args)
	case "stress":
		stress.Run(args[1:], goruntime.Levels(must(strconv.ParseUint(args[0], 10, 64))), seal)
	default:
		fail(fmt.Errorf("unknown mode %q", mode))
	}
}

func reply(r wire.Reply) {
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		fail(err)
	}
}

// fail ends the child in a way no test takes for an expected ending.
func fail(err error) {
	fmt.Fprintln(os.Stderr, "child:", err)
	os.Exit(70)
}

func must[T any](v T, err error) T {
	if err != nil {
		fail(err)
	}
	return v
}
