package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// build builds the signer for a GOARCH, where everybody may execute it.
func build(t *testing.T, goarch string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "signer")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	check(t, os.Chmod(dir, 0o755))
	path := filepath.Join(dir, "signer")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", path, "example.com/signer")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+goarch, "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	return path
}

// forEach runs f with the signer of each GOARCH that this kernel runs.
func forEach(t *testing.T, f func(t *testing.T, program string)) {
	goarches := []string{runtime.GOARCH}
	if runtime.GOARCH == "amd64" {
		goarches = append(goarches, "386")
	}
	for _, goarch := range goarches {
		t.Run(goarch, func(t *testing.T) {
			program := build(t, goarch)
			if err := exec.Command(program, "-h").Run(); err != nil && goarch != runtime.GOARCH {
				t.Skipf("this kernel does not run %s programs: %v", goarch, err)
			}
			f(t, program)
		})
	}
}

// A signer is one that runs.
type signer struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	lines chan string     // what it says on standard error, line by line
	said  strings.Builder // the same without its name, as far as it was waited for
}

// start starts a signer with a key that only root can read. how may change the
// way it is started.
func start(t *testing.T, program string, how func(*syscall.SysProcAttr), args ...string) *signer {
	t.Helper()
	keyFile := filepath.Join(t.TempDir(), "key")
	check(t, os.WriteFile(keyFile, []byte(key+"\n"), 0o400))
	cmd := exec.Command(program, append([]string{
		"-key", keyFile, "-uid", fmt.Sprint(user), "-gid", fmt.Sprint(group)}, args...)...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "GO") })
	// Root of these tests may have no supplementary groups to give up.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Groups: []uint32{0, 4321}}}
	if how != nil {
		how(cmd.SysProcAttr)
	}
	s := &signer{cmd: cmd, lines: make(chan string, 100)}
	stderr, err := cmd.StderrPipe()
	check(t, err)
	s.in, err = cmd.StdinPipe()
	check(t, err)
	out, err := cmd.StdoutPipe()
	check(t, err)
	s.out = bufio.NewReader(out)
	check(t, cmd.Start())
	go func() {
		defer close(s.lines)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			s.lines <- lines.Text()
		}
	}()
	late := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	t.Cleanup(func() { late.Stop(); cmd.Process.Kill(); cmd.Wait() })
	return s
}

// await waits until it says text.
func (s *signer) await(t *testing.T, text string) {
	t.Helper()
	for line := range s.lines {
		if s.hear(line) == text {
			return
		}
	}
	t.Fatalf("it never says %q, but\n%s", text, &s.said)
}

func (s *signer) hear(line string) (message string) {
	message = strings.TrimPrefix(line, "signer: ")
	fmt.Fprintln(&s.said, message)
	return message
}

// ended waits for the end: its wait status and all it has said.
func (s *signer) ended(t *testing.T) (syscall.WaitStatus, string) {
	t.Helper()
	s.in.Close()
	for line := range s.lines {
		s.hear(line)
	}
	s.cmd.Wait() // its error is the status, in words
	return s.cmd.ProcessState.Sys().(syscall.WaitStatus), s.said.String()
}

// killed fails the test unless it dies of SIGSYS after saying just that.
func (s *signer) killed(t *testing.T, words string) {
	t.Helper()
	status, text := s.ended(t)
	if !status.Signaled() || status.Signal() != syscall.SIGSYS || text != words {
		t.Errorf("wait status %#x, want death by SIGSYS; it said %q, want %q", status, text, words)
	}
}

// exited fails the test unless it ends with status after saying just that.
func (s *signer) exited(t *testing.T, status int, words string) {
	t.Helper()
	got, text := s.ended(t)
	if !got.Exited() || got.ExitStatus() != status || text != words {
		t.Errorf("wait status %#x, want an exit with %d; it said %q, want %q", got, status, text, words)
	}
}

// statuses reads the status of each of its threads.
func (s *signer) statuses(t *testing.T) []map[string]string {
	t.Helper()
	return statuses(t, s.cmd.Process.Pid)
}

// statuses is what proc_pid_status(5) describes, of each thread of a process.
func statuses(t *testing.T, pid int) []map[string]string {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	check(t, err)
	var all []map[string]string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		status := make(map[string]string)
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(line, ":")
			status[name] = strings.Join(strings.Fields(value), " ")
		}
		all = append(all, status)
	}
	return all
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
