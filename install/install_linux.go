package install

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// Process installs filter on every thread of the calling process, those that
// exist and so those that will, and sets no_new_privs on them. On a nil error
// that is done, by the kernel's own word, and cannot be undone. On any other
// nothing has been installed and no thread has gained no_new_privs, but for
// the one that tried, which is on its way out.
//
// The errors are [*FilterError], [*UnsupportedError], [*ConflictError], and
// for whatever else the kernel may answer [*os.SyscallError].
func Process(filter []unix.SockFilter, flags ...Flag) error {
	p, err := prepare(filter, unix.SECCOMP_FILTER_FLAG_TSYNC, flags)
	if err != nil {
		return err
	}
	result := make(chan error, 1)
	go onSpareThread(p, result)
	return <-result
}

// onSpareThread seals the process from a thread that can be thrown away. The
// main thread cannot: it does not end with its goroutine, and no_new_privs
// would stay with it. A goroutine that lands there keeps it occupied and
// passes the work on.
func onSpareThread(p *program, result chan<- error) {
	runtime.LockOSThread()
	main, err := onMainThread()
	if err == nil && !main {
		seal(p, result)
		return
	}
	defer runtime.UnlockOSThread()
	if err != nil {
		result <- err
		return
	}
	passed := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		seal(p, passed)
	}()
	result <- <-passed
}

// onMainThread fails if a filter that is there already answers 0, or an errno,
// in the kernel's place.
func onMainThread() (bool, error) {
	tid, pid := unix.Gettid(), unix.Getpid()
	switch {
	case tid <= 0:
		return false, answer{call: "gettid"}.err()
	case pid <= 0:
		return false, answer{call: "getpid"}.err()
	}
	return tid == pid, nil
}

// seal loads p on all threads. Its own is locked, and unlocked only once it is
// like all the others: otherwise it ends with the goroutine, taking
// no_new_privs with it.
func seal(p *program, result chan<- error) {
	if a := p.load(); a.call != "" {
		result <- a.err()
		return
	}
	// Neither ending the thread nor parking it for good is needed, so a filter
	// does not have to allow the one, and no thread is lost to the other.
	runtime.UnlockOSThread()
	result <- nil
}

// Thread installs filter on the calling thread only, and sets no_new_privs on
// it. The goroutine must have called [runtime.LockOSThread] and may never
// unlock. Other threads are not filtered, nor are those the runtime starts on
// behalf of this goroutine: a Go process is sealed by [Process] alone. Thread
// is for code that makes its system calls on one thread, and for tests.
//
// Unlike Process, it takes filters that kill the thread. The errors are the
// same but for [*ConflictError]. After an [*os.SyscallError] the thread may
// have no_new_privs set; after the others nothing has changed.
//
// Once the filter is in, Thread makes no system call. The Go runtime does:
// a thread under a filter that does not allow the runtime's own calls dies as
// soon as its goroutine blocks, allocates, or ends.
func Thread(filter []unix.SockFilter, flags ...Flag) error {
	p, err := prepare(filter, 0, flags)
	if err != nil {
		return err
	}
	if a := p.load(); a.call != "" {
		return a.err()
	}
	return nil
}
