// Package child builds the programs of this module, runs them and sees how they
// end, for their tests: a seal cannot be taken off, so it takes a process of
// its own. Where something goes wrong, the test is over.
package child

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Patience is how long a child may be silent when it is waited for.
const Patience = time.Minute

// A Child is a running program.
type Child struct {
	Addr string   // where it listens
	Said []string // the lines it has said on standard error, as far as it was waited for

	t        testing.TB
	cmd      *exec.Cmd
	messages chan string // what it says, line by line
}

// Start starts the program with these flags on a free port of 127.0.0.1 and
// waits until it listens. The files become its descriptors from 3; nil leaves
// one out. It is killed when the test ends.
func Start(t testing.TB, files []*os.File, flags ...string) *Child {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return start(t, path, files, flags...)
}

func start(t testing.TB, path string, files []*os.File, flags ...string) *Child {
	t.Helper()
	c := &Child{t: t, messages: make(chan string, 1000)}
	c.cmd = exec.Command(path, append([]string{"-listen", "127.0.0.1:0"}, flags...)...)
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
	c.Addr = c.Await("listening on ")
	return c
}

// Await waits for a message that begins with text, time and name aside, and
// returns the rest of it.
func (c *Child) Await(text string) string {
	c.t.Helper()
	for {
		line, ok := c.next()
		if !ok {
			c.t.Fatalf("it ended and never said %q, but\n%s", text, c.Text())
		}
		if _, message, named := strings.Cut(line, name+": "); named {
			line = message
		}
		if rest, ok := strings.CutPrefix(line, text); ok {
			return rest
		}
	}
}

// next is the next line it says; not ok at the end of all.
func (c *Child) next() (string, bool) {
	c.t.Helper()
	select {
	case line, ok := <-c.messages:
		if ok {
			c.Said = append(c.Said, line)
		}
		return line, ok
	case <-time.After(Patience):
		c.t.Fatalf("it hangs; it said\n%s", c.Text())
		return "", false
	}
}

// Text is all it has said, as far as it was waited for.
func (c *Child) Text() string { return strings.Join(c.Said, "\n") }

// PID is the number of its process.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Dial is a connection to it, with a deadline.
func (c *Child) Dial() *net.TCPConn {
	c.t.Helper()
	conn, err := net.Dial("tcp", c.Addr)
	if err == nil {
		err = conn.SetDeadline(time.Now().Add(Patience))
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

// Signal sends it a signal.
func (c *Child) Signal(s syscall.Signal) {
	c.t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
}
