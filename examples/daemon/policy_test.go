package main

import (
	"os"
	"os/exec"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/goruntime"
	"github.com/tileseal/tileseal/vm"
	"golang.org/x/sys/unix"
)

const policy = "recorder.seccomppolicy"

// The descriptors and the process of the tests, in any order but the usual one.
const (
	input, archiveFD, logFD = 7, 5, 9
	epoll, event, pid       = 4, 8, 4711
)

// load makes the program of an architecture, whatever machine this is.
func load(t *testing.T, a arch.Arch, logFD int) *vm.Program {
	t.Helper()
	text, err := os.ReadFile(policy)
	if err != nil {
		t.Fatal(err)
	}
	p, err := vm.Compile(policy, string(text), a, map[string]int{
		"input_fd": input, "archive_fd": archiveFD, "logfile_fd": logFD,
		"go_epoll_fd": epoll, "go_event_fd": event, "go_pid": pid,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPolicy holds the policy against what the recorder may do, on each
// architecture.
func TestPolicy(t *testing.T) {
	for _, a := range []arch.Arch{arch.X86_64, arch.X86, arch.AArch64} {
		t.Run(a.String(), func(t *testing.T) {
			p := load(t, a, logFD)
			vm.Test(t, p, []vm.Case{
				{Call: p.Call("read", input, 0xc000100000, 4096), Want: vm.Allow},
				{Call: p.Call("read", event, 0xc000100000, 8), Want: vm.Allow},
				{Call: p.Call("read", event, 0xc000100000, 9), Want: vm.KillProcess},
				{Call: p.Call("read", archiveFD, 0xc000100000, 8), Want: vm.KillProcess},
				{Call: p.Call("read", logFD, 0xc000100000, 8), Want: vm.KillProcess},
				{Call: p.Call("read", 0, 0xc000100000, 8), Want: vm.KillProcess},

				{Call: p.Call("write", 2, 0xc000100000, 80), Want: vm.Allow},
				{Call: p.Call("write", archiveFD, 0xc000100000, 4096), Want: vm.Allow},
				{Call: p.Call("write", logFD, 0xc000100000, 80), Want: vm.Allow},
				{Call: p.Call("write", input, 0xc000100000, 80), Want: vm.KillProcess},
				{Call: p.Call("write", 1, 0xc000100000, 80), Want: vm.KillProcess},
				{Call: p.Call("pwrite64", archiveFD, 0xc000100000, 80, 0), Want: vm.KillProcess},

				{Call: p.Call("fsync", archiveFD), Want: vm.Allow},
				{Call: p.Call("fsync", logFD), Want: vm.Allow},
				{Call: p.Call("fsync", input), Want: vm.KillProcess},
				{Call: p.Call("fdatasync", archiveFD), Want: vm.KillProcess},

				// Nothing is opened, closed, sought, cut short or sent.
				{Call: p.Call("openat", 0xffffffffffffff9c, 0xc000100000), Want: vm.KillProcess},
				{Call: p.Call("close", input), Want: vm.KillProcess},
				{Call: p.Call("lseek", archiveFD, 0, unix.SEEK_SET), Want: vm.KillProcess},
				{Call: p.Call("ftruncate", archiveFD, 0), Want: vm.KillProcess},
				{Call: p.Call("sendto", input, 0xc000100000, 80), Want: vm.KillProcess},
				{Call: p.Call("socket", unix.AF_INET, unix.SOCK_STREAM), Want: vm.KillProcess},
				{Call: p.Call("execve", 0xc000100000), Want: vm.KillProcess},

				// The Go runtime's own calls, on its own descriptors and process.
				{Call: p.Call("exit_group", 1), Want: vm.Allow},
				{Call: p.Call("epoll_pwait", epoll, 0xc000100000, 128, 100), Want: vm.Allow},
				{Call: p.Call("epoll_pwait", event, 0xc000100000, 128, 100), Want: vm.KillProcess},
				{Call: p.Call("epoll_ctl", epoll, unix.EPOLL_CTL_ADD, input), Want: vm.KillProcess},
				{Call: p.Call("tgkill", pid, pid+1, uint64(unix.SIGURG)), Want: vm.Allow},
				{Call: p.Call("tgkill", pid, pid+1, uint64(unix.SIGTERM)), Want: vm.Allow},
				{Call: p.Call("tgkill", pid, pid+1, uint64(unix.SIGKILL)), Want: vm.KillProcess},
				{Call: p.Call("tgkill", 1, 1, uint64(unix.SIGTERM)), Want: vm.KillProcess},
				{Call: p.Call("kill", 1, uint64(unix.SIGKILL)), Want: vm.KillProcess},
			})
		})
	}
}

// TestLogOff shows that without a log file its number stands for none.
func TestLogOff(t *testing.T) {
	p := load(t, arch.Native(), -1)
	vm.Test(t, p, []vm.Case{
		{Call: p.Call("write", 2, 0, 80), Want: vm.Allow},
		{Call: p.Call("write", archiveFD, 0, 80), Want: vm.Allow},
		{Call: p.Call("write", logFD, 0, 80), Want: vm.KillProcess},
		{Call: p.Call("write", 0, 0, 80), Want: vm.KillProcess},
		{Call: p.Call("fsync", logFD), Want: vm.KillProcess},
	})
}

// TestForeign shows that a call of another architecture is killed, though its
// number may be that of an allowed one.
func TestForeign(t *testing.T) {
	all := []arch.Arch{arch.X86_64, arch.X86, arch.AArch64}
	for _, a := range all {
		p := load(t, a, logFD)
		for _, b := range all {
			c, err := vm.CallOf(b, "write", 2, 0, 80)
			if err != nil {
				t.Fatal(err)
			}
			want := vm.KillProcess
			if a == b {
				want = vm.Allow
			}
			vm.Test(t, p, []vm.Case{{Call: c, Want: want}})
		}
	}
	p := load(t, arch.X86_64, logFD)
	x32 := p.Call("write", 2, 0, 80)
	x32.Nr |= 0x40000000 // __X32_SYSCALL_BIT, asm/unistd.h
	vm.Test(t, p, []vm.Case{{Call: x32, Want: vm.KillProcess}})
}

// TestPopulate shows that the generated Go is the policy's program.
func TestPopulate(t *testing.T) {
	var filter [RecorderLen]unix.SockFilter
	rt := goruntime.Simulated(RecorderLevels, epoll, event, pid)
	PopulateRecorder(filter[:], rt, input, archiveFD, logFD)
	p, err := vm.New(filter[:], arch.Native())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := p.String(), load(t, arch.Native(), logFD).String(); got != want {
		t.Errorf("PopulateRecorder writes\n%s\nbut the policy is\n%s", got, want)
	}
}

// TestGenerated fails when the policy was changed and its Go was not.
func TestGenerated(t *testing.T) {
	out, err := exec.Command("go", "tool", "tileseal", "gen", "-check", policy).CombinedOutput()
	if err != nil {
		t.Errorf("go tool tileseal gen -check %s: %v\n%s", policy, err, out)
	}
}
