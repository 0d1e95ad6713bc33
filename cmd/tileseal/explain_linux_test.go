package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tileseal/tileseal/install"
)

const sealedVar = "TILESEAL_TEST_EXPLAINED"

// TestExplainedChild is the child of TestExplainProcess: it seals itself with the
// policies it is named, and waits.
func TestExplainedChild(t *testing.T) {
	files := os.Getenv(sealedVar)
	if files == "" {
		return // not a child
	}
	for _, file := range strings.Fields(files) {
		_, raw, errs := call("compile", "-format", "raw", file)
		filter := make([]unix.SockFilter, len(raw)/8)
		if err := binary.Read(strings.NewReader(raw), binary.NativeEndian, filter); err != nil || errs != "" {
			t.Fatal(err, errs)
		}
		if err := install.Process(filter); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Println("sealed")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// TestExplainProcess seals a child with two policies and reads them back from
// the kernel.
func TestExplainProcess(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "a.seccomppolicy", "noarg\nreboot -> errno(EPERM)\nmount -> errno(ENOSYS)\ndefault -> allow\n")
	write(t, "b.seccomppolicy", "noarg\nptrace: (eq (arg 0) 0)\nptrace -> errno(EPERM)\ndefault -> allow\n")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^TestExplainedChild$")
	cmd.Env = append(os.Environ(), sealedVar+"=a.seccomppolicy b.seccomppolicy")
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() }).Stop()
	defer func() { in.Close(); _ = cmd.Wait() }()
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "sealed\n" {
		t.Fatalf("the child says %q, %v, %s", line, err, stderr.Bytes())
	}
	pid := fmt.Sprint(cmd.Process.Pid)
	code, text, errs := call("explain", pid)
	for _, refused := range []error{unix.EPERM, unix.EACCES, unix.EIO} {
		if code == 1 && strings.Contains(errs, refused.Error()) {
			t.Skip(errs)
		}
	}
	for _, want := range []string{
		"process " + pid + " has 2 filters, the first installed first; of their verdicts the strictest counts\n\nfilter 1: ",
		"\nreboot     errno(1)\n", "\nmount      errno(38)\n", "\nfilter 2: ", "\nptrace     errno(1)  (ne (arg 0) 0)\n           allow     otherwise\n",
		"\nany other  allow\n",
	} {
		if code != 0 || !strings.Contains(text, want) {
			t.Errorf("exit %d, %s%s\nwant %s", code, text, errs, want)
		}
	}
	// A listing of a filter is that of the policy.
	_, raw, _ := call("compile", "-format", "raw", "b.seccomppolicy")
	write(t, "b.bpf", raw)
	_, want, _ := call("disasm", "b.bpf")
	if code, got, errs := call("disasm", pid); code != 0 || !strings.HasSuffix(got, "; filter 2\n"+want) {
		t.Errorf("exit %d, %s%s\nwant it to end\n%s", code, got, errs, want)
	}
}
