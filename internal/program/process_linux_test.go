package program_test

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tileseal/tileseal/install"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/program"
)

// Two filters of a child that go on allowing what Go needs.
var (
	first  = []bpf.Insn{{Code: bpf.LdAbs, K: bpf.OffNr}, {Code: bpf.Jeq, Jf: 1, K: unix.SYS_REBOOT}, {Code: bpf.RetK, K: 0x00050001}, {Code: bpf.RetK, K: 0x7fff0000}}
	second = []bpf.Insn{{Code: bpf.LdAbs, K: bpf.OffNr}, {Code: bpf.Jeq, Jf: 1, K: unix.SYS_MOUNT}, {Code: bpf.RetK, K: 0x00050001}, {Code: bpf.RetK, K: 0x7fff0000}}
)

const childVar = "TILESEAL_TEST_SEALED"

func TestMain(m *testing.M) {
	if os.Getenv(childVar) == "" {
		os.Exit(m.Run())
	}
	for _, prog := range [][]bpf.Insn{first, second} {
		filter := make([]unix.SockFilter, len(prog))
		for i, in := range prog {
			filter[i] = unix.SockFilter(in)
		}
		if err := install.Process(filter); err != nil {
			os.Stdout.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
	}
	os.Stdout.WriteString("sealed\n")
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(7)
}

// TestOfProcess reads back the filters of a child that has sealed itself, which
// then goes on.
func TestOfProcess(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childVar+"=1")
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() }).Stop()
	defer in.Close()
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "sealed\n" {
		t.Fatalf("the child says %q, %v", line, err)
	}
	got, err := program.OfProcess(cmd.Process.Pid)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) || errors.Is(err, unix.EIO) {
		t.Skip(err)
	}
	if want := [][]bpf.Insn{first, second}; err != nil || !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	in.Close()
	if _ = cmd.Wait(); cmd.ProcessState.ExitCode() != 7 {
		t.Errorf("the child %v after its filters were read", cmd.ProcessState)
	}
}

// TestOfProcessWithout has no filter to read, and no process.
func TestOfProcessWithout(t *testing.T) {
	cmd := exec.Command("sleep", "20")
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	got, err := program.OfProcess(cmd.Process.Pid)
	_, _ = cmd.Process.Kill(), cmd.Wait()
	if err != nil && !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.EACCES) && !errors.Is(err, unix.EINVAL) || len(got) > 0 {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := program.OfProcess(cmd.Process.Pid); !errors.Is(err, unix.ESRCH) || !strings.Contains(err.Error(), "attaching") {
		t.Errorf("of a process that has ended: %v", err)
	}
}
