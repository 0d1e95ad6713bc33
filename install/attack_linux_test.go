package install_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tileseal/tileseal/install"
	"github.com/tileseal/tileseal/internal/kerneltest"
)

// forEachVictim runs f with the victim built for each GOARCH whose programs
// this kernel may run.
func forEachVictim(t *testing.T, f func(t *testing.T, child string)) {
	goarches := []string{runtime.GOARCH}
	if runtime.GOARCH == "amd64" {
		goarches = append(goarches, "386")
	}
	for _, goarch := range goarches {
		t.Run(goarch, func(t *testing.T) {
			kerneltest.Runs(t, goarch)
			f(t, kerneltest.Build(t, "./testdata/attack", goarch))
		})
	}
}

// attack lets a victim prepare itself as args say, seal, and make the call that
// sealing denies. It returns what Process said, or how the victim died before
// Process could say anything, or "hangs".
//
// Whatever that is must be true. Sealed: every thread has one filter more and
// no_new_privs, and the call is the end. An error: every thread is as it was,
// and the call comes back; what is read from outside says so. If the call ends
// differently, the outcome has that too.
func attack(t *testing.T, child string, args ...string) (outcome string) {
	t.Helper()
	v := release(t, child, args...)
	ready, ok := v.says()
	if !ok {
		return v.death(t)
	}
	if reason, skip := strings.CutPrefix(ready, "skip: "); skip {
		t.Skip(reason)
	}
	var pid int // the victim's, which may have a tracer before it
	if _, err := fmt.Sscanf(ready, "ready %d", &pid); err != nil {
		t.Fatalf("the victim is not ready: %q", ready)
	}
	before := states(t, pid)
	v.tell()
	outcome, ok = v.says()
	if !ok {
		return v.death(t)
	}
	if outcome == "hangs" {
		asBefore(t, pid, before)
		return outcome
	}
	want := "open; exit 0"
	if outcome == "sealed" {
		want = "bad system call"
		if !sealedNow(t, pid, before) {
			return outcome + "; then " + v.death(t)
		}
	} else {
		asBefore(t, pid, before)
	}
	v.tell()
	if last := v.death(t); last != want {
		outcome += "; then " + last
	}
	return outcome
}

// A prey is a partner whose standard error is kept: some die loudly, and should.
type prey struct {
	partner
	lines  chan string // what it says
	stderr *bytes.Buffer
}

func release(t *testing.T, child string, args ...string) *prey {
	t.Helper()
	cmd := exec.Command(child, args...)
	v := &prey{lines: make(chan string), stderr: new(bytes.Buffer)}
	cmd.Stderr = v.stderr
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
	v.partner = partner{pid: cmd.Process.Pid, in: in, cmd: cmd}
	go func() {
		defer close(v.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			v.lines <- s.Text()
		}
	}()
	late := time.AfterFunc(60*time.Second, func() { cmd.Process.Kill() })
	t.Cleanup(func() {
		late.Stop()
		cmd.Process.Kill()
		for range v.lines {
		}
		cmd.Wait()
	})
	return v
}

// says is the victim's next line; ok is false if there will be none.
func (v *prey) says() (line string, ok bool) {
	line, ok = <-v.lines
	return line, ok
}

// tell lets it go on, if it is still there.
func (v *prey) tell() { v.in.Write([]byte{1}) }

// death is the rest of what the victim says, and its end: "open; exit 0".
func (v *prey) death(t *testing.T) string {
	t.Helper()
	var said []string
	for line := range v.lines {
		said = append(said, line)
	}
	v.cmd.Wait()
	switch ws := v.cmd.ProcessState.Sys().(syscall.WaitStatus); {
	case slices.Contains(v.cmd.Args, "trace"): // the tracer says it
	case ws.Signaled():
		said = append(said, ws.Signal().String())
	default:
		said = append(said, fmt.Sprintf("exit %d", ws.ExitStatus()))
	}
	if text, _, _ := strings.Cut(v.stderr.String(), "\n"); text != "" {
		said = append(said, text)
	}
	return strings.Join(said, "; ")
}

// A state is what a filter and no_new_privs change of a thread's status file.
type state struct{ noNewPrivs, mode, filters int }

var stateLine = regexp.MustCompile(`(?m)^(NoNewPrivs|Seccomp|Seccomp_filters):\t(\d+)$`)

// states reads the state of every thread. Kernels before 5.9 do not count
// filters: there it is always 0.
func states(t *testing.T, pid int) map[int]state {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || files == nil {
		t.Fatalf("process %d has no threads (%v)", pid, err)
	}
	all := make(map[int]state)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has just ended
		}
		var s state
		for _, m := range stateLine.FindAllSubmatch(text, -1) {
			n, _ := strconv.Atoi(string(m[2]))
			*map[string]*int{"NoNewPrivs": &s.noNewPrivs, "Seccomp": &s.mode, "Seccomp_filters": &s.filters}[string(m[1])] = n
		}
		tid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		all[tid] = s
	}
	return all
}

// asBefore fails the test unless every thread is as it was, and every new one
// as one that was there. One that is on its way out is given time to get there.
func asBefore(t *testing.T, pid int, before map[int]state) {
	t.Helper()
	known := make(map[state]bool)
	for s := range maps.Values(before) {
		known[s] = true
	}
	var touched []string
	for began := time.Now(); time.Since(began) < 2*time.Second; {
		touched = nil
		for tid, s := range states(t, pid) {
			if was, old := before[tid]; old && s != was || !known[s] {
				touched = append(touched, fmt.Sprintf("%d: %+v, was %+v", tid, s, was))
			}
		}
		if touched == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %d has an error and threads that are not as before: %s", pid, strings.Join(touched, "; "))
}

// sealedNow fails the test unless every thread has one filter more than the
// main thread had, and no_new_privs. It reports false if the process has ended.
func sealedNow(t *testing.T, pid int, before map[int]state) bool {
	t.Helper()
	switch err := install.Verify(pid); {
	case errors.Is(err, os.ErrNotExist):
		return false
	case err != nil:
		t.Errorf("Process says it is done: %v", err)
	}
	want := state{noNewPrivs: 1, mode: 2, filters: before[pid].filters + 1}
	if filtersCounted() {
		for tid, s := range states(t, pid) {
			if s != want {
				t.Errorf("Process says it is done: thread %d has %+v, want %+v", tid, s, want)
			}
		}
	}
	return true
}

// filtersCounted reports whether the kernel counts filters (Linux 5.9).
func filtersCounted() bool {
	text, _ := os.ReadFile("/proc/self/status")
	return bytes.Contains(text, []byte("\nSeccomp_filters:"))
}
