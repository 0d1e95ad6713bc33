//go:build linux

// Child is the program that the tests of package goruntime prepare, seal and
// watch die. It is a program of its own because a test binary may carry the race
// detector, and because a seal cannot be taken off.
//
// It writes one line of JSON, a wire.Reply, to standard output.
package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/tileseal/tileseal/goruntime"
	"github.com/tileseal/tileseal/goruntime/internal/child/stage"
	"github.com/tileseal/tileseal/goruntime/internal/stress"
)

func main() {
	if len(os.Args) < 2 {
		stage.Fail(fmt.Errorf("usage: child prepare|procs|act|outer|stress [flags]"))
	}
	switch mode, args := os.Args[1], os.Args[2:]; mode {
	case "prepare":
		prepare(args)
	case "procs":
		procs(args)
	case "act":
		stage.Perform(acts, args)
	case "outer":
		outer(args)
	case "stress":
		levels := goruntime.Levels(stage.Must(strconv.ParseUint(args[0], 10, 64)))
		stress.Run(args[1:], levels, func(goruntime.Runtime, int, int) error { return stage.Seal() })
	default:
		stage.Fail(fmt.Errorf("unknown mode %q", mode))
	}
}
