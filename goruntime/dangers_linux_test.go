package goruntime

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tileseal/tileseal/goruntime/internal/wire"
	"golang.org/x/sys/unix"
)

// What was dropped before Prepare is closed by Prepare, so the collector has
// nothing to close after the seal.
func TestFinalizers(t *testing.T) {
	t.Parallel()
	const polled = small + "include go/netpoll\n"
	each(t, func(t *testing.T, goarch string) {
		for _, kind := range []string{"file", "root", "conn", "process", "pipe", "chain"} {
			t.Run(kind, func(t *testing.T) {
				scene{policy: polled, act: "drop " + kind}.survives(t, goarch)
				// It is Prepare's doing: without it, the close comes.
				scene{policy: polled, flags: "-bare -fix", act: "drop " + kind}.dies(t, goarch)
			})
		}
		t.Run("dropped later", func(t *testing.T) {
			scene{policy: polled, act: "forget file"}.dies(t, goarch)
			scene{policy: polled + "close\n", act: "forget file"}.survives(t, goarch)
		})
	})
}

// A thread that is in a forbidden call when the seal comes stays there, and may
// return from it. A signal, or a stop, has the kernel make the call again, and
// that is the end.
func TestBlockedThread(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, goarch string) {
		scene{policy: small, act: "blocked stay"}.survives(t, goarch)
		scene{params: "uint pipe_w", policy: small + "write: (eq (arg 0) pipe_w)\n", act: "blocked data"}.survives(t, goarch)
		for _, again := range []func(actor){
			func(a actor) { unix.Tgkill(a.Process.Pid, a.params["blocked_tid"], unix.SIGURG) },
			func(a actor) { stopOnce(a, unix.SIGSTOP) },
		} {
			scene{policy: small, act: "blocked stay", on: map[string]func(actor){wire.Sealed: again}}.dies(t, goarch)
		}
	})
}

// log.Print wants the local time zone, which Prepare has loaded.
func TestLogAfterSeal(t *testing.T) {
	t.Parallel()
	zones := []string{"", "TZ=", "TZ=:/nonexistent"}
	if _, err := time.LoadLocation("Europe/Berlin"); err == nil {
		zones = append(zones, "TZ=Europe/Berlin")
	}
	each(t, func(t *testing.T, goarch string) {
		for _, zone := range zones {
			t.Run(zone, func(t *testing.T) {
				s := scene{policy: small, act: "log", change: func(c *exec.Cmd) {
					c.Env = slices.DeleteFunc(c.Env, func(kv string) bool { return strings.HasPrefix(kv, "TZ=") })
					if zone != "" {
						c.Env = append(c.Env, zone)
					}
				}}
				s.survives(t, goarch)
				if zone != "TZ=" { // that is UTC, without a file
					s.flags = "-bare -fix"
					s.dies(t, goarch)
				}
			})
		}
	})
}

// Whatever stops a process has the kernel make a restart_syscall of its sleeps
// when it goes on.
func TestStops(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(*testing.T, actor){"ctrl-Z": ctrlZ, "debugger": debugger} {
		each(t, func(t *testing.T, goarch string) {
			t.Run(name, func(t *testing.T) {
				s := scene{policy: small, act: "hold 700ms",
					// A process group without a parent in its session would
					// not be stopped by SIGTSTP.
					change: func(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} },
					on:     map[string]func(actor){wire.Ready: func(a actor) { stop(t, a) }}}
				s.survives(t, goarch)
				s.lacks = "restart_syscall"
				s.dies(t, goarch)
			})
		})
	}
}

// ctrlZ stops and continues a child five times, as a terminal and a shell do.
func ctrlZ(t *testing.T, a actor) {
	for range 5 {
		if !stopOnce(a, unix.SIGTSTP) {
			t.Errorf("the child is in state %c after SIGTSTP", state(a.Process.Pid))
		}
		time.Sleep(30 * time.Millisecond)
	}
}

// stopOnce stops a child by a signal, waits until it is stopped, or has ended, and
// continues it. It reports false if it never stops.
func stopOnce(a actor, sig unix.Signal) bool {
	a.Process.Signal(sig)
	stopped := eventually(func() bool { return strings.ContainsRune("TZ?", state(a.Process.Pid)) })
	a.Process.Signal(unix.SIGCONT)
	return stopped
}

// debugger attaches to every thread of a child five times, and lets go.
func debugger(t *testing.T, a actor) {
	runtime.LockOSThread() // a tracer is a thread
	defer runtime.UnlockOSThread()
	traced := 0
	for range 5 {
		for _, tid := range threads(a.Process.Pid) {
			if attach(tid, tid == a.Process.Pid) {
				traced++
			}
		}
		time.Sleep(30 * time.Millisecond)
	}
	if traced == 0 {
		t.Error("no thread could be traced")
	}
}

// attach stops a thread as a debugger does, and lets it go. It reports false if
// the thread ended instead; a process cannot end as long as threads that did are
// not waited for. The end of its first thread is left to exec.Cmd.
func attach(tid int, first bool) bool {
	if unix.PtraceAttach(tid) != nil {
		return false
	}
	options := unix.WSTOPPED | unix.WEXITED | unix.WALL
	if first {
		options |= unix.WNOWAIT
	}
	if err := unix.Waitid(unix.P_PID, tid, nil, options, nil); err != nil {
		return false
	}
	if unix.PtraceDetach(tid) == nil {
		return true
	}
	if !first { // killed while it was stopped: it ends, or has been waited for
		unix.Waitid(unix.P_PID, tid, nil, unix.WEXITED|unix.WALL, nil)
	}
	return false
}

// state is the letter that stands for the state of a process in its stat file
// (man 5 proc_pid_stat), or ? if there is none.
func state(pid int) rune {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if i := bytes.LastIndexByte(text, ')'); i >= 0 && len(text) > i+2 {
		return rune(text[i+2])
	}
	return '?'
}

// threads lists the threads of a process.
func threads(pid int) []int {
	entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	var tids []int
	for _, e := range entries {
		if tid, err := strconv.Atoi(e.Name()); err == nil {
			tids = append(tids, tid)
		}
	}
	return tids
}

// eventually waits up to five seconds for something.
func eventually(done func() bool) bool {
	for range 500 {
		if done() {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}
