//go:build linux

package kerneltest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/kerneltest/wire"
)

// An Outcome is what came of a struck call: exactly one of Returned, Ended,
// Exited and Signal says which.
type Outcome struct {
	Returned bool           // the call came back
	R1       uint64         // what it returned, if Errno is 0; a 32-bit probe's is sign-extended
	Errno    syscall.Errno  // what it failed with, or 0
	Ended    bool           // the thread ended, the process did not
	Exited   bool           // the process exited
	Status   int            // with this status
	Signal   syscall.Signal // the signal that ended the process, from its wait status
}

// String is one of "returned 3", "failed: bad file descriptor", "thread ended",
// "exited 1" and "killed: bad system call".
func (o Outcome) String() string {
	switch {
	case o.Returned && o.Errno != 0:
		return "failed: " + o.Errno.Error()
	case o.Returned:
		return fmt.Sprintf("returned %d", int64(o.R1))
	case o.Ended:
		return "thread ended"
	case o.Exited:
		return fmt.Sprintf("exited %d", o.Status)
	}
	return "killed: " + o.Signal.String()
}

// Killed reports whether the process died of SIGSYS, as one does whose filter
// kills it.
func (o Outcome) Killed() bool { return o.Signal == syscall.SIGSYS }

// A Shot is one program and one call to be made under it.
type Shot struct {
	Arch  arch.Arch // whose call it is, if Via80 is not set
	Prog  []bpf.Insn
	Call  Call
	Via80 bool // an i386 call by a 64-bit process, with int 0x80
}

// Strike installs prog, as it is and through install.Thread, on one thread of
// a fresh process and makes one real call there. The process's descriptors 0
// and 1 are /dev/null, 2 is a pipe; 400 and 401 are the probe's own.
//
// A call that does not come back within a minute fails the test.
func Strike(t testing.TB, a arch.Arch, prog []bpf.Insn, c Call, via80 bool) Outcome {
	t.Helper()
	return Strikes(t, []Shot{{Arch: a, Prog: prog, Call: c, Via80: via80}})[0]
}

// Strikes fires each shot at a process of its own, two at a time.
func Strikes(t testing.TB, shots []Shot) []Outcome {
	t.Helper()
	paths := make([]string, len(shots))
	for i, s := range shots {
		if s.Via80 {
			paths[i] = via80Probe(t)
		} else {
			paths[i] = probeFor(t, s.Arch)
		}
	}
	outcomes := make([]Outcome, len(shots))
	errs := make([]error, len(shots))
	const atOnce = 2
	done := make(chan bool)
	for w := range atOnce {
		go func() {
			for i := w; i < len(shots); i += atOnce {
				outcomes[i], errs[i] = strike(paths[i], shots[i])
			}
			done <- true
		}()
	}
	for range atOnce {
		<-done
	}
	for i, err := range errs {
		if err != nil {
			t.Fatalf("kerneltest: shot %d (%+v): %v", i, shots[i].Call, err)
		}
	}
	return outcomes
}

// hangs is how long a struck call may take: long for one that comes back, but an
// emulated machine with little of its host may stand still for seconds.
const hangs = time.Minute

// slip is what one in sixty Go programs dies with when it starts, before main, on
// QEMU's loong64 machine (10.0): a check of the Go runtime on floating point.
// Nothing was struck then.
const slip = "fatal error: float64nan1"

func strike(path string, s Shot) (o Outcome, err error) {
	const most = 5
	for range most {
		if o, err = strikeOnce(path, s); err == nil || !strings.Contains(err.Error(), slip) {
			break
		}
	}
	return o, err
}

func strikeOnce(path string, s Shot) (Outcome, error) {
	var in, out, stderr bytes.Buffer
	req := &wire.Request{Op: wire.Strike, Via80: s.Via80, Progs: [][]bpf.Insn{s.Prog}, Calls: []Call{s.Call}}
	if err := wire.WriteRequest(&in, req); err != nil {
		return Outcome{}, err
	}
	cmd := command(path)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, &stderr
	if err := cmd.Start(); err != nil {
		return Outcome{}, err
	}
	late := time.AfterFunc(hangs, func() { cmd.Process.Kill() })
	cmd.Wait() // its error is the state, which is what we came for
	if !late.Stop() {
		return Outcome{}, fmt.Errorf("nothing came of the call in %v\n%s", hangs, quote(stderr.String()))
	}
	results, err := wire.ReadReply(&out)
	if errors.Is(err, io.EOF) {
		return death(cmd.ProcessState, stderr.String())
	}
	if err != nil {
		return Outcome{}, err
	}
	return returned(results), nil
}

// death is the outcome of a call the probe did not survive.
func death(state *os.ProcessState, stderr string) (Outcome, error) {
	ws := state.Sys().(syscall.WaitStatus)
	switch {
	case ws.Signaled():
		return Outcome{Signal: ws.Signal()}, nil
	case ws.Exited() && stderr == "":
		return Outcome{Exited: true, Status: ws.ExitStatus()}, nil
	}
	return Outcome{}, fmt.Errorf("the probe failed (%v): %s", state, quote(stderr))
}

func returned(results []int64) Outcome {
	if len(results) == 0 {
		return Outcome{Ended: true}
	}
	if r := results[0]; r < 0 && r >= -maxErrno {
		return Outcome{Returned: true, Errno: syscall.Errno(-r)}
	}
	return Outcome{Returned: true, R1: uint64(results[0])}
}
