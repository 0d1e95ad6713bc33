package internal_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestWidening shows that the check of CI finds a policy that became wider, and a
// level of the Go runtime that did, in all the tiles that include it.
func TestWidening(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("the check is a bash script: ", err)
	}
	old := t.TempDir()
	for _, dir := range []string{"policy", "goruntime/baseline"} {
		if err := os.CopyFS(filepath.Join(old, dir), os.DirFS(filepath.Join("..", dir))); err != nil {
			t.Fatal(err)
		}
	}
	check := func() (string, error) {
		out, err := exec.Command(bash, filepath.Join("..", ".ci", "widening"), old).CombinedOutput()
		return string(out), err
	}
	if out, err := check(); err != nil || !strings.Contains(out, " 0 wider unannounced") {
		t.Fatalf("nothing changed: %v\n%s", err, out)
	}
	without(t, filepath.Join(old, "policy/sign.seccomppolicy"), "\nfsync: (eq (arg 0) logfile_fd)\n")
	without(t, filepath.Join(old, "goruntime/baseline/go1.26/core.seccomppolicy"), "\nsched_yield\n")
	out, err := check()
	if err == nil {
		t.Error("the check passes")
	}
	for _, want := range []string{
		"policy/sign is wider on x86_64 than at ", "fsync() on x86_64", "policy/sign is wider on aarch64",
		"policy/gotile/archiver_writer is wider on i386", "sched_yield() on x86",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

// without takes one passage out of a file.
func without(t *testing.T, name, passage string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(text), passage) != 1 {
		t.Fatalf("%q is not once in %s", passage, name)
	}
	if err := os.WriteFile(name, []byte(strings.Replace(string(text), passage, "\n", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}
