package child

import (
	"bufio"
	"fmt"
	"strings"
	"syscall"
	"time"
)

// patience is how long a recorder may be silent when it is waited for.
const patience = time.Minute

// start starts the process and follows what it says.
func (r *Recorder) start() error {
	stderr, err := r.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := r.cmd.Start(); err != nil {
		return err
	}
	r.messages = make(chan string, 1000)
	go func() {
		defer close(r.messages)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			r.messages <- lines.Text()
		}
	}()
	return nil
}

// Await waits for a message that begins with text, time and name aside, and
// returns the rest of it.
func (r *Recorder) Await(text string) (string, error) {
	for {
		line, ok, err := r.next()
		if err != nil {
			return "", err
		}
		if !ok {
			return "", fmt.Errorf("the recorder ended and never said %q, but\n%s", text, r.Said())
		}
		if rest, ok := strings.CutPrefix(message(line), text); ok {
			return rest, nil
		}
	}
}

// next is the next line it says; not ok at the end of all.
func (r *Recorder) next() (line string, ok bool, err error) {
	select {
	case line, ok = <-r.messages:
		if ok {
			r.said = append(r.said, line)
		}
		return line, ok, nil
	case <-time.After(patience):
		r.cmd.Process.Kill()
		return "", false, fmt.Errorf("the recorder hangs; it said\n%s", r.Said())
	}
}

// message is a line without the time and the name before it.
func message(line string) string {
	if _, text, ok := strings.Cut(line, "recorder: "); ok {
		return text
	}
	return line
}

// Wait waits for its end and returns its wait status.
func (r *Recorder) Wait() (syscall.WaitStatus, error) {
	for ok := true; ok; {
		var err error
		if _, ok, err = r.next(); err != nil {
			return 0, err
		}
	}
	r.cmd.Wait() // its error is the status, in words
	return r.cmd.ProcessState.Sys().(syscall.WaitStatus), nil
}

// Said is all it has said on standard error, as far as it was waited for.
func (r *Recorder) Said() string { return strings.Join(r.said, "\n") }

// LastWords is its last message.
func (r *Recorder) LastWords() string {
	if len(r.said) == 0 {
		return ""
	}
	return message(r.said[len(r.said)-1])
}
