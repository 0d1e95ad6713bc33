package install

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"unsafe"

	"github.com/tileseal/tileseal/internal/bpf"
	"golang.org/x/sys/unix"
)

// A program is a filter ready to be loaded: checked, copied, and found to need
// nothing this kernel lacks. What is left to do neither allocates nor fails
// for a reason that could have been known before.
type program struct {
	insns []bpf.Insn
	fprog unix.SockFprog
	flags uintptr
}

// prepare makes filter ready, to be loaded with kernelFlags besides flags: with
// TSYNC it is for the whole process. It changes nothing.
func prepare(filter []unix.SockFilter, kernelFlags uintptr, flags []Flag) (*program, error) {
	p := &program{flags: kernelFlags}
	for _, f := range flags {
		if f&^(Log|SpecAllow) != 0 {
			return nil, &UnsupportedError{What: f.String()}
		}
		p.flags |= uintptr(f)
	}
	// A copy: what is checked is what is loaded.
	p.insns = make([]bpf.Insn, len(filter))
	for i, in := range filter {
		p.insns[i] = bpf.Insn(in)
	}
	if err := bpf.Check(p.insns); err != nil {
		refused := err.(*bpf.Error) // Check has no other
		return nil, &FilterError{refused.PC, refused.Reason}
	}
	if kernelFlags&unix.SECCOMP_FILTER_FLAG_TSYNC != 0 {
		if err := noKillThread(p.insns); err != nil {
			return nil, err
		}
	}
	if err := supported(p.insns, p.flags); err != nil {
		return nil, err
	}
	p.fprog = unix.SockFprog{Len: uint16(len(p.insns)), Filter: (*unix.SockFilter)(unsafe.Pointer(&p.insns[0]))}
	return p, nil
}

// An answer is what the kernel said to a load; the zero answer is success.
type answer struct {
	call  string // the system call that failed
	value uintptr
	errno unix.Errno // 0: value is not one that the kernel gives
}

// load installs p from the calling thread, and makes no call after that: it
// and what it calls may not even grow the stack.
//
// A filter that is there already can answer any call in the kernel's place, 0
// included, which says that all is well. It is not believed: no_new_privs is
// read back, which takes a 1, and what is installed is tried first in a way that
// has to fail. (A tracer can do more, and could as well take the filter away.)
//
//go:nosplit
func (p *program) load() answer {
	if a := setNoNewPrivs(); a.call != "" {
		return a
	}
	// Filters see the address of the program and not its length, so that this
	// call is to them the same as the next; the kernel refuses what is empty.
	n := p.fprog.Len
	p.fprog.Len = 0
	r, errno := p.set()
	p.fprog.Len = n
	if errno != unix.EINVAL {
		return answer{"seccomp", r, errno}
	}
	if r, errno = p.set(); r == 0 && errno == 0 {
		return answer{}
	}
	return answer{"seccomp", r, errno}
}

//go:nosplit
func (p *program) set() (uintptr, unix.Errno) {
	r, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, p.flags, uintptr(unsafe.Pointer(&p.fprog)))
	return r, errno
}

//go:nosplit
func setNoNewPrivs() answer {
	const set, get = "prctl(PR_SET_NO_NEW_PRIVS)", "prctl(PR_GET_NO_NEW_PRIVS)"
	if r, _, errno := unix.RawSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0); r != 0 || errno != 0 {
		return answer{set, r, errno}
	}
	switch r, _, errno := unix.RawSyscall6(unix.SYS_PRCTL, unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0, 0); {
	case errno != 0:
		return answer{get, r, errno}
	case r != 1:
		return answer{set, 0, 0}
	}
	return answer{}
}

// errAnswered is for answers that are not the kernel's.
var errAnswered = errors.New("another filter, or a tracer, answers in the kernel's place")

// err words a refusal. With TSYNC and without an errno the value is the id of
// the thread in the way (seccomp(2), RETURN VALUE).
func (a answer) err() error {
	if a.call == "seccomp" && a.errno == 0 && int(a.value) > 0 {
		return &ConflictError{TID: int(a.value)}
	}
	var err error = errAnswered
	if a.errno != 0 {
		err = a.errno
	}
	return fmt.Errorf("install: nothing installed: %w", os.NewSyscallError(a.call, err))
}

// noKillThread refuses filters that may kill a thread rather than the process.
// A Go process that loses one hangs: the dead thread keeps a processor or a
// lock of the runtime (golang.org/issue/30753).
func noKillThread(insns []bpf.Insn) error {
	for pc, in := range insns {
		switch {
		case in.Code == bpf.RetK && in.K&unix.SECCOMP_RET_ACTION_FULL == unix.SECCOMP_RET_KILL_THREAD:
			return &FilterError{pc, "kills the thread, which hangs a Go process; use kill_process, or Thread"}
		case in.Code == bpf.RetA:
			return &FilterError{pc, "returns a computed verdict, which may kill the thread and hang a Go process; return constants"}
		case in.Code == bpf.Div+bpf.SrcX:
			return &FilterError{pc, "divides by X, which kills the thread if X is 0 and hangs a Go process; divide by a constant"}
		}
	}
	return nil
}

// supported asks the kernel for every flag and action a program needs.
func supported(insns []bpf.Insn, flags uintptr) error {
	for _, f := range [...]Flag{0, Flag(unix.SECCOMP_FILTER_FLAG_TSYNC), Log, SpecAllow} {
		if flags&uintptr(f) != uintptr(f) {
			continue
		}
		if errno := tryFlags(uintptr(f)); errno != unix.EFAULT {
			return &UnsupportedError{What: flagName(f), Err: os.NewSyscallError("seccomp", errno)}
		}
	}
	var asked []uint32
	for _, in := range insns {
		action := in.K & unix.SECCOMP_RET_ACTION_FULL
		if in.Code != bpf.RetK || slices.Contains(asked, action) || oldAction(action) {
			continue
		}
		asked = append(asked, action)
		if errno := tryAction(action); errno != 0 {
			return &UnsupportedError{What: fmt.Sprintf("action %#x", action), Err: os.NewSyscallError("seccomp", errno)}
		}
	}
	return nil
}

func flagName(f Flag) string {
	switch f {
	case 0:
		return "seccomp filters"
	case Flag(unix.SECCOMP_FILTER_FLAG_TSYNC):
		return "filters for all threads (TSYNC)"
	}
	return "flag " + f.String()
}
