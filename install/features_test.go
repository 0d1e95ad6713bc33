//go:build linux

package install_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/install"
	"golang.org/x/sys/unix"
)

// The kernel lists its actions in a file, too.
func TestProbe(t *testing.T) {
	f, err := install.Probe()
	if err != nil {
		t.Fatal(err)
	}
	for _, flag := range []uint32{unix.SECCOMP_FILTER_FLAG_TSYNC, uint32(install.Log)} {
		if !slices.Contains(f.Flags, flag) {
			t.Errorf("flag %#x is missing from %#x", flag, f.Flags)
		}
	}
	if !slices.IsSorted(f.Flags) {
		t.Errorf("flags are not sorted: %#x", f.Flags)
	}
	const file = "/proc/sys/kernel/seccomp/actions_avail"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Skipf("no list of actions to compare with: %v", err)
	}
	names := map[uint32]string{
		unix.SECCOMP_RET_KILL_PROCESS: "kill_process",
		unix.SECCOMP_RET_KILL_THREAD:  "kill_thread",
		unix.SECCOMP_RET_TRAP:         "trap",
		unix.SECCOMP_RET_ERRNO:        "errno",
		unix.SECCOMP_RET_USER_NOTIF:   "user_notif",
		unix.SECCOMP_RET_TRACE:        "trace",
		unix.SECCOMP_RET_LOG:          "log",
		unix.SECCOMP_RET_ALLOW:        "allow",
	}
	var got []string
	for _, a := range f.Actions {
		got = append(got, names[a])
	}
	if want := strings.Fields(string(text)); !slices.Equal(got, want) {
		t.Errorf("actions %v, %s says %v", got, file, want)
	}
}
