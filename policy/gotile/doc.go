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
// others.
//
// # Experimental GOARCHs
//
// On amd64 and 386 the runtime's calls were measured. On arm64, and on arm, loong64,
// mips, mipsle, mips64, mips64le, ppc64, ppc64le, riscv64 and s390x they are read
// from its source; every tile has done its work under its program on arm64 and on
// riscv64, on emulated kernels. But for arm64 the programs are there only with the build tag
// tileseal_experimental, and goruntime.Prepare asks for the same tag. Besides, a
// filter can check less on some of them:
//
//   - On s390x mmap takes a pointer to its arguments. The runtime needs the call,
//     so whoever takes over a tile can map memory that is executable, or a file
//     that is open.
//   - On riscv64 the runtime dies by a signal through tkill, which takes the number
//     of a thread without that of its process: the tile can send SIGHUP, SIGINT,
//     SIGABRT, SIGPIPE and SIGTERM to what else its user runs.
//   - On mips and mipsle the clock is a system call, and the fifth and sixth argument
//     of a call stand on the stack, which another thread can change after the filter
//     has looked, on kernels that read it twice.
//   - On loong64 Go asks for the state of a file by statx, with the path behind a
//     pointer: a tile that may ask for that of one open file may for others'.
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
// With 32 bits Go uses calls with 64-bit offsets and sizes (fstat64, _llseek,
// ftruncate64, fcntl64). These programs allow both forms: those of the strict
// policy and those of Go. Every comparison has the width of the argument's type,
// where the strict programs have that of their layout: a seek to the start is
// one to 0, not to any multiple of 4 GiB.
//
// Where a strict policy names what is no connection and leaves every other
// descriptor to read and close, the runtime's epoll and event descriptors are
// among the others. What is added here for connections excludes them.
//
// # No sockets on 386 and s390x
//
// There Go makes its socket calls through socketcall, whose arguments lie behind
// a pointer where no filter can look. Tiles that use sockets after they are
// sealed have no program for these two, and a program that names one does not
// build there: bundle, event, genesi, gui, guih, ipecho, metric, netlink, rpc,
// snapct, snapld, sock and xdp.
package gotile

//go:generate go tool tileseal gen -layout optimized -experimental all accdb.seccomppolicy admin.seccomppolicy archiver_feeder.seccomppolicy archiver_playback.seccomppolicy archiver_writer.seccomppolicy bank.seccomppolicy cswtch.seccomppolicy dedup.seccomppolicy diag.seccomppolicy exec.seccomppolicy execle.seccomppolicy execrp.seccomppolicy gossip.seccomppolicy gossvf.seccomppolicy main.seccomppolicy monitor.seccomppolicy monitor_gossip.seccomppolicy pack.seccomppolicy pidns.seccomppolicy plugin.seccomppolicy poh.seccomppolicy quic.seccomppolicy repair.seccomppolicy replay.seccomppolicy resolv.seccomppolicy rserve.seccomppolicy send.seccomppolicy shred.seccomppolicy shredcap.seccomppolicy sign.seccomppolicy snapdc.seccomppolicy snapin.seccomppolicy snapin_tile_vinyl.seccomppolicy snapla.seccomppolicy snapls.seccomppolicy snapmk.seccomppolicy snaprd.seccomppolicy snapsv.seccomppolicy snapwh.seccomppolicy snapwr.seccomppolicy snapzp.seccomppolicy solcap.seccomppolicy tower.seccomppolicy txsend.seccomppolicy verify.seccomppolicy votor.seccomppolicy watch.seccomppolicy
//go:generate go tool tileseal gen -layout optimized -target amd64,arm64 -experimental arm,loong64,mips,mips64,mips64le,mipsle,ppc64,ppc64le,riscv64 bundle.seccomppolicy event.seccomppolicy genesi.seccomppolicy gui.seccomppolicy guih.seccomppolicy ipecho.seccomppolicy metric.seccomppolicy netlink.seccomppolicy rpc.seccomppolicy snapct.seccomppolicy snapld.seccomppolicy sock.seccomppolicy xdp.seccomppolicy
