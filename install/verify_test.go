//go:build linux

package install_test

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/tileseal/tileseal/install"
)

// start lets a child do args until it has said a line, and returns it and its
// process id. The child ends with the test.
func start(t *testing.T, child string, args ...string) (pid int, line string) {
	t.Helper()
	p := meet(t, child, args...)
	return p.pid, p.line(t)
}

func TestVerify(t *testing.T) {
	notSealed(t)
	forEach(t, func(t *testing.T, child string) {
		pid, line := start(t, child, "stay", "sealed")
		if err := install.Verify(pid); line != "sealed\n" || err != nil {
			t.Errorf("a sealed child, which said %q: %v", line, err)
		}
		pid, line = start(t, child, "stay")
		err := install.Verify(pid)
		var ue *install.UnsealedError
		if !errors.As(err, &ue) {
			t.Fatalf("an open child, which said %q: %v", line, err)
		}
		if ue.PID != pid || ue.Threads < 2 || len(ue.TIDs) != ue.Threads || ue.TIDs[0] != pid {
			t.Errorf("an open child: %v", err)
		}
	})
}

// A filter alone is not a seal.
func TestVerifyNoNewPrivs(t *testing.T) {
	notSealed(t)
	if os.Geteuid() != 0 {
		t.Skip("only root can install a filter without no_new_privs")
	}
	forEach(t, func(t *testing.T, child string) {
		run(t, child, "privileged").want(t, "", "exit 0")
	})
}

// Threads that come and go while they are read are no reason to complain, and
// neither are those that are started while the filter is installed.
func TestVerifyChurn(t *testing.T) {
	forEach(t, func(t *testing.T, child string) {
		pid, _ := start(t, child, "churn")
		for range 20 {
			if err := install.Verify(pid); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestVerifyNoProcess(t *testing.T) {
	cmd := exec.Command("/proc/self/exe", "-test.run=^$")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// Wait for its end without reaping it: what is left is a zombie.
	waitZombie(t, cmd.Process.Pid)
	if err := install.Verify(cmd.Process.Pid); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a zombie: %v, want os.ErrNotExist", err)
	}
	cmd.Wait()
	if err := install.Verify(cmd.Process.Pid); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no process: %v, want os.ErrNotExist", err)
	}
}

func waitZombie(t *testing.T, pid int) {
	t.Helper()
	const pPID, wExited, wNoWait = 1, 4, 0x01000000
	_, _, errno := syscall.Syscall6(syscall.SYS_WAITID, pPID, uintptr(pid), 0, wExited|wNoWait, 0, 0)
	if errno != 0 {
		t.Fatal(errno)
	}
}
