package arch

import (
	"slices"
	"strings"
)

// A multiplexed is one call that socketcall or ipc makes on behalf of a
// program: SYS_ in include/uapi/linux/net.h, and the constants of
// include/uapi/linux/ipc.h.
type multiplexed struct {
	name  string
	call  string
	index uint32
}

// allMultiplexed is sorted by name.
var allMultiplexed = [...]multiplexed{
	{"accept", "socketcall", 5},
	{"accept4", "socketcall", 18},
	{"bind", "socketcall", 2},
	{"connect", "socketcall", 3},
	{"getpeername", "socketcall", 7},
	{"getsockname", "socketcall", 6},
	{"getsockopt", "socketcall", 15},
	{"listen", "socketcall", 4},
	{"msgctl", "ipc", 14},
	{"msgget", "ipc", 13},
	{"msgrcv", "ipc", 12},
	{"msgsnd", "ipc", 11},
	{"recv", "socketcall", 10},
	{"recvfrom", "socketcall", 12},
	{"recvmmsg", "socketcall", 19},
	{"recvmsg", "socketcall", 17},
	{"semctl", "ipc", 3},
	{"semget", "ipc", 2},
	{"semop", "ipc", 1},
	{"semtimedop", "ipc", 4},
	{"send", "socketcall", 9},
	{"sendmmsg", "socketcall", 20},
	{"sendmsg", "socketcall", 16},
	{"sendto", "socketcall", 11},
	{"setsockopt", "socketcall", 14},
	{"shmat", "ipc", 21},
	{"shmctl", "ipc", 24},
	{"shmdt", "ipc", 22},
	{"shmget", "ipc", 23},
	{"shutdown", "socketcall", 13},
	{"socket", "socketcall", 1},
	{"socketpair", "socketcall", 8},
}

// Multiplexed tells whether a program can also make a call through another:
// a socket call through socketcall, a System V IPC call through ipc. Both
// exist on x86, m68k, mips and mipsel (o32), ppc, ppc64, ppc64le, s390,
// s390x, sh and sheb. The call may have a number of its own besides
// ([Table.Number]); older programs and C libraries do not use it.
//
// index is what argument 0 of the multiplexer says. The kernel reads its low
// 32 bits (net/socket.c), and of ipc's only the low 16, above which there is
// a version (ipc/syscall.c). The call's own arguments are in memory for
// socketcall, where no filter can see them; for ipc they are moved: its
// arguments 1 to 5 are not the call's 0 to 4.
func (t *Table) Multiplexed(name string) (call string, index uint32, ok bool) {
	i, ok := slices.BinarySearchFunc(allMultiplexed[:], name, func(m multiplexed, name string) int {
		return strings.Compare(m.name, name)
	})
	if !ok {
		return "", 0, false
	}
	m := allMultiplexed[i]
	if _, ok := t.Number(m.call); !ok {
		return "", 0, false
	}
	return m.call, m.index, true
}

// Multiplexed is [Table.Multiplexed] of a's table; ok is false also if a is
// invalid.
func (a Arch) Multiplexed(name string) (call string, index uint32, ok bool) {
	return a.Table().Multiplexed(name)
}

// Known reports whether any architecture has a system call of that name, by itself
// or through socketcall or ipc. It looks into the tables of all.
func Known(name string) bool {
	for _, in := range infos {
		if _, ok := in.arch.Number(name); ok {
			return true
		}
		if _, _, ok := in.arch.Multiplexed(name); ok {
			return true
		}
	}
	return false
}
