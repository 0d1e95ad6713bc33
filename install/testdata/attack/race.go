//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tileseal/tileseal/install"
	"golang.org/x/sys/unix"
)

// churn has threads do each: some that stay, over and over, and for as long as
// the process lives others that start, do it once and end.
func churn(stay, come int, each func()) (births *atomic.Int64) {
	for range stay {
		go func() {
			runtime.LockOSThread()
			for {
				each()
				runtime.Gosched()
			}
		}()
	}
	births = new(atomic.Int64)
	for range come {
		go func() {
			for {
				done := make(chan bool)
				go func() {
					runtime.LockOSThread() // ends the thread
					each()
					births.Add(1)
					close(done)
				}()
				<-done
			}
		}()
	}
	await(births, 10)
	return births
}

// await keeps the races from being over before a thread has started.
func await(births *atomic.Int64, n int64) {
	for births.Load() < n {
		time.Sleep(20 * time.Microsecond)
	}
}

// numbered denies getppid with the first argument k, by an errno.
func numbered(k uint32) []unix.SockFilter {
	return rules{{unix.SYS_GETPPID, 0, k, false, unix.SECCOMP_RET_ERRNO | uint32(unix.EBADE)}}.filter()
}

// raceSeals seals n times, each time with a filter that denies one call more.
// From when Process returns, no thread may get that call through.
func raceSeals(n int) error {
	runtime.UnlockOSThread()
	var sealed, escaped atomic.Int64
	births := churn(2, 2, func() {
		k := sealed.Load()
		_, _, errno := unix.RawSyscall(getppid, uintptr(k), 0, 0)
		if k > 0 && errno != unix.EBADE {
			escaped.Store(k)
		}
	})
	before := births.Load()
	for k := 1; k <= n; k++ {
		if err := install.Process(numbered(uint32(k))); err != nil {
			return fmt.Errorf("filter %d: %w", k, err)
		}
		sealed.Store(int64(k))
		await(births, before+int64(k/2))
	}
	time.Sleep(10 * time.Millisecond)
	if k := escaped.Load(); k > 0 {
		return fmt.Errorf("a thread got call %d through after Process had returned", k)
	}
	if err := install.Verify(os.Getpid()); err != nil {
		return err
	}
	fmt.Println(births.Load() - before)
	return nil
}

// raceClashes tries to seal n times while a thread is in the way. No thread may
// be born with anything of that.
func raceClashes(n int) error {
	runtime.UnlockOSThread()
	if text, _ := os.ReadFile("/proc/self/status"); strings.Contains(string(text), "\nNoNewPrivs:\t1\n") {
		return skip("no_new_privs was set from the start")
	}
	if err := divergeOne(); err != nil {
		return err
	}
	var touched atomic.Int64
	births := churn(2, 2, func() {
		nnp, _, _ := unix.RawSyscall(unix.SYS_PRCTL, unix.PR_GET_NO_NEW_PRIVS, 0, 0)
		_, _, errno := unix.RawSyscall(getppid, 0, 0, 0)
		if nnp != 0 || errno != 0 {
			touched.Store(int64(unix.Gettid()))
		}
	})
	before := births.Load()
	refusal := rules{{unix.SYS_GETPPID, -1, 0, false, unix.SECCOMP_RET_ERRNO | uint32(unix.EBADE)}}.filter()
	for k := range n {
		await(births, before+int64(k/2))
		err := install.Process(refusal)
		var ce *install.ConflictError
		if !errors.As(err, &ce) {
			return fmt.Errorf("with a thread in the way: %v", err)
		}
	}
	if tid := touched.Load(); tid > 0 {
		return fmt.Errorf("thread %d got something of a filter that was refused", tid)
	}
	fmt.Println(births.Load() - before)
	return nil
}

// hammerOn seals while threads that were there before (old) or that start all
// the time (new) make the call that is denied then.
func hammerOn(kind string) error {
	runtime.UnlockOSThread()
	stay, come := 3, 1
	if kind == "new" {
		stay, come = 0, 3
	}
	var sealed atomic.Bool
	churn(stay, come, func() {
		known := sealed.Load()
		strike()
		if known {
			fmt.Println("a denied call came back")
		}
	})
	fmt.Println("hammering")
	if err := install.Process(sealing(4)); err != nil {
		return err
	}
	sealed.Store(true)
	time.Sleep(time.Second)
	return errors.New("nobody made the call")
}
