// Package install puts a seccomp filter into the kernel: on every thread of
// the process, or not at all.
//
//	var filter [gotile.ArchiverWriterLen]unix.SockFilter
//	gotile.PopulateArchiverWriter(filter[:], rt, logFD, archiveFD)
//	if err := install.Process(filter[:]); err != nil {
//		log.Fatal(err)
//	}
//
// [Process] seals a Go program. [Exec] seals the program that replaces this
// one. [Thread] is for the rare filter meant for one thread, and for tests.
// [Verify] lets another process see that every thread is sealed; [Probe] says
// what the kernel can do; [Staging] makes a filter tell instead of kill.
//
// # What installing means
//
// A filter is for good: it cannot be taken off or replaced, and every process
// and program started later is under it too. no_new_privs, which comes with
// it, is as lasting: set-user-id programs no longer gain rights. That holds
// for root as for everyone else: no privilege is needed, and none makes a
// difference.
//
// A process may be under a filter already, a container's or its own. A new one
// is added, each call is judged by all, and the strictest verdict holds. The
// filters already there must allow prctl and seccomp, else nothing more can be
// installed; after an error they must allow what the end of a thread takes
// (level core of package goruntime does).
//
// # Threads
//
// The kernel filters threads, not processes. The Go runtime moves goroutines
// between threads, and starts new ones from whichever it likes; so Process has
// the kernel filter all of them in one step (SECCOMP_FILTER_FLAG_TSYNC). If a
// thread is in the way, one with a filter the others do not have, nothing is
// installed ([ConflictError]). Process may be called from any goroutine, locked
// to its thread or not. It works on a thread of its own, which ends if the
// kernel refuses, so that an error leaves no trace.
//
// A thread that is blocked in a system call stays there, even if the filter
// would not let it make the call again. It may come back with a result. But a
// signal to it, or a stop and continue (ctrl-Z), has the kernel start the call
// again, and that the filter judges.
//
// # Before sealing
//
// Under the filter the Go runtime goes on making calls of its own; package
// goruntime has the list and gets the runtime ready. Open every file first,
// and use once whatever opens files the first time it is used, as time.Local
// does. Finalizers close what has been dropped: keep files reachable.
//
// # Other programs
//
// A Go program cannot run code of its own between fork and exec. To start a
// program under a filter, start a setup command with os/exec (often the same
// executable, with a flag) and have that call [Exec]: the parent and its threads
// are left alone. The other way is a locked goroutine that calls [Thread] and
// then uses os/exec: the child has the filter of the thread it is started from,
// and so has that thread, for good.
//
// The filter is in force when execve is called, so it must allow that. No
// argument of execve can be checked: they are pointers. What the filter lets
// Exec do, the program can do again.
//
// The new program is judged from its first instruction on. The kernel maps it
// without a call; what it does to get to its main is its own. For a program
// dynamically linked with the GNU C library that is brk, mmap (of files, some
// executable), mprotect, munmap, access, openat, close, fstat or newfstatat,
// read, pread64, arch_prctl (386: set_thread_area), set_tid_address,
// set_robust_list, rseq, prlimit64 and getrandom; at the end exit_group. A Go
// program without cgo makes, besides those of the levels core, core_vmaname and
// netpoll_init of package goruntime, these calls: rt_sigaction for each signal,
// sched_getaffinity, prlimit64 and fcntl; openat, read, pread64 and close of a
// few files in /proc and /sys; on amd64 arch_prctl; on 386 open, brk, uname and
// madvise(MADV_NOHUGEPAGE).
//
// A program that can be changed had better seal itself, with [Process], and need
// not be allowed execve and openat at all.
//
// # Privileges
//
// Setting user and group ids drops privileges, and works before and after
// sealing; a filter neither needs nor takes away any. Do it before, and the
// filter need not allow it. Afterwards, package syscall has every thread make
// the call (level allthreads of package goruntime), and the policy lists the
// calls with their arguments. examples/privileges shows both.
//
// # Limits
//
// Process refuses filters that may kill a thread: the rest of a Go process
// hangs when one disappears. It refuses what the kernel would, in words rather
// than with EINVAL, and actions the kernel does not know, which it would take
// for a kill.
//
// The errors are types, made to be told apart: [FilterError] is a mistake in
// the filter, [UnsupportedError] a lack of the kernel's, [ConflictError] a
// thread in the way. Anything else is an [os.SyscallError] with the kernel's
// errno; EPERM or ENOSYS from seccomp mostly come from an outer filter.
//
// Linux only, from 3.17 on; kill_process and the action log need 4.14. Elsewhere
// the package compiles, and its functions return an [UnsupportedError].
package install
