// Package goruntime makes a running Go program ready to be sealed by a seccomp
// filter, and says what the Go runtime itself will still ask of the kernel.
//
// A Go program makes system calls of its own: threads sleep and wake, the
// garbage collector maps and releases memory, the scheduler polls its epoll
// descriptor. A filter that lists only a program's own calls therefore kills
// it at once. The calls the runtime makes were measured, release by release;
// they come in [Levels], each a policy fragment with checked arguments (package
// goruntime/baseline holds the texts). A generated program is made for a set of
// levels and names it in a constant, so that sealing is
//
//	rt, err := goruntime.Prepare(gotile.ArchiverWriterLevels)
//	if err != nil {
//		log.Fatal(err)
//	}
//	var filter [gotile.ArchiverWriterLen]unix.SockFilter
//	gotile.PopulateArchiverWriter(filter[:], rt, logFD, archiveFD)
//	err = install.Process(filter[:])
//
// # When to call Prepare
//
// After every file, socket and directory the program will use is open, after
// setup that runs other programs, and before the first byte that somebody else
// controls is read. It reads /proc/self and takes a pipe for a moment, so it has
// to come before the filter; it may be called again.
//
// # What Prepare does
//
//   - It refuses what no baseline covers, each with an [*Error] that says what to
//     do: see the Err variables.
//   - It starts the network poller and finds the runtime's own epoll and event
//     descriptors, whatever others the program has, so that the filter can name
//     them: nothing is left open that can be known.
//   - It fixes GOMAXPROCS at its present value. The runtime then stops reading
//     the affinity mask and the cgroup limits every second. Do not call
//     runtime.SetDefaultGOMAXPROCS afterwards: it undoes this.
//   - It loads the time zone, which the first log.Print would otherwise open.
//   - It runs the garbage collector and waits for the finalizers and cleanups
//     that were due, so that a file dropped earlier is closed now and not by a
//     forbidden close later.
//
// Apart from this it only reads, and it leaves no descriptor open but the
// poller's.
//
// # What Prepare cannot see
//
//   - Files that are still reachable and will be dropped later: their finalizers
//     will call close. Keep them reachable, or close them first.
//   - A thread that sits in a call the filter forbids: it stays there until a
//     signal restarts the call, which is then killed.
//   - Other packages that open something on first use (a resolver, a template, a
//     time zone besides the local one).
//   - Whether the vDSO answers the clock without a call on this machine: it looks
//     for the vDSO and at the name of the clock source. A paravirtual clock whose
//     host does not promise a stable counter looks good and is not.
//   - Levels too wide: it cannot tell that a program would do with fewer.
//
// # Support
//
// The baselines of amd64 and 386 were run; that of arm64 was derived from the
// runtime's source and is experimental. They hold for programs without cgo,
// built by the gc toolchain as ordinary executables (not c-archive, c-shared or
// plugin).
package goruntime
