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
// # Which levels
//
// Include what the program does after the seal, and nothing that it does before.
// Each level's text says what it allows and why.
//
//	core              every Go program
//	core_vmaname      programs that may run where the kernel has
//	                  CONFIG_ANON_VMA_NAME, as most distributions' kernels do
//	crash             a panic is to be printed, and to end with status 2
//	crash_core        SIGTERM, SIGINT and SIGHUP are to end the program by their
//	                  own names; GOTRACEBACK=crash is to leave a core
//	netpoll           connections and pipes are accepted, opened or closed
//	rand              crypto/rand, TLS
//	signals           signal.Notify of SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU; Ignore
//	tz                time.LoadLocation; the local zone is loaded by Prepare
//	pprof             the CPU profiler is switched on and off
//	pprof_write       profiles are written (wide)
//	allthreads        syscall.Setuid and the like; their calls are the policy's own
//	files             any file is opened (wide)
//	net               any connection is made (wide)
//	exec              other programs are run (very wide)
//	cgo               C code is linked in (wide); on amd64, with glibc
//	race, cover       the build has -race or -cover: for tests (wide)
//	core_gomaxprocs   GOMAXPROCS is to follow the machine
//	core_novdso       machines on which the clock is a system call
//	core_oldkernel    32-bit programs on kernels before 5.1; pprof_oldkernel
//	                  besides pprof
//	core_godebug      GODEBUG has madvdontneed=0, harddecommit=1 or efence=1, or
//	                  with 32 bits disablethp=1, for which core will do elsewhere
//	netpoll_init      the program is sealed from outside and cannot call Prepare
//
// Of the levels for machines and settings, Prepare says which one is missing.
//
// # When to call Prepare
//
// After every file, socket and directory the program will use is open, after
// setup that runs other programs, and before the first byte that somebody else
// controls is read. It reads /proc/self, may be called as any user, and takes a
// pipe for a moment, so it has to come before the filter; it may be called again.
//
// # What Prepare does
//
//   - It refuses what the levels do not hold, each with an [*Error] that says what
//     to do: see the Err variables.
//   - It starts the network poller and finds the runtime's own epoll and event
//     descriptors, whatever others the program has, so that the filter can name
//     them: nothing is left open that can be known.
//   - It fixes GOMAXPROCS at its present value. The runtime then stops reading
//     the affinity mask and the cgroup limits every second. Do not call
//     runtime.SetDefaultGOMAXPROCS afterwards: it undoes this. With CoreGOMAXPROCS
//     it leaves GOMAXPROCS alone and finds the descriptors of the limits.
//   - It loads the time zone, which the first log.Print would otherwise open.
//   - It runs the garbage collector and waits for the finalizers and cleanups
//     that were due, so that a file, connection or process dropped earlier is
//     closed now and not by a forbidden close later.
//
// Apart from this it only reads, and it leaves no descriptor open but the
// poller's.
//
// # What Prepare cannot see
//
//   - Files that are still reachable and will be dropped later: their finalizers
//     will call close, which kills unless the policy allows it. Keep them
//     reachable, or close them first.
//   - A thread that sits in a call the filter forbids: it stays there, and may
//     come back. But a signal that reaches the thread, or a stop of the process,
//     has the kernel make the call again, and that is the end. Goroutines that wait
//     in package net or in time.Sleep hold no thread.
//   - Other packages that open something on first use: a resolver, certificates,
//     a template, a time zone besides the local one.
//   - What a program run by os/exec calls: it is under the same filter. A child
//     killed before it becomes that program shows as "signal: bad system call".
//   - What C code calls. The level holds what glibc's threads, locks and malloc
//     need.
//   - Whether the vDSO answers the clock without a call on this machine: it looks
//     for the vDSO and at the name of the clock source. A paravirtual clock whose
//     host does not promise a stable counter looks good and is not.
//   - What init functions that ran before this package's did to GODEBUG.
//   - Levels too wide: it cannot tell that a program would do with fewer.
//
// Stopping and continuing a sealed process, by ctrl-Z, a debugger or a freezer, is
// allowed by core.
//
// # Support
//
// The levels were run on amd64 and 386, built by Go 1.26 and 1.27. Those of the other
// GOARCHs were read from the runtime's source: arm64, on which every tile of package
// gotile has lived under its program since, and which Prepare takes, and arm,
// loong64, mips, mipsle, mips64, mips64le, ppc64, ppc64le, riscv64 and s390x, which it
// refuses with [ErrExperimental] unless the program is built with the tag
// tileseal_experimental. What is weaker there, and why, stands in the texts: on s390x
// mmap takes a pointer to its arguments, so memory can be mapped executable; on
// riscv64 crash_core cannot keep signals within the process. They hold for
// ordinary executables of the gc toolchain: code within a C program (c-archive,
// c-shared, plugin), the memory and address sanitizers and unreleased toolchains are
// refused. Programs with cgo, and with threads of C's own, are supported on amd64
// with glibc (2.36 was measured), and refused elsewhere; Prepare cannot tell another
// C library from it.
package goruntime
