package child

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
)

// Exits waits for its end, which must be an exit with a status.
func (c *Child) Exits(want int) {
	c.t.Helper()
	if s := c.wait(); !s.Exited() || s.ExitStatus() != want {
		c.t.Fatalf("%s, want an exit with %d; it said\n%s", status(s), want, c.Text())
	}
}

// DiesBy waits for its end, which must be by a signal.
func (c *Child) DiesBy(want syscall.Signal) {
	c.t.Helper()
	if s := c.wait(); !s.Signaled() || s.Signal() != want {
		c.t.Fatalf("%s, want death by %v; it said\n%s", status(s), want, c.Text())
	}
}

// Terminates ends it by SIGTERM, on which it must exit with 0.
func (c *Child) Terminates() {
	c.t.Helper()
	c.Signal(syscall.SIGTERM)
	c.Exits(0)
}

// Says checks that each text is in what it has said.
func (c *Child) Says(want ...string) {
	c.t.Helper()
	for _, w := range want {
		if !strings.Contains(c.Text(), w) {
			c.t.Errorf("no %q in what it said:\n%s", w, c.Text())
		}
	}
}

// wait waits for its end and returns its wait status.
func (c *Child) wait() syscall.WaitStatus {
	c.t.Helper()
	for ok := true; ok; {
		_, ok = c.next()
	}
	if err := c.cmd.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		c.t.Fatal(err)
	}
	return c.cmd.ProcessState.Sys().(syscall.WaitStatus)
}

func status(s syscall.WaitStatus) string {
	if s.Signaled() {
		return "death by " + s.Signal().String()
	}
	return fmt.Sprintf("an exit with %d", s.ExitStatus())
}
