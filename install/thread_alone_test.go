//go:build linux

package install_test

import (
	"errors"
	"runtime"
	"slices"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/install"
	"github.com/tileseal/tileseal/internal/bpf"
	"golang.org/x/sys/unix"
)

// alone runs f on a thread of its own, which ends with it, and with all that f
// does to it.
func alone(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for good
		f()
	}()
	<-done
}

// Thread takes what Process refuses for the sake of the runtime, filters that may
// kill the thread; and operands that are no verdicts, whatever they look like.
func TestThreadTakes(t *testing.T) {
	const nobodys = 1 << 20 // a number of no call
	for name, filter := range map[string][]unix.SockFilter{
		"kill thread":            {{Code: ldAbs}, jeq(nobodys, 0, 1), verdict(killThread), allow},
		"computed verdict":       {{Code: ldAbs}, jeq(nobodys, 0, 1), {Code: retA}, allow},
		"division by X":          {{Code: ldAbs}, jeq(nobodys, 0, 1), {Code: divX}, allow},
		"an architecture's bits": {{Code: ldAbs, K: 4}, jeq(unix.AUDIT_ARCH_X86_64, 0, 0), allow},
	} {
		alone(func() {
			if err := install.Thread(filter); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

// without has the calling thread on a kernel that does not know these flags, as
// far as a filter can pretend that.
func without(t *testing.T, flags uint32) {
	t.Helper()
	if err := install.Thread([]unix.SockFilter{
		{Code: ldAbs}, jeq(unix.SYS_SECCOMP, 0, 5),
		{Code: ldAbs, K: bpf.ArgWord(0, false, arch.Native().BigEndian())}, jeq(unix.SECCOMP_SET_MODE_FILTER, 0, 3),
		{Code: ldAbs, K: bpf.ArgWord(1, false, arch.Native().BigEndian())}, jeq(flags, 0, 1),
		verdict(unix.SECCOMP_RET_ERRNO | uint32(unix.EINVAL)),
		allow,
	}); err != nil {
		t.Error(err)
	}
}

// Each flag is asked for, whether or not others are given.
func TestThreadWithoutFlag(t *testing.T) {
	for _, flag := range []install.Flag{install.Log, install.SpecAllow} {
		alone(func() {
			without(t, uint32(flag))
			err := install.Thread([]unix.SockFilter{allow}, flag)
			var ue *install.UnsupportedError
			if !errors.As(err, &ue) || ue.What != "flag "+flag.String() {
				t.Errorf("%v: %v", flag, err)
			}
		})
	}
}

// A flag that the kernel takes together with another is asked for together with it.
func TestProbeWithout(t *testing.T) {
	const waitKillable = 1 << 5
	for _, row := range []struct{ gone, missing uint32 }{
		{waitKillable | unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, waitKillable},
		{unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER},
		{unix.SECCOMP_FILTER_FLAG_TSYNC, unix.SECCOMP_FILTER_FLAG_TSYNC},
	} {
		all, err := install.Probe()
		if err != nil {
			t.Fatal(err)
		}
		alone(func() {
			without(t, row.gone)
			f, err := install.Probe()
			want := slices.DeleteFunc(slices.Clone(all.Flags), func(f uint32) bool { return f == row.missing })
			if err != nil || !slices.Equal(f.Flags, want) {
				t.Errorf("without %#x: %#x, %v; want %#x", row.gone, f.Flags, err, want)
			}
		})
	}
}
