//go:build linux

package install_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// A partner is a child that is spoken with while it runs.
type partner struct {
	pid int
	in  io.Writer
	out *bufio.Reader
	cmd *exec.Cmd
}

// meet starts a child with args. The child ends with the test.
func meet(t testing.TB, child string, args ...string) *partner {
	t.Helper()
	cmd := exec.Command(child, args...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
	t.Cleanup(func() { late.Stop(); cmd.Process.Kill(); cmd.Wait() })
	return &partner{cmd.Process.Pid, in, bufio.NewReader(out), cmd}
}

// line is the next line it says.
func (p *partner) line(t testing.TB) string {
	t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		t.Fatalf("%v: %v after %q", p.cmd.Args, err, line)
	}
	return line
}

// tell lets it go on.
func (p *partner) tell(t testing.TB) {
	t.Helper()
	if _, err := p.in.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
}

// end is the rest of what it says, and how it ended.
func (p *partner) end(t testing.TB) result {
	t.Helper()
	rest, err := io.ReadAll(p.out)
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Wait()
	return result{stdout: string(rest), status: p.cmd.ProcessState.Sys().(syscall.WaitStatus)}
}

// threads lists the threads that it has now.
func (p *partner) threads(t testing.TB) map[int]bool {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", p.pid))
	if err != nil {
		t.Fatal(err)
	}
	tids := make(map[int]bool)
	for _, e := range entries {
		tid, err := strconv.Atoi(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		tids[tid] = true
	}
	return tids
}
