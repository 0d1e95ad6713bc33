package goruntime

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A program whose world has no /proc is told so. An unprivileged user may change
// the root directory in a user namespace of its own.
func TestPrepareWithoutProc(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	text, err := os.ReadFile(buildChild(t, childPkg, goarches()[0], nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "child"), text, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/child", prepareFlags(usual)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Chroot:      root,
		Cloneflags:  unix.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	probe := *cmd
	if err := probe.Run(); err != nil {
		t.Skip("no user namespaces here: ", err)
	}
	r, _ := run(t, cmd)
	checkRefusal(t, r.Error, ErrProc, "no such file or directory")
}
