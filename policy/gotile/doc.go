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
//
// # Levels
//
// Every tile includes five levels of the runtime:
//
//   - core: without it no Go program runs: threads, locks, memory, preemption by
//     signal, the scheduler's waiting in its poller, the end of the process.
//   - core_vmaname: on kernels built with CONFIG_ANON_VMA_NAME the runtime names
//     memory after it is mapped; a heap that grows would be the death of it.
//   - netpoll: pipes, sockets and terminals held as an os.File or a net.Conn join
//     the runtime's poller and leave it when they are closed.
//   - crash: a panic or a fatal error is printed to standard error, and the exit
//     status is 2; without it the process dies of SIGSYS and says nothing.
//   - crash_core: SIGTERM, SIGINT and SIGHUP end the process under their own
//     names; without it they look like a violation of the policy.
//
// Tiles that ask the kernel for random bytes include rand besides.
//
// # The tile's own calls
//
// Each text includes the strict policy of the same name, so whatever that one
// allows is allowed, and adds the forms in which Go's libraries make the calls:
// packages os and net, golang.org/x/sys/unix and golang.org/x/net. The comment
// at its head names the functions that are meant. Others may do the same work by
// other calls, which kill: os.Rename by a path where the tile renames in a
// directory, os.Process.Wait where it waits by unix.Wait4.
//
// On 386 Go uses calls with 64-bit offsets and sizes (fstat64, _llseek,
// ftruncate64, fcntl64). Programs for 386 allow both forms: those of the strict
// policy and those of Go. Every comparison has the width of the argument's type,
// where the strict programs have that of their layout: a seek to the start is
// one to 0, not to any multiple of 4 GiB.
//
// Where a strict policy names what is no connection and leaves every other
// descriptor to read and close, the runtime's epoll and event descriptors are
// among the others. What is added here for connections excludes them.
//
// # No sockets on 386
//
// There Go makes its socket calls through socketcall, whose arguments lie behind
// a pointer where no filter can look. Tiles that use sockets after they are
// sealed have no program for 386, and a program that names one does not build
// there: bundle, event, genesi, gui, guih, ipecho, metric, netlink, rpc,
// snapct, snapld, sock and xdp.
package gotile

//go:generate go tool tileseal gen -layout optimized accdb.seccomppolicy admin.seccomppolicy archiver_feeder.seccomppolicy archiver_playback.seccomppolicy archiver_writer.seccomppolicy bank.seccomppolicy cswtch.seccomppolicy dedup.seccomppolicy diag.seccomppolicy exec.seccomppolicy execle.seccomppolicy execrp.seccomppolicy gossip.seccomppolicy gossvf.seccomppolicy main.seccomppolicy monitor.seccomppolicy monitor_gossip.seccomppolicy pack.seccomppolicy pidns.seccomppolicy plugin.seccomppolicy poh.seccomppolicy quic.seccomppolicy repair.seccomppolicy replay.seccomppolicy resolv.seccomppolicy rserve.seccomppolicy send.seccomppolicy shred.seccomppolicy shredcap.seccomppolicy sign.seccomppolicy snapdc.seccomppolicy snapin.seccomppolicy snapin_tile_vinyl.seccomppolicy snapla.seccomppolicy snapls.seccomppolicy snapmk.seccomppolicy snaprd.seccomppolicy snapsv.seccomppolicy snapwh.seccomppolicy snapwr.seccomppolicy snapzp.seccomppolicy solcap.seccomppolicy tower.seccomppolicy txsend.seccomppolicy verify.seccomppolicy votor.seccomppolicy watch.seccomppolicy
//go:generate go tool tileseal gen -layout optimized -target amd64,arm64 bundle.seccomppolicy event.seccomppolicy genesi.seccomppolicy gui.seccomppolicy guih.seccomppolicy ipecho.seccomppolicy metric.seccomppolicy netlink.seccomppolicy rpc.seccomppolicy snapct.seccomppolicy snapld.seccomppolicy sock.seccomppolicy xdp.seccomppolicy
