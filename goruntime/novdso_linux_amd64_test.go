package goruntime

import (
	"errors"
	"os/exec"
	"runtime"
	"testing"

	"github.com/tileseal/tileseal/goruntime/internal/novdso"
)

// withoutVDSO has a scene's child start without AT_SYSINFO_EHDR, which leaves the
// runtime without a vDSO. The rest of the test stays on one thread: all ptrace
// requests have to come from the one that started the child.
func withoutVDSO(t *testing.T, s *scene, goarch string) {
	t.Helper()
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	s.change = novdso.Stop
	s.start = func(c *exec.Cmd) {
		err := novdso.Hide(c.Process.Pid, goarch)
		if errors.Is(err, novdso.ErrNone) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
