// Demo shows the recorder at work under its seal, and then what becomes of it
// when it makes a call its policy does not list. Every line it prints is
// something it has just seen; if anything is not as it must be, it says so and
// exits with status 1.
//
//	CGO_ENABLED=0 go run ./demo
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"example.com/recorder/internal/child"
	"github.com/tileseal/tileseal/install"
)

const policy = "recorder.seccomppolicy"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run() error {
	text, err := os.ReadFile(policy)
	if err != nil {
		return fmt.Errorf("%w; run it in the directory of the policy: go run ./demo", err)
	}
	dir, err := os.MkdirTemp("", "recorder")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	program, err := child.Build(dir, runtime.GOARCH)
	if err != nil {
		return err
	}
	say("built", "recorder, for linux/%s, by %s", runtime.GOARCH, runtime.Version())
	input := filepath.Join(dir, "input")
	if err := os.WriteFile(input, child.Records(100_000), 0o600); err != nil {
		return err
	}
	records, err := os.ReadFile(input)
	if err != nil {
		return err
	}
	say("input", "%d records, %.1f MB, in a file", bytes.Count(records, []byte("\n")), float64(len(records))/1e6)

	fmt.Println("\nRecords from standard input")
	if err := work(program, (*child.Recorder).FromPipe, records); err != nil {
		return err
	}
	fmt.Println("\nRecords from a TCP connection")
	if err := work(program, (*child.Recorder).FromTCP, records); err != nil {
		return err
	}
	fmt.Println("\nThe same from a file, and then a call the policy does not list")
	if err := misbehave(program, input, records); err != nil {
		return err
	}
	fmt.Printf("\nThe policy (%s, without comments)\n", policy)
	for line := range strings.Lines(string(text)) {
		if rule, _, _ := strings.Cut(line, "#"); strings.TrimSpace(rule) != "" {
			fmt.Println("  " + strings.TrimRight(rule, " \n"))
		}
	}
	return nil
}

// say prints one thing that was seen.
func say(what, format string, args ...any) {
	fmt.Printf("  %-9s  %s\n", what, fmt.Sprintf(format, args...))
}

// work has a recorder archive all records and end well.
func work(program string, start func(*child.Recorder) error, records []byte) error {
	dir, err := os.MkdirTemp(filepath.Dir(program), "run")
	if err != nil {
		return err
	}
	r := child.New(program, dir, "-sync", "20ms")
	if err := start(r); err != nil {
		return err
	}
	sealed, err := r.Await("sealed ")
	if err != nil {
		return err
	}
	say("sealed", "%s, before anything was sent to it", sealed)
	began := time.Now()
	if err := r.Feed(records, func() error { return look(r.PID()) }); err != nil {
		return err
	}
	if err := finish(r, records); err != nil {
		return err
	}
	status, err := r.Wait()
	if err != nil {
		return err
	}
	if !status.Exited() || status.ExitStatus() != 0 {
		return fmt.Errorf("wait status %#x instead of a good end; it said\n%s", status, r.Said())
	}
	say("ended", "with status 0, %v after the first record", time.Since(began).Round(time.Millisecond))
	return nil
}

// look has install.Verify read from /proc what became of a process.
func look(pid int) error {
	if err := install.Verify(pid); err != nil {
		return err
	}
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return err
	}
	say("looked at", "half way: all threads, %d now, filtered and with no_new_privs", len(threads))
	return nil
}

// finish waits for the end of the work and compares the archive.
func finish(r *child.Recorder, records []byte) error {
	done, err := r.Await("done: ")
	if err != nil {
		return err
	}
	var n, collections int
	if _, err := fmt.Sscanf(done, "%d records, %d garbage", &n, &collections); err != nil {
		return fmt.Errorf("cannot read %q: %w", done, err)
	}
	if collections == 0 {
		return fmt.Errorf("the garbage collector did not run: %s", done)
	}
	say("done", "%s", done)
	archive, err := os.ReadFile(r.Archive)
	if err != nil {
		return err
	}
	if !bytes.Equal(archive, records) {
		return fmt.Errorf("the archive (%d bytes) is not the input (%d bytes)", len(archive), len(records))
	}
	say("archive", "%.1f MB, equal to the input byte for byte", float64(len(archive))/1e6)
	return nil
}

// misbehave has a recorder do its work and then open a file.
func misbehave(program, input string, records []byte) error {
	dir, err := os.MkdirTemp(filepath.Dir(program), "run")
	if err != nil {
		return err
	}
	file, err := os.Open(input)
	if err != nil {
		return err
	}
	defer file.Close()
	r := child.New(program, dir, "-misbehave", "open")
	if err := r.FromFile(file); err != nil {
		return err
	}
	if err := finish(r, records); err != nil {
		return err
	}
	status, err := r.Wait()
	if err != nil {
		return err
	}
	if want := "will open /etc/passwd now"; r.LastWords() != want {
		return fmt.Errorf("its last words are %q instead of %q", r.LastWords(), want)
	}
	say("announced", "%q", r.LastWords())
	if !status.Signaled() || status.Signal() != syscall.SIGSYS {
		return fmt.Errorf("wait status %#x instead of death by SIGSYS; it said\n%s", status, r.Said())
	}
	say("ended", "killed by signal %d, SIGSYS (%v)", status.Signal(), status.Signal())
	return nil
}
