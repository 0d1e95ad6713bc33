package install

import (
	"github.com/tileseal/tileseal/internal/bpf"
	"golang.org/x/sys/unix"
)

// Staging returns filter with its kills turned into traps, so that a call that
// would have killed the process makes the Go runtime print "SIGSYS: bad system
// call" and the stack that made it, and exit with status 2. The number of the
// call is in the register dump (rax, eax, r8). The filter must allow what that
// takes: write to descriptor 2 and exit_group, the level crash of package
// goruntime.
//
// Calls of a foreign architecture are still killed: their numbers would
// mislead. For that, a filter that begins by testing the architecture and
// kills all others becomes a few instructions longer.
//
// A trap is weaker than a kill. Staging is for finding out what a policy
// lacks, not for production.
func Staging(filter []unix.SockFilter) []unix.SockFilter {
	staged := foreignKill(filter)
	for _, in := range filter {
		if isKill(in) {
			in.K = unix.SECCOMP_RET_TRAP
		}
		staged = append(staged, in)
	}
	return staged
}

func isKill(in unix.SockFilter) bool {
	if in.Code != bpf.RetK {
		return false
	}
	switch in.K & unix.SECCOMP_RET_ACTION_FULL {
	case unix.SECCOMP_RET_KILL_PROCESS, unix.SECCOMP_RET_KILL_THREAD:
		return true
	}
	return false
}

// foreignKill is a prologue that kills the architectures filter kills at its
// start, or nothing if it does not start so.
//
// The kill of a foreign architecture is often the very instruction that kills
// everything else too; hence a copy of the test, with a kill of its own.
func foreignKill(filter []unix.SockFilter) []unix.SockFilter {
	if len(filter) == 0 || filter[0].Code != bpf.LdAbs || filter[0].K != bpf.OffArch {
		return nil
	}
	var known []uint32
	pc := 1
	for pc < len(filter) && filter[pc].Code == bpf.Jeq {
		known = append(known, filter[pc].K)
		pc += 1 + int(filter[pc].Jf)
	}
	// The longest chain a jump can cross: there are 23 architectures.
	const longest = 255
	if len(known) == 0 || len(known) > longest || pc >= len(filter) || !isKill(filter[pc]) {
		return nil
	}
	prologue := []unix.SockFilter{filter[0]}
	for i, a := range known {
		prologue = append(prologue, unix.SockFilter{Code: bpf.Jeq, Jt: uint8(len(known) - i), K: a})
	}
	return append(prologue,
		filter[pc],
		unix.SockFilter{Code: bpf.LdImm, K: 0}, // A as a program finds it
	)
}
