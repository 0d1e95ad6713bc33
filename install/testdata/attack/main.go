//go:build linux

// The victim of package install's attack tests. It prepares itself as its flags
// say, says "ready", and seals when it is told to; it says what came of that,
// waits while its threads are looked at, and then makes a call that is denied
// if it is sealed. What it does to itself cannot be undone.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/tileseal/tileseal/install"
	"golang.org/x/sys/unix"
)

// getppid is the call that sealing denies: harmless, and never made by the
// runtime.
const getppid = unix.SYS_GETPPID

// pid is asked for before a filter can answer.
var pid = os.Getpid()

var (
	outer     rules
	plain     = flag.Bool("plain", false, "install what is there before without no_new_privs, which takes CAP_SYS_ADMIN")
	container = flag.Bool("container", false, "be under a filter like a container's")
	full      = flag.Bool("full", false, "be under so many filters that no other fits")
	nnp       = flag.Bool("nnp", false, "set no_new_privs on the main thread")
	held      = flag.Int("threads", 2, "how many threads goroutines hold on to")
	diverge   = flag.Int("diverge", 0, "how many threads have a filter of their own")
	strict    = flag.Bool("strict", false, "put a thread into seccomp's strict mode")
	locked    = flag.Bool("locked", false, "seal from the main thread, locked")
	size      = flag.Int("size", 4, "instructions of the filter that seals")
	striker   = flag.String("strike", "new", "the thread that makes the denied call: old or new")
	procs     = flag.Int("procs", 4, "GOMAXPROCS")
	patience  = flag.Duration("patience", time.Minute, "how long Process may take")
	race      = flag.Int("race", 0, "seal so often while threads start and end, instead of all that")
	clash     = flag.Int("clash", 0, "fail to seal so often while threads start and end, instead of all that")
	hammer    = flag.String("hammer", "", "seal while threads (old or new) make the denied call, instead of all that")
)

func main() {
	flag.Var(&outer, "outer", "be under a filter with this `rule`: call,argument,[!]value,verdict")
	if len(os.Args) > 1 && os.Args[1] == "trace" {
		exit(trace(os.Args[2:]))
	}
	flag.Parse()
	switch {
	case *race > 0:
		exit(raceSeals(*race))
	case *clash > 0:
		exit(raceClashes(*clash))
	case *hammer != "":
		exit(hammerOn(*hammer))
	}
	exit(victim())
}

func exit(err error) {
	var s skip
	switch {
	case errors.As(err, &s):
		fmt.Println("skip:", string(s))
	case err != nil:
		fmt.Println("error:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// A skip is why something cannot be played here.
type skip string

func (s skip) Error() string { return string(s) }

func init() { runtime.LockOSThread() } // main on the main thread until victim lets go

func victim() error {
	strike := strikeOld
	if *striker == "new" {
		strike = strikeNew
	}
	runtime.GOMAXPROCS(*procs)
	hold(*held)
	if err := prepare(); err != nil {
		return err
	}
	if !*locked {
		runtime.UnlockOSThread()
	}
	fmt.Println("ready", pid)
	told()
	late := time.AfterFunc(*patience, func() { fmt.Println("hangs") })
	err := install.Process(sealing(*size))
	late.Stop()
	fmt.Println(outcome(err))
	told()
	strike()
	fmt.Println("open")
	return nil
}

// told waits for a word from outside.
func told() { os.Stdin.Read(make([]byte, 1)) }

// outcome words what Process returned: the type of an error and what it holds.
func outcome(err error) string {
	var (
		fe *install.FilterError
		ue *install.UnsupportedError
		ce *install.ConflictError
		se *os.SyscallError
	)
	switch {
	case err == nil:
		return "sealed"
	case errors.As(err, &fe):
		return "filter " + fe.Reason
	case errors.As(err, &ue):
		return fmt.Sprintf("unsupported: %s: %v", ue.What, ue.Err)
	case errors.As(err, &ce):
		return fmt.Sprintf("conflict: thread %d", ce.TID)
	case errors.As(err, &se):
		return fmt.Sprintf("refused: %v", se)
	}
	return fmt.Sprintf("untyped: %v", err)
}

// prepare brings about what the flags ask for.
func prepare() error {
	if *nnp {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return err
		}
	}
	if *full {
		if err := fill(); err != nil {
			return err
		}
	}
	if *container {
		if err := confine(containerFilter()); err != nil {
			return err
		}
	}
	if len(outer) > 0 {
		if err := confine(outer.filter()); err != nil {
			return err
		}
	}
	for range *diverge {
		if err := divergeOne(); err != nil {
			return err
		}
	}
	if *strict {
		if err := strictOne(); err != nil {
			return err
		}
	}
	return nil
}
