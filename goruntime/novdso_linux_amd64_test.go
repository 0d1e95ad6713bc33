package goruntime

import (
	"encoding/binary"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// withoutVDSO has a scene's child start without AT_SYSINFO_EHDR, which leaves the
// runtime without a vDSO. The rest of the test stays on one thread: all ptrace
// requests have to come from the one that started the child.
func withoutVDSO(t *testing.T, s *scene, goarch string) {
	t.Helper()
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	s.change = func(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Ptrace: true} }
	s.start = func(c *exec.Cmd) {
		var status unix.WaitStatus
		if _, err := unix.Wait4(c.Process.Pid, &status, 0, nil); err != nil || !status.Stopped() {
			t.Fatalf("child did not stop at exec: %v, %#x", err, status)
		}
		sp, word := stack(t, c.Process.Pid, goarch)
		hideVDSO(t, c.Process.Pid, sp, word)
		if err := unix.PtraceDetach(c.Process.Pid); err != nil {
			t.Fatal(err)
		}
	}
}

// stack is the stack pointer of a stopped process, and the size of a word there.
func stack(t *testing.T, pid int, goarch string) (sp, word uintptr) {
	t.Helper()
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(pid, &regs); err != nil {
		t.Fatal(err)
	}
	switch {
	case goarch != "386":
		return uintptr(regs.Rsp), 8
	case regs.Rsp != 0:
		return uintptr(regs.Rsp), 4
	}
	// The kernel has filled in the registers of i386, 17 words of four bytes, of
	// which esp is the 16th: the upper half of the eighth field here.
	return uintptr(regs.R10 >> 32), 4
}

// hideVDSO changes the vector's entry, on the stack of a process stopped at its
// first instruction, to AT_IGNORE. The stack holds argc, argv, 0, envp, 0, and the
// vector as pairs of words, ended by AT_NULL. A word has so many bytes.
func hideVDSO(t *testing.T, pid int, sp, size uintptr) {
	t.Helper()
	const atNull, atIgnore, atSysinfoEHDR = 0, 1, 33
	next := func() (addr uintptr, value uint64) {
		var b [8]byte
		if _, err := unix.PtracePeekData(pid, sp, b[:size]); err != nil {
			t.Fatalf("stack at %#x: %v", sp, err)
		}
		sp += size
		return sp - size, binary.LittleEndian.Uint64(b[:])
	}
	next() // argc
	for range 2 {
		for _, v := next(); v != 0; _, v = next() {
		}
	}
	for {
		addr, tag := next()
		next()
		switch tag {
		case atSysinfoEHDR:
			b := binary.LittleEndian.AppendUint64(nil, atIgnore)
			if _, err := unix.PtracePokeData(pid, addr, b[:size]); err != nil {
				t.Fatal(err)
			}
			return
		case atNull:
			t.Skip("this kernel offers no vDSO")
		}
	}
}
