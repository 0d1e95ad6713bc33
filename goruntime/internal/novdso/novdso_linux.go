// Package novdso starts programs without a vDSO, as launchers and emulators do, for
// the tests of package goruntime: reading the clock takes them a system call.
package novdso

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os/exec"
	"syscall"

	"github.com/tileseal/tileseal/arch"
	"golang.org/x/sys/unix"
)

// ErrNone: this kernel offers no vDSO that could be hidden.
var ErrNone = errors.New("this kernel offers no vDSO")

// Stop has a program stop at its first instruction, for [Hide]. The thread that
// starts it must be the one that calls Hide.
func Stop(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true} }

// Hide waits until a program for goarch has stopped, takes the vDSO out of its
// auxiliary vector and lets it go on.
func Hide(pid int, goarch string) error {
	a, err := arch.ByGOARCH(goarch)
	if err != nil {
		return err
	}
	var status unix.WaitStatus
	if _, err := unix.Wait4(pid, &status, 0, nil); err != nil || !status.Stopped() {
		return fmt.Errorf("the program did not stop at exec: %v, %#x", err, status)
	}
	if err := hide(pid, a.Bits()/8); err != nil {
		return err
	}
	return unix.PtraceDetach(pid)
}

// hide changes the vector's entry, on the stack of a process stopped at its first
// instruction, to AT_IGNORE. The stack holds argc, argv, 0, envp, 0, and the vector
// as pairs of words, ended by AT_NULL. A word has so many bytes.
func hide(pid, size int) error {
	const atNull, atIgnore, atSysinfoEHDR = 0, 1, 33
	sp, err := stackPointer(pid)
	if err != nil {
		return err
	}
	stack := words{pid: pid, at: sp, size: size}
	stack.next() // argc
	for range 2 {
		for stack.next() != 0 && stack.err == nil {
		}
	}
	for stack.err == nil {
		switch tag := stack.next(); tag {
		case atSysinfoEHDR:
			b := binary.NativeEndian.AppendUint64(nil, atIgnore)[:size]
			_, err := unix.PtracePokeData(pid, stack.at-uintptr(size), b)
			return err
		case atNull:
			return ErrNone
		}
		stack.next()
	}
	return stack.err
}

// words reads the memory of a stopped process word by word.
type words struct {
	pid  int
	at   uintptr
	size int // of a word, in bytes
	err  error
}

func (w *words) next() uint64 {
	var b [8]byte
	if _, err := unix.PtracePeekData(w.pid, w.at, b[:w.size]); err != nil {
		w.err = err
		return 0
	}
	w.at += uintptr(w.size)
	return binary.NativeEndian.Uint64(b[:])
}
