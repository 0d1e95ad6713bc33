//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/goruntime/internal/novdso"
	"github.com/tileseal/tileseal/internal/bpf"
	"golang.org/x/sys/unix"
)

// A world starts a program in an environment this machine does not have by
// itself. It is called on a thread of its own and may change that. undo, if there
// is one, is for when the program is over.
type world func(cmd *exec.Cmd) (undo func(), err error)

// An answer is what a kernel that differs from ours says to a call, whatever its
// other arguments.
type answer struct {
	call  string
	first int64 // only if argument 0 is this; -1: always
	errno unix.Errno
}

// answering is a world whose kernel answers some calls of an architecture in its
// own way. A filter does it, which the program inherits; its own comes on top.
func answering(goarch string, answers ...answer) world {
	return func(cmd *exec.Cmd) (func(), error) {
		prog, err := answerer(goarch, answers)
		if err != nil {
			return nil, err
		}
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return nil, err
		}
		fprog := unix.SockFprog{Len: uint16(len(prog)), Filter: (*unix.SockFilter)(unsafe.Pointer(&prog[0]))}
		if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&fprog))); errno != 0 {
			return nil, errno
		}
		return nil, cmd.Start()
	}
}

// answerer is the filter of such a kernel.
func answerer(goarch string, answers []answer) ([]bpf.Insn, error) {
	a, err := arch.ByGOARCH(goarch)
	if err != nil {
		return nil, err
	}
	prog := []bpf.Insn{
		{Code: bpf.LdAbs, K: bpf.OffArch},
		{Code: bpf.Jeq, K: a.Audit(), Jt: 1},
		{Code: bpf.RetK, K: unix.SECCOMP_RET_ALLOW},
	}
	for _, an := range answers {
		nr, ok := a.Number(an.call)
		if !ok {
			return nil, fmt.Errorf("no call %s on %v", an.call, a)
		}
		var test []bpf.Insn
		if an.first >= 0 {
			test = []bpf.Insn{{Code: bpf.LdAbs, K: bpf.ArgWord(0, false, a.BigEndian())}, {Code: bpf.Jeq, K: uint32(an.first), Jf: 1}}
		}
		prog = append(prog, bpf.Insn{Code: bpf.LdAbs, K: bpf.OffNr}, bpf.Insn{Code: bpf.Jeq, K: nr, Jf: uint8(len(test) + 1)})
		prog = append(prog, test...)
		prog = append(prog, bpf.Insn{Code: bpf.RetK, K: unix.SECCOMP_RET_ERRNO | uint32(an.errno)})
	}
	return append(prog, bpf.Insn{Code: bpf.RetK, K: unix.SECCOMP_RET_ALLOW}), nil
}

// oldKernel is a world where uname says 2.6.
func oldKernel(cmd *exec.Cmd) (func(), error) {
	const uname26 = 0x0020000 // UNAME26, include/uapi/linux/personality.h
	if _, _, errno := unix.Syscall(unix.SYS_PERSONALITY, uname26, 0, 0); errno != 0 {
		return nil, errno
	}
	return nil, cmd.Start()
}

// limited is a world with a limit of CPU time, one and a half CPUs, in a cgroup of
// its own.
func limited(cmd *exec.Cmd) (func(), error) {
	dir, err := newCgroup()
	if err != nil {
		return nil, err
	}
	undo := func() {
		// It is busy until the thread that was in it is gone.
		for range 100 {
			if os.Remove(dir) == nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	// Version 1 takes a thread, whose children follow it.
	if err := os.WriteFile(filepath.Join(dir, "tasks"), []byte(strconv.Itoa(unix.Gettid())), 0); err != nil {
		return undo, err
	}
	return undo, cmd.Start()
}

// noVDSO is a world where reading the clock takes a system call: the program's
// auxiliary vector does not say where the vDSO is.
func noVDSO(goarch string) world {
	return func(cmd *exec.Cmd) (func(), error) {
		novdso.Stop(cmd)
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		return nil, novdso.Hide(cmd.Process.Pid, goarch)
	}
}

// newCgroup makes a cgroup with a limit of CPU time, where version 1 of the cpu
// controller is mounted and may be written.
func newCgroup() (dir string, err error) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(mounts)) {
		f := strings.Fields(line)
		if len(f) < 4 || f[2] != "cgroup" || !strings.Contains(","+f[3]+",", ",cpu,") {
			continue
		}
		dir, err := os.MkdirTemp(f[1], "tileseal-measure-")
		if err != nil {
			return "", err
		}
		for name, text := range map[string]string{"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "150000"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0); err != nil {
				os.Remove(dir)
				return "", err
			}
		}
		return dir, nil
	}
	return "", fmt.Errorf("no cgroup of version 1 with the cpu controller: its limits cannot be measured here")
}
