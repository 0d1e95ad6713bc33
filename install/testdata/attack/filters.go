//go:build linux

package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unsafe"

	"github.com/tileseal/tileseal/install"
	"golang.org/x/sys/unix"
)

const (
	ldAbs = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	jeq   = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	jset  = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
	ret   = unix.BPF_RET | unix.BPF_K
	allow = unix.SECCOMP_RET_ALLOW

	offNr, offArgs = 0, 16 // in struct seccomp_data; on the machines of these tests the low word of an argument is the first
)

// sealing kills getppid and allows the rest. What lies between the first and
// the last of its n instructions is never run.
func sealing(n int) []unix.SockFilter {
	f := []unix.SockFilter{
		{Code: ldAbs, K: offNr},
		{Code: jeq, K: getppid, Jf: 1},
		{Code: ret, K: unix.SECCOMP_RET_KILL_PROCESS},
	}
	for len(f) < n {
		f = append(f, unix.SockFilter{Code: ret, K: allow})
	}
	return f
}

// numbers are the calls a rule can name.
var numbers = map[string]uint32{
	"prctl":          unix.SYS_PRCTL,
	"seccomp":        unix.SYS_SECCOMP,
	"gettid":         unix.SYS_GETTID,
	"getpid":         unix.SYS_GETPID,
	"tgkill":         unix.SYS_TGKILL,
	"clone":          unix.SYS_CLONE,
	"exit":           unix.SYS_EXIT,
	"futex":          unix.SYS_FUTEX,
	"mmap":           mmap,
	"munmap":         unix.SYS_MUNMAP,
	"madvise":        unix.SYS_MADVISE,
	"sigaltstack":    unix.SYS_SIGALTSTACK,
	"rt_sigprocmask": unix.SYS_RT_SIGPROCMASK,
	"rt_sigreturn":   unix.SYS_RT_SIGRETURN,
	"sched_yield":    unix.SYS_SCHED_YIELD,
}

// A rule gives a call a verdict, if an argument is, or is not, a value; arg -1
// is for whatever arguments.
type rule struct {
	nr      uint32
	arg     int
	value   uint32
	not     bool
	verdict uint32
}

type rules []rule

func (rs *rules) String() string { return "" }

// Set takes a rule such as "seccomp,1,0x1,0x50016".
func (rs *rules) Set(s string) error {
	words := strings.Split(s, ",")
	if len(words) != 4 {
		return errors.New("not call,argument,value,verdict")
	}
	nr, known := numbers[words[0]]
	if !known {
		return fmt.Errorf("no call %q", words[0])
	}
	arg, err := strconv.Atoi(words[1])
	if err != nil {
		return err
	}
	value, not := strings.CutPrefix(words[2], "!")
	v, err := strconv.ParseUint(value, 0, 32)
	if err != nil {
		return err
	}
	verdict, err := strconv.ParseUint(words[3], 0, 32)
	if err != nil {
		return err
	}
	*rs = append(*rs, rule{nr, arg, uint32(v), not, uint32(verdict)})
	return nil
}

// filter is one that follows the rules and allows the rest.
func (rs rules) filter() []unix.SockFilter {
	var f []unix.SockFilter
	for _, r := range rs {
		f = append(f, unix.SockFilter{Code: ldAbs, K: offNr})
		if r.arg < 0 {
			f = append(f, unix.SockFilter{Code: jeq, K: r.nr, Jf: 1})
		} else {
			test := unix.SockFilter{Code: jeq, K: r.value, Jf: 1}
			if r.not {
				test.Jt, test.Jf = 1, 0
			}
			f = append(f, unix.SockFilter{Code: jeq, K: r.nr, Jf: 3},
				unix.SockFilter{Code: ldAbs, K: offArgs + 8*uint32(r.arg)}, test)
		}
		f = append(f, unix.SockFilter{Code: ret, K: r.verdict})
	}
	return append(f, unix.SockFilter{Code: ret, K: allow})
}

// containerFilter refuses what container engines refuse: administration with
// EPERM, new namespaces by the flags of clone, and clone3, whose flags cannot be
// seen, with ENOSYS.
func containerFilter() []unix.SockFilter {
	const eperm = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	const namespaces = unix.CLONE_NEWNS | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWUSER |
		unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWCGROUP
	f := []unix.SockFilter{{Code: ldAbs, K: offNr}}
	for _, nr := range []uint32{unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PTRACE, unix.SYS_BPF, unix.SYS_UNSHARE, unix.SYS_SETNS,
		unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_PERF_EVENT_OPEN, unix.SYS_KEXEC_LOAD,
		unix.SYS_INIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_REBOOT, unix.SYS_SWAPON, unix.SYS_IO_URING_SETUP} {
		f = append(f, unix.SockFilter{Code: jeq, K: nr, Jf: 1}, unix.SockFilter{Code: ret, K: eperm})
	}
	return append(f,
		unix.SockFilter{Code: jeq, K: unix.SYS_CLONE3, Jf: 1},
		unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
		unix.SockFilter{Code: jeq, K: unix.SYS_CLONE, Jf: 3},
		unix.SockFilter{Code: ldAbs, K: offArgs},
		unix.SockFilter{Code: jset, K: namespaces, Jf: 1},
		unix.SockFilter{Code: ret, K: eperm},
		unix.SockFilter{Code: ret, K: allow})
}

// confine puts every thread under filter, whatever it is, as what started the
// process would have done.
func confine(filter []unix.SockFilter) error {
	if !*plain { // TSYNC passes no_new_privs on
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return err
		}
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	tid, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	switch {
	case errno == unix.EACCES:
		return skip("a filter without no_new_privs takes CAP_SYS_ADMIN")
	case errno != 0:
		return errno
	case tid != 0:
		return fmt.Errorf("thread %d is in the way", tid)
	}
	return nil
}

// fill installs filters, long ones and then shorter ones, until the kernel has
// no room for the smallest.
func fill() error {
	for _, n := range []int{unix.BPF_MAXINSNS, 1024, 256, 64, 16, 4, 1} {
		for {
			filter := make([]unix.SockFilter, n)
			for i := range filter {
				filter[i] = unix.SockFilter{Code: ret, K: allow}
			}
			err := install.Process(filter)
			if errors.Is(err, unix.ENOMEM) {
				break
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
