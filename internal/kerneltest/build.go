//go:build linux

package kerneltest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// builds holds what has been built in this process: by package and GOARCH, a
// func() (path string, err error) that does it once.
var builds sync.Map

type buildKey struct{ pkg, goarch string }

// Build compiles the main package pkg (an import path, or a path relative to
// the test's directory) for linux and goarch, without cgo and without the race
// detector, whose system calls no strict filter allows. It does so once in a
// test process and returns the path to run the program by, valid as long as
// the process is. The file itself is unlinked by then, so nothing is left
// behind however the test ends; the program cannot re-execute itself.
//
// Where there is no go command, such as in a guest of internal/kernels, the
// environment variable KERNELTEST_BUILT names a directory that has the programs
// built beforehand, as [BuiltName] calls them.
//
// With KERNELTEST_COVER set, the programs count which statements of this module
// they run, as internal/cover wants to know. Those that end, and are not killed,
// leave their counters in the directory that GOCOVERDIR names.
//
// The caller finds out whether the kernel runs programs of that goarch: see
// [Runs].
func Build(t testing.TB, pkg, goarch string) (file string) {
	t.Helper()
	f, _ := builds.LoadOrStore(buildKey{pkg, goarch}, sync.OnceValues(func() (string, error) {
		return build(pkg, goarch)
	}))
	file, err := f.(func() (string, error))()
	if err != nil {
		t.Fatalf("kerneltest: %v", err)
	}
	return file
}

// BuiltName is the name of pkg's program for goarch in the directory that
// KERNELTEST_BUILT names: "probe-arm64".
func BuiltName(pkg, goarch string) string { return path.Base(pkg) + "-" + goarch }

func build(pkg, goarch string) (string, error) {
	if dir := os.Getenv("KERNELTEST_BUILT"); dir != "" {
		file := filepath.Join(dir, BuiltName(pkg, goarch))
		_, err := os.Stat(file)
		return file, err
	}
	dir, err := os.MkdirTemp("", "kerneltest")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "program")
	args := []string{"build", "-race=false", "-buildvcs=false", "-o", file}
	if os.Getenv("KERNELTEST_COVER") != "" {
		args = append(args, "-cover", "-covermode=set")
	}
	cmd := exec.Command("go", append(args, pkg)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+goarch)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s for %s: %v\n%s", pkg, goarch, err, bytes.TrimSpace(out))
	}
	// Open as long as this process lives, on purpose: see Build.
	fd, err := syscall.Open(file, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return "", os.NewSyscallError("open", err)
	}
	return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), fd), nil
}
