package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"example.com/recorder/internal/child"
	"github.com/tileseal/tileseal/install"
)

// nRecords is how many records the recorders of the tests are given.
const nRecords = 100_000

var records = child.Records(nRecords)

// TestRecorder runs the recorder, built for each architecture this kernel runs.
func TestRecorder(t *testing.T) {
	goarches := []string{runtime.GOARCH}
	if runtime.GOARCH == "amd64" {
		goarches = append(goarches, "386")
	}
	for _, goarch := range goarches {
		t.Run(goarch, func(t *testing.T) {
			program, err := child.Build(t.TempDir(), goarch)
			if err != nil {
				t.Fatal(err)
			}
			if err := exec.Command(program, "-h").Run(); errors.Is(err, syscall.ENOEXEC) {
				t.Skipf("this kernel does not run %s programs", goarch)
			}
			for _, test := range []struct {
				name string
				run  func(*testing.T, string)
			}{
				{"file", fromFile},
				{"pipe", func(t *testing.T, program string) { fed(t, program, (*child.Recorder).FromPipe) }},
				{"tcp", func(t *testing.T, program string) { fed(t, program, (*child.Recorder).FromTCP) }},
				{"open", opens},
				{"staging", staged},
				{"panic", panics},
				{"SIGTERM", terminated},
				{"refused", refused},
			} {
				t.Run(test.name, func(t *testing.T) { test.run(t, program) })
			}
		})
	}
}

// fromFile has it append a file to an archive that has something in it.
func fromFile(t *testing.T, program string) {
	r := child.New(program, t.TempDir())
	earlier := []byte("an earlier record\n")
	if err := os.WriteFile(r.Archive, earlier, 0o600); err != nil {
		t.Fatal(err)
	}
	check(t, r.FromFile(inputFile(t)))
	exited(t, r, 0)
	finished(t, r, append(earlier, records...))
}

// fed sends it the records while it is looked at.
func fed(t *testing.T, program string, start func(*child.Recorder) error) {
	r := child.New(program, t.TempDir(), "-sync", "10ms")
	check(t, start(r))
	await(t, r, "sealed by ")
	check(t, install.Verify(r.PID()))
	check(t, r.Feed(records, func() error { return install.Verify(r.PID()) }))
	exited(t, r, 0)
	finished(t, r, records)
}

// opens has it open a file after the work, as the last thing it does.
func opens(t *testing.T, program string) {
	r := child.New(program, t.TempDir(), "-misbehave", "open")
	check(t, r.FromFile(inputFile(t)))
	signaled(t, r, syscall.SIGSYS)
	finished(t, r, records)
	if got, want := r.LastWords(), "will open /etc/passwd now"; got != want {
		t.Errorf("its last words are %q, want %q", got, want)
	}
}

// staged is the same with a seal that tells.
func staged(t *testing.T, program string) {
	r := child.New(program, t.TempDir(), "-staging", "-misbehave", "open")
	check(t, r.FromFile(inputFile(t)))
	exited(t, r, 2)
	for _, want := range []string{"SIGSYS: bad system call", "unix.Open(", "main.main()"} {
		if !strings.Contains(r.Said(), want) {
			t.Errorf("no %q in what it said:\n%s", want, r.Said())
		}
	}
}

// panics shows that a panic under the seal is printed.
func panics(t *testing.T, program string) {
	r := child.New(program, t.TempDir(), "-misbehave", "panic")
	check(t, r.FromFile(inputFile(t)))
	exited(t, r, 2)
	for _, want := range []string{"panic: misbehaving, as I was asked to", "main.main()"} {
		if !strings.Contains(r.Said(), want) {
			t.Errorf("no %q in what it said:\n%s", want, r.Said())
		}
	}
}

// terminated stops it in the middle of its work.
func terminated(t *testing.T, program string) {
	r := child.New(program, t.TempDir(), "-sync", "10ms")
	check(t, r.FromPipe())
	if _, err := r.Input.Write(records[:len(records)/2]); err != nil {
		t.Fatal(err)
	}
	await(t, r, "on disk: ")
	check(t, r.Signal(syscall.SIGTERM))
	signaled(t, r, syscall.SIGTERM)
	if got := read(t, r.Archive); len(got) == 0 || !bytes.HasPrefix(records, got) {
		t.Errorf("the archive (%d bytes) is not the beginning of the input", len(got))
	}
}

// refused shows that it reads nothing if it cannot be sealed.
func refused(t *testing.T, program string) {
	r := child.New(program, t.TempDir())
	r.Setenv("GODEBUG=madvdontneed=0")
	f := inputFile(t)
	check(t, r.FromFile(f))
	exited(t, r, 1)
	if want := "madvdontneed=0 leads to madvise(MADV_FREE)"; !strings.Contains(r.LastWords(), want) {
		t.Errorf("its last words are %q, without %q", r.LastWords(), want)
	}
	// The offset belongs to the open file, which both processes have.
	if n, err := f.Seek(0, io.SeekCurrent); n != 0 || err != nil {
		t.Errorf("it read %d bytes of its input unsealed (%v)", n, err)
	}
}

// finished checks what a recorder that did its work has left behind.
func finished(t *testing.T, r *child.Recorder, archive []byte) {
	t.Helper()
	if got := read(t, r.Archive); !bytes.Equal(got, archive) {
		t.Errorf("the archive has %d bytes and is not what it must be (%d bytes)", len(got), len(archive))
	}
	log := string(read(t, r.Log))
	if strings.TrimSpace(log) != r.Said() {
		t.Errorf("the log is\n%s\nbut standard error was\n%s", log, r.Said())
	}
	_, done, _ := strings.Cut(log, "recorder: done: ")
	var n, collections int
	if _, err := fmt.Sscanf(done, "%d records, %d garbage collections", &n, &collections); err != nil {
		t.Fatalf("%v in the log\n%s", err, log)
	}
	if n != nRecords || collections == 0 {
		t.Errorf("%d records and %d garbage collections, want %d and some", n, collections, nRecords)
	}
}

func exited(t *testing.T, r *child.Recorder, want int) {
	t.Helper()
	if s := wait(t, r); !s.Exited() || s.ExitStatus() != want {
		t.Fatalf("wait status %#x, want an exit with %d; it said\n%s", s, want, r.Said())
	}
}

func signaled(t *testing.T, r *child.Recorder, want syscall.Signal) {
	t.Helper()
	if s := wait(t, r); !s.Signaled() || s.Signal() != want {
		t.Fatalf("wait status %#x, want death by %v; it said\n%s", s, want, r.Said())
	}
}

func wait(t *testing.T, r *child.Recorder) syscall.WaitStatus {
	t.Helper()
	s, err := r.Wait()
	check(t, err)
	return s
}

func await(t *testing.T, r *child.Recorder, text string) {
	t.Helper()
	_, err := r.Await(text)
	check(t, err)
}

// inputFile is a file with the records, open for reading.
func inputFile(t *testing.T) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "input")
	check(t, os.WriteFile(path, records, 0o600))
	f, err := os.Open(path)
	check(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	check(t, err)
	return b
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
