//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// A lie is what the tracer does to a call that a filter has handed to it.
type lie func(r *syscall.PtraceRegs)

// skipped has the kernel not make the call, and the caller see result.
func skipped(result int64) lie {
	return func(r *syscall.PtraceRegs) { r.Orig_rax, r.Rax = ^uint64(0), uint64(result) }
}

var lies = map[string]lie{
	"tid":   skipped(4711),
	"zero":  skipped(0),
	"EPERM": skipped(-int64(unix.EPERM)),
	"EINTR": skipped(-int64(unix.EINTR)),
	// The kernel makes the call, and finds the third argument bad.
	"bad pointer": func(r *syscall.PtraceRegs) { r.Rdx = 8 },
	// The kernel makes the call, and finds the second argument bad.
	"bad flags": func(r *syscall.PtraceRegs) { r.Rsi = 1 << 30 },
	"honest":    func(*syscall.PtraceRegs) {},
}

// trace runs this program again with args[1:] and lies to it, as args[0] says,
// about each call whose verdict is SECCOMP_RET_TRACE. Its last line says how
// the other ended.
func trace(args []string) error {
	lie := lies[args[0]]
	if lie == nil {
		return fmt.Errorf("no lie %q", args[0])
	}
	runtime.LockOSThread() // the tracer is a thread
	exe, err := os.Open("/proc/self/exe")
	if err != nil {
		return err
	}
	cmd := exec.Command("/proc/self/fd/3", args[1:]...)
	cmd.ExtraFiles = []*os.File{exe}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		return skip(err.Error())
	}
	pid := cmd.Process.Pid
	var ws unix.WaitStatus
	if _, err := unix.Wait4(pid, &ws, 0, nil); err != nil || !ws.Stopped() {
		return fmt.Errorf("the traced process: %#x, %v", ws, err)
	}
	const options = unix.PTRACE_O_EXITKILL | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACESECCOMP
	if err := unix.PtraceSetOptions(pid, options); err != nil {
		return err
	}
	if err := unix.PtraceCont(pid, 0); err != nil {
		return err
	}
	ws, err = follow(pid, lie)
	if err != nil {
		return err
	}
	if ws.Signaled() {
		fmt.Println(ws.Signal())
	} else {
		fmt.Println("exit", ws.ExitStatus())
	}
	return nil
}

// follow serves the stops of every thread until the process ends.
func follow(pid int, lie lie) (unix.WaitStatus, error) {
	for {
		var ws unix.WaitStatus
		tid, err := unix.Wait4(-1, &ws, unix.WALL, nil)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return 0, err
		case !ws.Stopped():
			if tid == pid {
				return ws, nil
			}
			continue
		}
		pass := 0
		switch sig := ws.StopSignal(); {
		case ws.TrapCause() == unix.PTRACE_EVENT_SECCOMP:
			var regs syscall.PtraceRegs
			if err := syscall.PtraceGetRegs(tid, &regs); err != nil {
				return 0, err
			}
			lie(&regs)
			if err := syscall.PtraceSetRegs(tid, &regs); err != nil {
				return 0, err
			}
		case sig != unix.SIGTRAP && sig != unix.SIGSTOP:
			pass = int(sig)
		}
		if err := unix.PtraceCont(tid, pass); err != nil && !errors.Is(err, unix.ESRCH) {
			return 0, err
		}
	}
}
