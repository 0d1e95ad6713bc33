package goruntime

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tileseal/tileseal/goruntime/internal/wire"
)

// With a CPU limit set, the runtime reads it once a second.
func TestCgroupLimit(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits until the runtime has looked")
	}
	dir := newCgroup(t)
	each(t, func(t *testing.T, goarch string) {
		s := scene{policy: small + "include go/core_gomaxprocs\n", act: "hold 1500ms",
			change: func(c *exec.Cmd) {
				join := []string{"/bin/sh", "-c", `echo $$ >"$0" && exec "$@"`, filepath.Join(dir, "cgroup.procs")}
				c.Args = append(append(join, c.Path), c.Args[1:]...)
				c.Path = join[0]
			},
			on: map[string]func(actor){wire.Ready: func(a actor) {
				for param, name := range map[string]string{"go_cgroup_quota_fd": "cpu.cfs_quota_us", "go_cgroup_period_fd": "cpu.cfs_period_us"} {
					if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
						continue // version 2
					}
					link := fmt.Sprintf("/proc/%d/fd/%d", a.Process.Pid, a.params[param])
					if file, _ := os.Readlink(link); file != filepath.Join(dir, name) {
						t.Errorf("%s is %q", param, file)
					}
				}
			}}}
		s.survives(t, goarch)
		s.lacks, s.on = "pread64", nil
		s.dies(t, goarch)
	})
}

// newCgroup makes a cgroup with a limit of one and a half CPUs, or skips the test
// where it may not.
func newCgroup(t *testing.T) string {
	t.Helper()
	name := fmt.Sprint("tileseal-test-", os.Getpid())
	var refused error
	for _, c := range []struct{ root, file, limit string }{
		{"/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "150000"},
		{"/sys/fs/cgroup", "cpu.max", "150000 100000"},
	} {
		dir := filepath.Join(c.root, name)
		if refused = os.Mkdir(dir, 0o755); refused != nil {
			continue
		}
		t.Cleanup(func() { os.Remove(dir) })
		// The file is there already, if at all.
		f, err := os.OpenFile(filepath.Join(dir, c.file), os.O_WRONLY, 0)
		if err == nil {
			_, err = f.WriteString(c.limit)
			f.Close()
		}
		if refused = err; err == nil {
			return dir
		}
	}
	t.Skip("no cgroup with a limit can be made here: ", refused)
	return ""
}
