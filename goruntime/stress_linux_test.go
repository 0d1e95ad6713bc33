package goruntime

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/goruntime/internal/wire"
	"golang.org/x/sys/unix"
)

// An ending is how a child under stress is to end, and what that looks like.
type ending struct {
	mode   string
	signal unix.Signal // the parent sends it when the child is ready
	status func(unix.WaitStatus) bool
	says   string // in the child's standard error
}

func killedBy(s unix.Signal) func(unix.WaitStatus) bool {
	return func(w unix.WaitStatus) bool { return w.Signaled() && w.Signal() == s }
}

func exited(n int) func(unix.WaitStatus) bool {
	return func(w unix.WaitStatus) bool { return w.Exited() && w.ExitStatus() == n }
}

var endings = []ending{
	{"open", 0, killedBy(unix.SIGSYS), wire.Opening},
	{"panic", 0, exited(2), "panic: " + wire.PanicText},
	{"signal", unix.SIGTERM, killedBy(unix.SIGTERM), wire.Ready},
	{"signal", unix.SIGQUIT, exited(2), "SIGQUIT: quit"},
	{"exit", 0, exited(wire.ExitStatus), wire.Survived},
}

// A filterMaker makes the program a child is sealed with from what it found out. A
// nil one leaves that to the child.
type filterMaker func(t *testing.T, a arch.Arch, r wire.Reply) []unix.SockFilter

// testStress runs children under filters that newFilter makes, through every
// ending: the one that is killed at openat after length, the others after a
// second. args are the child's first ones.
func testStress(t *testing.T, pkg string, length time.Duration, newFilter filterMaker, args ...string) {
	for _, goarch := range goarches() {
		path := buildChild(t, pkg, goarch, nil)
		for _, end := range endings {
			name := goarch + "/" + end.mode
			if end.signal != 0 {
				name += unix.SignalName(end.signal)
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				if testing.Short() && pkg == childPkg && end.mode != "open" {
					t.Skip("the tile goes through every ending")
				}
				length := length
				if end.mode != "open" || testing.Short() {
					length = time.Second
				}
				stressChild(t, exec.Command(path, args...), goarch, newFilter, end, length)
			})
		}
	}
}

func stressChild(t *testing.T, cmd *exec.Cmd, goarch string, newFilter filterMaker, end ending, length time.Duration) {
	dir := t.TempDir()
	// Enough for what only a large heap calls: reservations past the first
	// 512 MiB on 386, huge page advice past 1 GiB elsewhere.
	cmd.Args = append(cmd.Args, "-for="+length.String(), "-heap=704", "-end="+end.mode,
		"-archive="+filepath.Join(dir, "archive"), "-log="+filepath.Join(dir, "log"))
	cmd.Env = childEnv()
	in, out, stderr := pipes(t, cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	overdue := time.AfterFunc(length+60*time.Second, func() { cmd.Process.Kill() })
	defer overdue.Stop()

	var r wire.Reply
	if err := json.NewDecoder(out).Decode(&r); err != nil {
		said, _ := io.ReadAll(stderr)
		t.Fatalf("no reply: %v\n%s", err, said)
	}
	if newFilter != nil {
		a, err := arch.ByGOARCH(goarch)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := in.Write(wire.Encode(newFilter(t, a, r))); err != nil {
			t.Fatal(err)
		}
	}
	in.Close()

	said := watchChild(cmd, stderr, end, length)
	cmd.Wait()
	status := unix.WaitStatus(cmd.ProcessState.Sys().(syscall.WaitStatus))
	if !end.status(status) {
		t.Errorf("ended with %v", cmd.ProcessState)
	}
	for _, want := range []string{wire.Sealed, wire.Survived, end.says} {
		if !strings.Contains(said, want) {
			t.Errorf("never said %q", want)
		}
	}
	if end.mode == "open" && !strings.HasSuffix(said, wire.Opening+"\n") {
		t.Error("the announced open was not the last thing it did")
	}
	if t.Failed() {
		t.Logf("standard error:\n%s", said)
	}
}

func pipes(t *testing.T, cmd *exec.Cmd) (in io.WriteCloser, out, stderr io.Reader) {
	t.Helper()
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	stderr, err3 := cmd.StderrPipe()
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	return in, out, stderr
}

// watchChild collects what a child says until it ends. While it works it is
// stopped and continued ten times; when it is ready it gets its signal.
func watchChild(cmd *exec.Cmd, stderr io.Reader, end ending, length time.Duration) string {
	var said strings.Builder
	survived := make(chan struct{})
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		switch lines.Text() {
		case wire.Sealed:
			go interrupt(cmd, length, survived)
		case wire.Survived:
			close(survived)
		case wire.Ready:
			cmd.Process.Signal(end.signal)
		}
	}
	return said.String()
}

// interrupt stops and continues a child ten times while it works.
func interrupt(cmd *exec.Cmd, length time.Duration, done chan struct{}) {
	for range 10 {
		select {
		case <-done:
			return
		case <-time.After(length / 12):
		}
		cmd.Process.Signal(unix.SIGSTOP)
		time.Sleep(10 * time.Millisecond)
		cmd.Process.Signal(unix.SIGCONT)
	}
}
