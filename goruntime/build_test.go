package goruntime

import (
	"errors"
	"io/fs"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
)

func TestReleaseMinor(t *testing.T) {
	for _, c := range []struct {
		version string
		minor   int
		ok      bool
	}{
		{"go1.26", 26, true},
		{"go1.26.8", 26, true},
		{"go1.26.10", 26, true},
		{"go1.27.1", 27, true},
		{"go1.9", 9, true},
		{"go1.26.3 (Red Hat 1.26.3-1.el10)", 26, true},
		{"go1.26.3-1~deb13u1", 26, true},
		{"go1.26.3+security", 26, true},
		{"go1.26rc1", 0, false},
		{"go1.26beta2", 0, false},
		{"go1.26.8 X:arenas", 0, false},
		{"go1.26-devel_0123abcd Tue Jan 1 00:00:00 2030 X:runtimesecret", 0, false},
		{"devel go1.27-0123abcd Tue Jan 1 00:00:00 2030", 0, false},
		{"devel +0123abcd", 0, false},
		{"go2.0", 0, false},
		{"go1.", 0, false},
		{"go1.26.", 0, false},
		{"go1.26.x", 0, false},
		{"go1.-26", 0, false},
		{"", 0, false},
	} {
		minor, ok := releaseMinor(c.version)
		if ok != c.ok || ok && minor != c.minor {
			t.Errorf("releaseMinor(%q) = %d, %v, want %d, %v", c.version, minor, ok, c.minor, c.ok)
		}
	}
}

func TestCheckVersion(t *testing.T) {
	for _, c := range []struct {
		version string
		l       Levels
		ok      bool
	}{
		{"go1.26.8", Go126 | Core, true},
		{"go1.27.0", Go126 | Core, false},
		{"go1.25.10", Go126 | Core, false},
		{"go1.26rc1", Go126 | Core, false},
		{"go1.99.1", Go126 | Core, false},
		{"go1.27.0", Go126 | Core | UnmeasuredGo, true},
		{"devel +0123abcd", Go126 | Core | UnmeasuredGo, true},
		{"go1.27.0", Go127 | Go126 | Core, true},
	} {
		err := checkVersion(c.version, c.l)
		if (err == nil) != c.ok || err != nil && !errors.Is(err, ErrGoVersion) {
			t.Errorf("%s under %v: %v, want ok %v", c.version, c.l, err, c.ok)
		}
	}
}

// A toolchain without a baseline must be noticed here before a user notices.
func TestToolchainHasBaseline(t *testing.T) {
	if err := checkVersion(runtime.Version(), allMinors); err != nil {
		t.Errorf("%v; measure this release and add its baseline", err)
	}
}

func TestInstrumentation(t *testing.T) {
	setting := func(kv ...string) *debug.BuildInfo {
		info := new(debug.BuildInfo)
		for i := 0; i < len(kv); i += 2 {
			info.Settings = append(info.Settings, debug.BuildSetting{Key: kv[i], Value: kv[i+1]})
		}
		return info
	}
	for _, c := range []struct {
		info *debug.BuildInfo
		want []string
	}{
		{setting("CGO_ENABLED", "1", "-tags", "race"), nil},
		{setting("-cover", "true", "-covermode", "atomic"), []string{"-cover"}},
		{setting("-asan", "true"), []string{"-asan"}},
		{setting("-msan", "true"), []string{"-msan"}},
		{setting("-cover", "false"), nil},
	} {
		want := c.want
		if race {
			want = append([]string{"-race"}, want...)
		}
		if got := instrumentation(c.info, true); !slices.Equal(got, want) {
			t.Errorf("%v: %v, want %v", c.info.Settings, got, want)
		}
	}
}

func TestCheckBuildMode(t *testing.T) {
	for mode, ok := range map[string]bool{
		"": true, "exe": true, "pie": true, "c-archive": false, "c-shared": false, "plugin": false, "shared": false,
	} {
		err := checkBuildMode(&debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "-buildmode", Value: mode}}})
		if (err == nil) != ok || err != nil && !errors.Is(err, ErrCgo) {
			t.Errorf("-buildmode=%s: %v, want ok %v", mode, err, ok)
		}
	}
}

func TestError(t *testing.T) {
	err := error(&Error{Reason: ErrProc, Found: "/proc/self/fd", Do: "mount it", Err: fs.ErrPermission})
	if want := "goruntime: cannot read /proc/self: /proc/self/fd: permission denied; mount it"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	if !errors.Is(err, ErrProc) || !errors.Is(err, fs.ErrPermission) || errors.Is(err, ErrPoller) {
		t.Error("errors.Is finds the wrong reasons")
	}
	if err := (&Error{Reason: ErrCgo, Found: "x", Do: "y"}); !errors.Is(err, ErrCgo) {
		t.Error("a reason alone is not found")
	}
}
