package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// onThread runs f on a thread that ends with it, as what f does to it must not
// stay. A process that f starts inherits it. Where the kernel does not let f do
// its part, the test is skipped.
func onThread(t *testing.T, f func() error) {
	t.Helper()
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		err = f()
	}()
	<-done
	if errors.Is(err, unix.EPERM) {
		t.Skip("root has not all privileges here")
	}
	if t.Failed() {
		t.FailNow()
	}
	check(t, err)
}

// bound limits the calling thread, and what it starts, to some capabilities.
func bound(keep ...uintptr) error {
	kept := make(map[uintptr]bool)
	for _, c := range keep {
		kept[c] = true
	}
	for c := range uintptr(64) {
		if kept[c] {
			continue
		}
		err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0)
		if err == unix.EINVAL { // past the last one
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// helper, in the environment, makes the test binary do what the variable says.
const helper = "SIGNER_TEST_HELPER"

func TestMain(m *testing.M) {
	if os.Getenv(helper) != "setuid" {
		os.Exit(m.Run())
	}
	if err := syscall.Setuid(user); err != nil {
		fmt.Println(err)
	}
	status, _ := os.ReadFile("/proc/self/status")
	os.Stdout.Write(status)
}

// TestKept is why the signer wants to be started as root: a process that has
// its capabilities from the ambient set, and is not root, keeps them when it
// becomes somebody else.
func TestKept(t *testing.T) {
	needRoot(t)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{helper + "=setuid"}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential:  &syscall.Credential{Uid: user + 1, Gid: group},
		AmbientCaps: []uintptr{unix.CAP_SETUID},
	}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, unix.EPERM) {
		t.Skip("root has not all privileges here")
	}
	check(t, err)
	for _, want := range []string{
		fmt.Sprintf("\nUid:\t%d\t%[1]d\t%[1]d\t%[1]d\n", user),
		"\nCapEff:\t0000000000000080\n",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
