//go:build linux

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/tileseal/tileseal/goruntime/internal/wire"
	"github.com/tileseal/tileseal/internal/rule"
	"golang.org/x/sys/unix"
)

// patience is how long a child may take beyond the time it was given.
const patience = 60 * time.Second

// A trial is one life of the stress program.
type trial struct {
	run    *run
	path   string        // of the program
	filter *filter       // what it is sealed with
	length time.Duration // how long it keeps busy
	record bool          // calls the filter lacks are let through and listed
	dir    string        // where it works
}

// An outcome is how it went.
type outcome struct {
	status   unix.WaitStatus
	seconds  float64
	sealed   bool
	survived bool
	rounds   string // of each workload
	failed   string // what the program itself found wrong
	missing  []string
}

// ended words how a process ended, as in "exit 0" and "SIGSYS".
func ended(w unix.WaitStatus) string {
	if w.Signaled() {
		return unix.SignalName(w.Signal())
	}
	return fmt.Sprintf("exit %d", w.ExitStatus())
}

// command is the program with what it is told.
func (t *trial) command() *exec.Cmd {
	args := []string{fmt.Sprintf("-levels=%d", t.run.bits()), "-loads=" + t.run.loads, "-for=" + t.length.String(), "-end=" + t.run.end}
	if t.run.prepare != "" {
		args = append(args, "-prepare="+t.run.prepare)
	}
	if t.record {
		args = append(args, "-listen")
	}
	cmd := exec.Command(t.path, args...)
	cmd.Dir = t.dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "TZ=" + t.run.zone}, t.run.env...)
	return cmd
}

// try runs t to its end. An error means that nothing was learned.
func (t *trial) try() (*outcome, error) {
	cmd := t.command()
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	start := time.Now()
	undo, err := t.run.start(cmd)
	defer undo()
	if err != nil {
		if cmd.Process != nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
		return nil, err
	}
	overdue := time.AfterFunc(t.length+patience, func() { cmd.Process.Kill() })
	defer overdue.Stop()

	o := &outcome{}
	if err = t.follow(cmd, in, out, o); err != nil {
		cmd.Process.Kill()
	}
	cmd.Wait() // the status says it
	o.status = unix.WaitStatus(cmd.ProcessState.Sys().(syscall.WaitStatus))
	o.seconds = time.Since(start).Seconds()
	// The filter may kill it before it says that it is sealed.
	if err == nil && !o.sealed && ended(o.status) != "SIGSYS" {
		err = fmt.Errorf("not sealed: %s", ended(o.status))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s%s", err, o.failed, stderr.String())
	}
	return o, nil
}

// follow talks to the program until it says nothing more.
func (t *trial) follow(cmd *exec.Cmd, in io.WriteCloser, out io.ReadCloser, o *outcome) error {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	var working sync.WaitGroup
	done := make(chan struct{})
	defer working.Wait()
	defer close(done)
	for lines.Scan() {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		switch {
		case strings.HasPrefix(word, "{"):
			if err := t.send(in, lines.Bytes()); err != nil {
				return err
			}
		case word == "sealed":
			o.sealed = true
			if t.record {
				stop, err := record(cmd.Process.Pid, rest)
				if err != nil {
					return err
				}
				defer func() { o.missing = stop() }()
			}
			for _, d := range t.run.disturbances() {
				working.Go(func() { d(cmd.Process.Pid, t.length, done) })
			}
		case word == "survived":
			o.survived, o.rounds = true, rest
			if t.run.end == "pipe" {
				return out.Close()
			}
		case word == "ready":
			cmd.Process.Signal(t.run.signal)
		case word == "failed":
			o.failed = rest
		}
	}
	return lines.Err()
}

// send gives the program the filter for the numbers it told.
func (t *trial) send(in io.WriteCloser, line []byte) error {
	defer in.Close()
	var numbers map[string]int
	if err := json.Unmarshal(line, &numbers); err != nil {
		return err
	}
	other := rule.KillProcess
	if t.record {
		other = rule.UserNotif
	}
	prog, err := t.filter.program(numbers, other)
	if err != nil {
		return err
	}
	_, err = in.Write(wire.Encode(prog))
	return err
}
