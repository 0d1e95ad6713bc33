// Package gotile has the tiles of package policy for processes written in Go:
// each program allows the tile's own calls and the smallest set of calls the
// Go runtime needs, with their arguments checked.
//
//	rt, err := goruntime.Prepare(gotile.ArchiverWriterLevels)
//	if err != nil {
//		log.Fatal(err)
//	}
//	var filter [gotile.ArchiverWriterLen]unix.SockFilter
//	gotile.PopulateArchiverWriter(filter[:], rt, logFD, archiveFD)
//	if err := install.Process(filter[:]); err != nil {
//		log.Fatal(err)
//	}
//
// What the runtime calls differs between Go releases. A program is good for
// those whose bits are in its Levels constant; goruntime.Prepare refuses
// others. On arm64 the runtime's calls are read from its source, not measured.
package gotile

//go:generate go tool tileseal gen -layout optimized archiver_writer.seccomppolicy
