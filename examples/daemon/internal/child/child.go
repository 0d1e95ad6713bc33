// Package child builds, runs and watches the recorder from outside, for the
// demonstration and the tests: a seal cannot be taken off, so it takes a
// process of its own.
package child

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Build builds the recorder for a GOARCH into a directory and returns its path.
func Build(dir, goarch string) (string, error) {
	path := filepath.Join(dir, "recorder_"+goarch)
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", path, "example.com/recorder")
	// Without cgo: a C library makes calls that no Go policy lists. Without
	// the flags of the tests, such as -race: so does the race detector.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+goarch, "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%v: %w\n%s", cmd, err, out)
	}
	return path, nil
}

// Records makes n records of about 30 to 180 bytes, the same ones each time.
func Records(n int) []byte {
	var b bytes.Buffer
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		fmt.Fprintf(&b, "%08d %0*x\n", i, 20+r.IntN(150), r.Uint64())
	}
	return b.Bytes()
}

// A Recorder is a recorder, running or about to.
type Recorder struct {
	Archive string         // the file it appends to
	Log     string         // its log file
	Input   io.WriteCloser // where its records go in; nil if it reads a file

	cmd      *exec.Cmd
	messages chan string // what it says on standard error, line by line
	said     []string    // the same, as far as it was waited for
}

// New is a recorder that keeps its files in dir and gets these flags as well.
// FromFile, FromPipe and FromTCP start it.
func New(program, dir string, flags ...string) *Recorder {
	r := &Recorder{Archive: filepath.Join(dir, "archive"), Log: filepath.Join(dir, "log")}
	r.cmd = exec.Command(program, append([]string{"-archive", r.Archive, "-log", r.Log}, flags...)...)
	r.cmd.Dir = dir // where a core would be left
	// GODEBUG and the like change what the Go runtime calls.
	r.cmd.Env = slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "GO") })
	return r
}

// Setenv adds name=value to its environment.
func (r *Recorder) Setenv(kv string) { r.cmd.Env = append(r.cmd.Env, kv) }

// FromFile starts it with a file as standard input.
func (r *Recorder) FromFile(f *os.File) error {
	r.cmd.Stdin = f
	return r.start()
}

// FromPipe starts it with a pipe as standard input.
func (r *Recorder) FromPipe() (err error) {
	if r.Input, err = r.cmd.StdinPipe(); err != nil {
		return err
	}
	return r.start()
}

// FromTCP starts it and connects to it.
func (r *Recorder) FromTCP() error {
	r.cmd.Args = append(r.cmd.Args, "-listen", "127.0.0.1:0")
	if err := r.start(); err != nil {
		return err
	}
	address, err := r.Await("listening on ")
	if err != nil {
		return err
	}
	r.Input, err = net.Dial("tcp", address)
	return err
}

// PID is the number of its process.
func (r *Recorder) PID() int { return r.cmd.Process.Pid }

// Signal sends it a signal.
func (r *Recorder) Signal(s syscall.Signal) error { return r.cmd.Process.Signal(s) }

// Feed sends the records. When half are sent, and the recorder has said that
// some are on the disk, it is looked at.
func (r *Recorder) Feed(records []byte, look func() error) error {
	half := len(records) / 2
	if err := r.send(records[:half]); err != nil {
		return err
	}
	if _, err := r.Await("on disk: "); err != nil {
		return err
	}
	if err := look(); err != nil {
		return err
	}
	if err := r.send(records[half:]); err != nil {
		return err
	}
	return r.Input.Close()
}

func (r *Recorder) send(records []byte) error {
	_, err := r.Input.Write(records)
	if err == nil {
		return nil
	}
	status, waitErr := r.Wait()
	if waitErr != nil {
		return waitErr
	}
	return fmt.Errorf("sending: %w; the recorder ended with wait status %#x and said\n%s", err, status, r.Said())
}
