package sandbox

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A death leaves a line in the kernel's log, where that can be read. The kernel
// leaves lines out when there are many, as other tests make: hence several tries.
func TestKilled(t *testing.T) {
	path, err := exec.LookPath("true")
	if err != nil {
		t.Skip(err)
	}
	plan, err := NewPlan(resolve(t, "noarg\ngetppid\n"), startupOf(t, path), Enforce)
	if err != nil {
		t.Fatal(err)
	}
	var line string
	for range 5 {
		log := OpenLog()
		pr, err := plan.Start(&Command{Path: path, Args: []string{"true"}, Stdout: 1, Self: []string{"test", enter}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if end, err := pr.Wait(); err != nil || end.Signal != "SIGSYS" {
			t.Fatalf("%+v, %v", end, err)
		}
		if line, err = log.Killed(pr.PID); err == nil {
			break
		}
		t.Log(err)
	}
	if line == "" {
		t.Skip("the kernel's log cannot be read, or was too busy")
	}
	if !strings.Contains(line, `comm="true"`) || !strings.Contains(line, " code=0x80000000") {
		t.Error(line)
	}
}

// Mode Log kills nobody, and says where the lines are.
func TestLog(t *testing.T) {
	r := run(t, Log, "noarg\ngetppid\n", nil, "echo", "logged")
	if r.err != nil || r.end != (End{}) || r.out != "logged\n" {
		t.Errorf("%+v", r)
	}
	text, err := os.ReadFile("/proc/sys/kernel/seccomp/actions_logged")
	if err != nil {
		t.Skip(err)
	}
	if off := strings.HasPrefix(LogPlace(), "the kernel logs nothing"); off == strings.Contains(" "+strings.TrimSpace(string(text))+" ", " log ") {
		t.Errorf("%q, and %s", LogPlace(), text)
	}
}
