package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Outcomes of a mutant; one that tests fail on has the name of their stage.
const (
	invalid  = "invalid"  // does not compile
	timedOut = "time out" // the tests do not end
	survived = "survived"
)

// A verdict is what became of a mutant.
type verdict struct {
	Outcome string
	By      string        `json:",omitempty"` // the first test that failed
	Took    time.Duration // of building and running
	Tests   string        // the tests that it survived, by hash
}

// A trier runs the tests of a suite on its mutants.
type trier struct {
	*suite
	root   string
	limits []time.Duration // of each stage
}

// memory bounds what a mutant without end can take, in KiB.
const memory = 4 << 20

// measure runs the tests on the code as it is: they must pass, and the time that
// takes tells when a mutant will not end.
func (t *trier) measure(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if out, err := t.build(ctx, dir, ""); err != nil {
		return fmt.Errorf("building the tests of %s: %w\n%s", t.dir, err, out)
	}
	t.limits = nil
	for _, s := range t.stages() {
		start := time.Now()
		if out, err := t.test(ctx, dir, "", s, 10*time.Minute); err != nil {
			return fmt.Errorf("the %s tests of %s fail on the code as it is: %w\n%s", s.name, t.dir, err, out)
		}
		t.limits = append(t.limits, 10*time.Second+3*time.Since(start))
	}
	return nil
}

// try sends one mutant through the stages.
func (t *trier) try(ctx context.Context, m *mutant) (verdict, error) {
	start := time.Now()
	v, err := t.stagesOf(ctx, m)
	v.Took = time.Since(start).Round(time.Millisecond)
	return v, err
}

func (t *trier) stagesOf(ctx context.Context, m *mutant) (verdict, error) {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return verdict{}, err
	}
	defer os.RemoveAll(dir)
	overlay, err := t.overlay(dir, m)
	if err != nil {
		return verdict{}, err
	}
	if _, err := t.build(ctx, dir, overlay); err != nil {
		if ctx.Err() != nil {
			return verdict{}, ctx.Err()
		}
		return verdict{Outcome: invalid}, nil
	}
	for i, s := range t.stages() {
		out, err := t.test(ctx, dir, overlay, s, t.limits[i])
		switch {
		case ctx.Err() != nil:
			return verdict{}, ctx.Err()
		case errors.Is(err, context.DeadlineExceeded):
			return verdict{Outcome: timedOut}, nil
		case err != nil:
			return verdict{Outcome: s.name, By: failed(out)}, nil
		}
	}
	return verdict{Outcome: survived}, nil
}

// overlay writes the mutant to a directory, and what has the go command compile
// it in place of the file.
func (t *trier) overlay(dir string, m *mutant) (string, error) {
	file := filepath.Join(dir, filepath.Base(m.file.name))
	if err := os.WriteFile(file, []byte(m.mutated()), 0o666); err != nil {
		return "", err
	}
	text, err := json.Marshal(map[string]any{
		"Replace": map[string]string{filepath.Join(t.root, filepath.FromSlash(m.file.name)): file},
	})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, text, 0o666)
}

// environment has every go command that a test runs compile the mutant too.
func environment(overlay string) []string {
	if overlay == "" {
		return os.Environ()
	}
	return append(os.Environ(), "GOFLAGS="+os.Getenv("GOFLAGS")+" -overlay="+overlay)
}

func (t *trier) build(ctx context.Context, dir, overlay string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-o", filepath.Join(dir, "tests"), "./"+t.dir)
	cmd.Dir, cmd.Env = t.root, environment(overlay)
	return cmd.CombinedOutput()
}

// test runs one stage, and ends with it whatever it has started. The error is
// context.DeadlineExceeded if it took too long.
func (t *trier) test(ctx context.Context, dir, overlay string, s stage, limit time.Duration) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	args := append([]string{"-c", fmt.Sprintf(`ulimit -v %d && exec "$@"`, memory), "sh", filepath.Join(dir, "tests"), "-test.failfast"}, s.args...)
	cmd := exec.CommandContext(ctx, "sh", args...)
	cmd.Dir, cmd.Env = filepath.Join(t.root, filepath.FromSlash(t.dir)), append(environment(overlay), "GOGC=400") // it ends soon
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if cmd.Process != nil {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // children of a mutant that nobody waits for
	}
	if ctx.Err() != nil {
		return out.Bytes(), context.DeadlineExceeded
	}
	return out.Bytes(), err
}

// failed is the first test that the output says failed; a panic names none.
func failed(out []byte) string {
	_, rest, found := strings.Cut(string(out), "--- FAIL: ")
	if !found {
		return "a crash"
	}
	name, _, _ := strings.Cut(rest, " ")
	return name
}
