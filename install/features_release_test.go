//go:build linux

package install_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tileseal/tileseal/install"
	"golang.org/x/sys/unix"
)

// since has the release that brought each flag (seccomp(2), and the kernel's
// history for the last two).
var since = []struct {
	flag         uint32
	major, minor int
}{
	{unix.SECCOMP_FILTER_FLAG_TSYNC, 3, 17},
	{unix.SECCOMP_FILTER_FLAG_LOG, 4, 14},
	{unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW, 4, 17},
	{unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, 5, 0},
	{unix.SECCOMP_FILTER_FLAG_TSYNC_ESRCH, 5, 7},
	{1 << 5, 5, 19}, // WAIT_KILLABLE_RECV
}

// A kernel has the flags of its release. It may have more, which were brought to
// it later.
func TestProbeRelease(t *testing.T) {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		t.Fatal(err)
	}
	release := unix.ByteSliceToString(name.Release[:])
	var major, minor int
	if _, err := fmt.Sscanf(release, "%d.%d", &major, &minor); err != nil {
		t.Fatalf("release %q: %v", release, err)
	}
	f, err := install.Probe()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range since {
		if (major > s.major || major == s.major && minor >= s.minor) && !slices.Contains(f.Flags, s.flag) {
			t.Errorf("flag %#x is missing from %#x, on Linux %s", s.flag, f.Flags, release)
		}
	}
	if n := len(f.Flags); n > len(since) {
		t.Errorf("%d flags: %#x", n, f.Flags)
	}
}
