//go:build linux

package kerneltest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tileseal/tileseal/internal/kerneltest/wire"
)

// patience is how long a probe may take for one request.
const patience = 4 * time.Minute // an emulated machine is slow

// command prepares a probe: the environment is what makes it predictable (see
// package probe).
func command(path string) *exec.Cmd {
	cmd := exec.Command(path)
	cmd.Args[0] = "kerneltest-probe"
	cmd.Env = []string{"GODEBUG=asyncpreemptoff=1", "GOGC=off", "GOMAXPROCS=4"}
	return cmd
}

// A server is a probe that answers one request after the other, until this
// process ends and closes its standard input.
type server struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr bytes.Buffer
}

func start(path string) (*server, error) {
	s := &server{cmd: command(path)}
	s.cmd.Stderr = &s.stderr
	in, err := s.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.in, s.out = in, bufio.NewReaderSize(out, 1<<16)
	return s, s.cmd.Start()
}

// do sends one request and waits for its reply. alive tells whether the probe
// can take another.
func (s *server) do(req *wire.Request) (results []int64, alive bool, err error) {
	late := time.AfterFunc(patience, func() { s.cmd.Process.Kill() })
	defer late.Stop()
	if err := wire.WriteRequest(s.in, req); err != nil {
		return nil, false, err
	}
	results, err = wire.ReadReply(s.out)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil, false, err
	}
	return results, !req.Bare, err
}

// stop ends the probe and says how it ended.
func (s *server) stop() *os.ProcessState {
	s.in.Close()
	s.cmd.Process.Kill()
	s.cmd.Wait()
	return s.cmd.ProcessState
}

var (
	serversMu sync.Mutex
	servers   = make(map[string]*server) // by path
)

// ask has the probe at path answer one request, in a process shared by all
// the tests of this one.
func ask(t testing.TB, path string, req *wire.Request) []int64 {
	t.Helper()
	results, err := answer(path, req)
	if err != nil {
		t.Fatalf("kerneltest: %v", err)
	}
	return results
}

func answer(path string, req *wire.Request) ([]int64, error) {
	serversMu.Lock()
	defer serversMu.Unlock()
	results, err := answerOnce(path, req)
	if err != nil && strings.Contains(err.Error(), slip) {
		results, err = answerOnce(path, req)
	}
	return results, err
}

func answerOnce(path string, req *wire.Request) ([]int64, error) {
	s := servers[path]
	if s == nil {
		var err error
		if s, err = start(path); err != nil {
			return nil, err
		}
		servers[path] = s
	}
	results, alive, err := s.do(req)
	if alive {
		return results, err
	}
	delete(servers, path)
	state := s.stop()
	if err != nil {
		return nil, fmt.Errorf("the probe did not answer (%v): %v\n%s", err, state, quote(s.stderr.String()))
	}
	return results, nil
}
