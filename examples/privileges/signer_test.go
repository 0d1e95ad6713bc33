package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/tileseal/tileseal/install"
	"golang.org/x/sys/unix"
)

const key = "a key of more than sixteen bytes"

// orders are the two ways that end well, with what the signer says on each.
var orders = map[string]string{
	"drop-first": "dropped\nsealed\n",
	"seal-first": "sealed\ndropped\n",
}

// needRoot skips the test where the signer cannot be started as root.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("the signer has to be started by root, which this test is not run by")
	}
}

// TestOrders runs the signer both ways, and looks from outside: every thread is
// unprivileged and sealed, and the work is done.
func TestOrders(t *testing.T) {
	needRoot(t)
	forEach(t, func(t *testing.T, program string) {
		for order, says := range orders {
			t.Run(order, func(t *testing.T) {
				s := start(t, program, nil, "-order", order)
				s.await(t, "ready")
				s.unprivileged(t)
				s.work(t, 1000)
				s.unprivileged(t)
				s.exited(t, 0, says+"ready\nsigned 1000 lines\n")
			})
		}
	})
}

// unprivileged fails the test unless each thread of the signer is the user and
// the group it was to become, with nothing of root left, and sealed.
func (s *signer) unprivileged(t *testing.T) {
	t.Helper()
	check(t, install.Verify(s.cmd.Process.Pid))
	all := s.statuses(t)
	if len(all) < 3 {
		t.Errorf("%d threads: too few for a Go program to show anything", len(all))
	}
	want := map[string]string{
		"Uid": fmt.Sprintf("%d %[1]d %[1]d %[1]d", user), // real, effective, saved, file system
		"Gid": fmt.Sprintf("%d %[1]d %[1]d %[1]d", group), "Groups": "",
		"CapPrm": none, "CapEff": none, "CapAmb": none,
		"NoNewPrivs": "1", "Seccomp": "2", // SECCOMP_MODE_FILTER
	}
	for _, status := range all {
		for name, value := range want {
			if status[name] != value {
				t.Errorf("thread %s: %s is %q, want %q", status["Pid"], name, status[name], value)
			}
		}
	}
}

// none is the empty set of capabilities.
const none = "0000000000000000"

// work has the signer sign n lines.
func (s *signer) work(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		line := strings.Repeat(fmt.Sprint(i, " "), i%50)
		_, err := fmt.Fprintln(s.in, line)
		check(t, err)
		got, err := s.out.ReadString('\n')
		check(t, err)
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write([]byte(line))
		if want := fmt.Sprintf("%x\n", mac.Sum(nil)); got != want {
			t.Fatalf("line %d is signed %q, want %q", i, got, want)
		}
	}
}

// TestForbidden shows what becomes of the signer when it does what its policy
// does not list, in particular when it wants its rights back: after the work,
// and under the seal while it is root and the kernel would let it.
func TestForbidden(t *testing.T) {
	needRoot(t)
	calls := []string{"open", "setuid=0", fmt.Sprintf("setuid=%d", user+1), "setgid=0", fmt.Sprintf("setgid=%d", group+1), "setgroups=0"}
	forEach(t, func(t *testing.T, program string) {
		for order, says := range orders {
			for _, call := range calls {
				t.Run(order+" "+call, func(t *testing.T) {
					s := start(t, program, nil, "-order", order, "-misbehave", call)
					s.killed(t, says+"ready\nsigned 0 lines\nwill misbehave: "+call+"\n")
				})
			}
		}
		for _, call := range calls {
			t.Run("as root "+call, func(t *testing.T) {
				s := start(t, program, nil, "-order", "seal-first", "-misbehave", call, "-early")
				s.killed(t, "sealed\nwill misbehave: "+call+"\n")
			})
		}
	})
}

// What the filter would be there to stop is possible without it: root that is
// not sealed takes on another user.
func TestRootMay(t *testing.T) {
	needRoot(t)
	onThread(t, func() error {
		if _, _, errno := syscall.RawSyscall(unix.SYS_SETRESUID, user+1, user+1, 0); errno != 0 {
			return errno
		}
		_, _, errno := syscall.RawSyscall(unix.SYS_SETRESUID, 0, 0, 0)
		if errno != 0 {
			return errno
		}
		return nil
	})
}

// TestWrongOrder seals by the policy that does not let the signer drop, and
// then drops: the first call to that end is the last.
func TestWrongOrder(t *testing.T) {
	needRoot(t)
	forEach(t, func(t *testing.T, program string) {
		start(t, program, nil, "-order", "wrong").killed(t, "sealed\n")
	})
}

