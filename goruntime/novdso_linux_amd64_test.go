package goruntime

import (
	"encoding/binary"
	"encoding/json"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"github.com/tileseal/tileseal/goruntime/internal/wire"
	"golang.org/x/sys/unix"
)

// A launcher that strips AT_SYSINFO_EHDR leaves the runtime without a vDSO, so
// every look at the clock is a system call.
func TestPrepareWithoutVDSO(t *testing.T) {
	t.Parallel()
	// All ptrace requests have to come from the thread that started the child.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.Command(buildChild(t, childPkg, "amd64", nil), prepareFlags(usual)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	cmd.Env = childEnv()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skip("no ptrace here: ", err)
	}
	var status unix.WaitStatus
	if _, err := unix.Wait4(cmd.Process.Pid, &status, 0, nil); err != nil || !status.Stopped() {
		t.Fatalf("child did not stop at exec: %v, %#x", err, status)
	}
	hideVDSO(t, cmd.Process.Pid)
	if err := unix.PtraceDetach(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	var r wire.Reply
	if err := json.NewDecoder(out).Decode(&r); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	checkRefusal(t, r.Error, ErrClock, "without a vDSO")
}

// hideVDSO changes the vector's entry, on the stack of a process stopped at its
// first instruction, to AT_IGNORE. The stack holds argc, argv, 0, envp, 0, and the
// vector as pairs of words, ended by AT_NULL.
func hideVDSO(t *testing.T, pid int) {
	t.Helper()
	const atNull, atIgnore, atSysinfoEHDR = 0, 1, 33
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(pid, &regs); err != nil {
		t.Fatal(err)
	}
	sp := uintptr(regs.Rsp)
	word := func() (addr uintptr, value uint64) {
		var b [8]byte
		if _, err := unix.PtracePeekData(pid, sp, b[:]); err != nil {
			t.Fatal(err)
		}
		sp += 8
		return sp - 8, binary.NativeEndian.Uint64(b[:])
	}
	word() // argc
	for range 2 {
		for _, v := word(); v != 0; _, v = word() {
		}
	}
	for {
		addr, tag := word()
		word()
		switch tag {
		case atSysinfoEHDR:
			b := binary.NativeEndian.AppendUint64(nil, atIgnore)
			if _, err := unix.PtracePokeData(pid, addr, b); err != nil {
				t.Fatal(err)
			}
			return
		case atNull:
			t.Skip("this kernel offers no vDSO")
		}
	}
}
