//go:build linux && (386 || amd64 || arm64 || tileseal_experimental)

// Tile is archiver_writer as a Go program: it seals itself by the generated
// program, as any daemon would, and then goes through package stress.
package main

import (
	"os"

	"github.com/tileseal/tileseal/goruntime"
	"github.com/tileseal/tileseal/goruntime/internal/stress"
	"github.com/tileseal/tileseal/install"
	"github.com/tileseal/tileseal/policy/gotile"
	"golang.org/x/sys/unix"
)

func main() {
	stress.Run(os.Args[1:], gotile.ArchiverWriterLevels, seal)
}

func seal(rt goruntime.Runtime, logFD, archiveFD int) error {
	var filter [gotile.ArchiverWriterLen]unix.SockFilter
	gotile.PopulateArchiverWriter(filter[:], rt, logFD, archiveFD)
	return install.Process(filter[:])
}
