//go:build linux

package main

import (
	"os"

	"github.com/tileseal/tileseal/goruntime/internal/child/stage"
	"github.com/tileseal/tileseal/goruntime/internal/wire"
	"github.com/tileseal/tileseal/install"
	"golang.org/x/sys/unix"
)

// outer becomes the program args[0] under the filter that it reads from
// descriptor 3, as a container's is there before the program.
func outer(args []string) {
	from := os.NewFile(3, "filter")
	filter, err := wire.Decode[unix.SockFilter](from)
	if err != nil {
		stage.Fail(err)
	}
	from.Close()
	stage.Fail(install.Exec(filter, args[0], args, os.Environ()))
}