// TestCapabilities shows which capabilities each order takes: those to change
// user and groups, and no other. Without them, neither goes on as root.
func TestCapabilities(t *testing.T) {
	needRoot(t)
	forEach(t, func(t *testing.T, program string) {
		for order, says := range orders {
			t.Run(order, func(t *testing.T) {
				var s *signer
				onThread(t, func() error {
					if err := bound(unix.CAP_SETUID, unix.CAP_SETGID); err != nil {
						return err
					}
					s = start(t, program, nil, "-order", order)
					return nil
				})
				s.await(t, "ready")
				for _, status := range s.statuses(t) {
					if want := "00000000000000c0"; status["CapBnd"] != want {
						t.Errorf("thread %s: CapBnd is %s, want %s", status["Pid"], status["CapBnd"], want)
					}
				}
				s.unprivileged(t)
				s.work(t, 10)
				s.exited(t, 0, says+"ready\nsigned 10 lines\n")
			})
			t.Run(order+" without", func(t *testing.T) {
				var s *signer
				onThread(t, func() error {
					if err := bound(); err != nil {
						return err
					}
					s = start(t, program, func(a *syscall.SysProcAttr) { a.Credential = nil }, "-order", order)
					return nil
				})
				before, _, _ := strings.Cut(says, "dropped\n")
				s.exited(t, 1, before+"setgroups: operation not permitted\n")
			})
		}
	})
}

// TestAmbient shows that ambient capabilities go with the others when root
// does. The inheritable ones stay; for a process that cannot gain privileges
// they are worth nothing.
func TestAmbient(t *testing.T) {
	needRoot(t)
	forEach(t, func(t *testing.T, program string) {
		for order, says := range orders {
			t.Run(order, func(t *testing.T) {
				s := start(t, program, func(a *syscall.SysProcAttr) {
					a.AmbientCaps = []uintptr{unix.CAP_SETUID, unix.CAP_SETGID, unix.CAP_NET_RAW}
				}, "-order", order)
				s.await(t, "ready")
				s.unprivileged(t)
				for _, status := range s.statuses(t) {
					if want := "00000000000020c0"; status["CapInh"] != want {
						t.Errorf("thread %s: CapInh is %s, want %s", status["Pid"], status["CapInh"], want)
					}
				}
				s.exited(t, 0, says+"ready\nsigned 0 lines\n")
			})
		}
	})
}

// TestRefused starts the signer so that giving up root would leave something
// behind, or nothing would be given up.
func TestRefused(t *testing.T) {
	needRoot(t)
	program := build(t, runtime.GOARCH)
	t.Run("not root", func(t *testing.T) {
		s := start(t, program, func(a *syscall.SysProcAttr) {
			a.Credential = &syscall.Credential{Uid: user + 1, Gid: group + 1}
			a.AmbientCaps = []uintptr{unix.CAP_SETUID, unix.CAP_SETGID}
		})
		s.exited(t, 1, "start it as root: setuid takes capabilities from nobody else\n")
	})
	t.Run("securebits", func(t *testing.T) {
		var s *signer
		onThread(t, func() error {
			const noSetuidFixup = 1 << 2 // SECBIT_NO_SETUID_FIXUP, linux/securebits.h
			if err := unix.Prctl(unix.PR_SET_SECUREBITS, noSetuidFixup, 0, 0, 0); err != nil {
				return err
			}
			s = start(t, program, nil)
			return nil
		})
		s.exited(t, 1, "start it with securebits 0: with 0x4 it would keep its capabilities\n")
	})
	t.Run("to root", func(t *testing.T) {
		start(t, program, nil, "-uid", "0").exited(t, 1, "-uid and -gid have to say who to become, and not 0\n")
	})
}

// TestOneThread is why drop uses package syscall: the function of the same name
// in x/sys/unix changes the thread it is called on.
func TestOneThread(t *testing.T) {
	needRoot(t)
	const odd = 54321
	onThread(t, func() error {
		if err := unix.Setgroups([]int{odd}); err != nil {
			return err
		}
		changed := 0
		for _, status := range statuses(t, os.Getpid()) {
			if status["Groups"] == fmt.Sprint(odd) {
				changed++
			}
		}
		if changed != 1 {
			t.Errorf("unix.Setgroups has changed %d threads, want 1", changed)
		}
		return nil
	})
}
