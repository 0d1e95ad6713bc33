// Package policy has a prebuilt seccomp program for every tile it knows: the
// strict programs, which allow exactly the tile's own system calls.
//
// A tile is a process that does one job: write the archive, serve metrics,
// sign. Each has a policy, NAME.seccomppolicy, that says which calls it may
// make and with which arguments, and beside it the Go that tileseal made from
// it: a Populate function, which writes the program with the tile's
// descriptors filled in, and a Len constant, its length.
//
// # These programs kill Go
//
// The Go runtime makes calls of its own, and a strict program allows none of
// them: it kills any Go process at once. The programs are for processes that
// are not written in Go, which a Go program starts and seals, and for tests.
// A tile written in Go seals itself with the programs of package
// [github.com/tileseal/tileseal/policy/gotile] instead.
//
// # Parameters
//
// Descriptors are ints, from -1 to 1<<31-1; Populate panics at any other.
// -1 stands for a descriptor the process does not have, such as a log that is
// switched off: no open one is equal to it. Where -1 would mean more than
// nothing (the current directory, any child, the end of a range) Populate
// panics at it too. So it does if out is too short for the program.
//
// # Where the rules come from
//
// The rules are those of Firedancer's tiles, and the programs equal, word for
// word, the ones its generator makes: of its tree of August 2026 (layout
// current), and for the twelve tiles that are no longer in that tree of its
// tree of November 2025 (layout classic). A comparison in layout classic looks
// at the low 32 bits of an argument only; the comment of each Populate
// function says where that matters.
package policy

//go:generate go tool tileseal gen -target all -layout classic archiver_feeder.seccomppolicy archiver_playback.seccomppolicy archiver_writer.seccomppolicy bank.seccomppolicy cswtch.seccomppolicy exec.seccomppolicy send.seccomppolicy shredcap.seccomppolicy snapin_tile_vinyl.seccomppolicy snapla.seccomppolicy snapls.seccomppolicy snapwh.seccomppolicy
//go:generate go tool tileseal gen -target all -layout current accdb.seccomppolicy admin.seccomppolicy bundle.seccomppolicy dedup.seccomppolicy diag.seccomppolicy event.seccomppolicy execle.seccomppolicy execrp.seccomppolicy genesi.seccomppolicy gossip.seccomppolicy gossvf.seccomppolicy gui.seccomppolicy guih.seccomppolicy ipecho.seccomppolicy main.seccomppolicy metric.seccomppolicy monitor.seccomppolicy monitor_gossip.seccomppolicy netlink.seccomppolicy pack.seccomppolicy pidns.seccomppolicy plugin.seccomppolicy poh.seccomppolicy quic.seccomppolicy repair.seccomppolicy replay.seccomppolicy resolv.seccomppolicy rpc.seccomppolicy rserve.seccomppolicy shred.seccomppolicy sign.seccomppolicy snapct.seccomppolicy snapdc.seccomppolicy snapin.seccomppolicy snapld.seccomppolicy snapmk.seccomppolicy snaprd.seccomppolicy snapsv.seccomppolicy snapwr.seccomppolicy snapzp.seccomppolicy sock.seccomppolicy solcap.seccomppolicy tower.seccomppolicy txsend.seccomppolicy verify.seccomppolicy votor.seccomppolicy watch.seccomppolicy xdp.seccomppolicy
