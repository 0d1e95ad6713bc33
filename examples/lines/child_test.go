package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a child may be silent when it is waited for.
const patience = time.Minute

// program is the path of the program, built once for all tests.
func program(t testing.TB) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var dir string // of the built programs

var built = sync.OnceValues(func() (string, error) { return build("lines") })

// build builds the program under a name in dir and returns its path.
func build(name string, flags ...string) (string, error) {
	path := filepath.Join(dir, name)
	cmd := exec.Command("go", slices.Concat([]string{"build", "-buildvcs=false", "-o", path}, flags, []string{"."})...)
	// Without cgo: a C library makes calls that no Go policy lists. Without
	// the flags of the tests, such as -race: so does the race detector.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%v: %w\n%s", cmd, err, out)
	}
	return path, nil
}

func TestMain(m *testing.M) {
	if len(os.Args) == 0 {
		// Never; but it links the program into the test, and so a result that
		// go test has kept is not used for a program that has changed.
		main()
	}
	var err error
	if dir, err = os.MkdirTemp("", "lines"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// A child is a running program: a seal cannot be taken off, so it takes a
// process of its own.
type child struct {
	t        testing.TB
	cmd      *exec.Cmd
	addr     string      // where it listens
	messages chan string // what it says on standard error, line by line
	said     []string    // the same, as far as it was waited for
}

// start starts the program on a free port and waits until it listens. The
// files become its descriptors from 3; nil leaves one out.
func start(t testing.TB, program string, files []*os.File, flags ...string) *child {
	t.Helper()
	c := &child{t: t, messages: make(chan string, 1000)}
	c.cmd = exec.Command(program, append([]string{"-listen", "127.0.0.1:0"}, flags...)...)
	c.cmd.Dir = t.TempDir() // where a core would be left
	c.cmd.ExtraFiles = files
	// GODEBUG and the like change what the Go runtime calls.
	c.cmd.Env = slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "GO") })
	stderr, err := c.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.cmd.Process.Kill() })
	go func() {
		defer close(c.messages)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			c.messages <- lines.Text()
		}
	}()
	c.addr = c.await("listening on ")
	return c
}

// await waits for a message that begins with text, time and name aside, and
// returns the rest of it.
func (c *child) await(text string) string {
	c.t.Helper()
	for {
		line, ok := c.next()
		if !ok {
			c.t.Fatalf("it ended and never said %q, but\n%s", text, c.text())
		}
		if _, message, named := strings.Cut(line, "lines: "); named {
			line = message
		}
		if rest, ok := strings.CutPrefix(line, text); ok {
			return rest
		}
	}
}

// next is the next line it says; not ok at the end of all.
func (c *child) next() (string, bool) {
	c.t.Helper()
	select {
	case line, ok := <-c.messages:
		if ok {
			c.said = append(c.said, line)
		}
		return line, ok
	case <-time.After(patience):
		c.t.Fatalf("it hangs; it said\n%s", c.text())
		return "", false
	}
}

// text is all it has said, as far as it was waited for.
func (c *child) text() string { return strings.Join(c.said, "\n") }

func (c *child) pid() int { return c.cmd.Process.Pid }

// dial is a connection to it, with a deadline.
func (c *child) dial() *net.TCPConn {
	c.t.Helper()
	conn, err := net.Dial("tcp", c.addr)
	if err == nil {
		err = conn.SetDeadline(time.Now().Add(patience))
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

// wait waits for its end and returns its wait status.
func (c *child) wait() syscall.WaitStatus {
	c.t.Helper()
	for ok := true; ok; {
		_, ok = c.next()
	}
	if err := c.cmd.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		c.t.Fatal(err)
	}
	return c.cmd.ProcessState.Sys().(syscall.WaitStatus)
}

func (c *child) exits(want int) {
	c.t.Helper()
	if s := c.wait(); !s.Exited() || s.ExitStatus() != want {
		c.t.Fatalf("%s, want an exit with %d; it said\n%s", status(s), want, c.text())
	}
}

func (c *child) diesBy(want syscall.Signal) {
	c.t.Helper()
	if s := c.wait(); !s.Signaled() || s.Signal() != want {
		c.t.Fatalf("%s, want death by %v; it said\n%s", status(s), want, c.text())
	}
}

// terminates ends it in good order.
func (c *child) terminates() {
	c.t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		c.t.Fatal(err)
	}
	c.exits(0)
}

func (c *child) says(want ...string) {
	c.t.Helper()
	for _, w := range want {
		if !strings.Contains(c.text(), w) {
			c.t.Errorf("no %q in what it said:\n%s", w, c.text())
		}
	}
}

func status(s syscall.WaitStatus) string {
	if s.Signaled() {
		return "death by " + s.Signal().String()
	}
	return fmt.Sprintf("an exit with %d", s.ExitStatus())
}
