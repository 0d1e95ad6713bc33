package cconst

import (
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
)

// A sizeRow is the size of one C type in bytes.
type sizeRow struct {
	name                 string
	x86, x86_64, aarch64 uint16
}

// sizes is sorted by name. It holds types that have one size on an
// architecture, whatever the version of the kernel and of the C library:
// sigset_t, struct stat and struct termios are not among them. A long is 64
// bits wide throughout, as everywhere in this package, so sizes that follow
// from it on i386 are those of the structs, not of their C expressions.
var sizes = [...]sizeRow{
	{"char", 1, 1, 1},
	{"int", 4, 4, 4},
	{"int16_t", 2, 2, 2},
	{"int32_t", 4, 4, 4},
	{"int64_t", 8, 8, 8},
	{"int8_t", 1, 1, 1},
	{"long", 8, 8, 8},
	{"long long", 8, 8, 8},
	{"short", 2, 2, 2},
	{"size_t", 8, 8, 8},
	{"socklen_t", 4, 4, 4},
	{"struct __kernel_timespec", 16, 16, 16},
	{"struct clone_args", 88, 88, 88},
	{"struct cmsghdr", 12, 16, 16},
	{"struct epoll_event", 12, 12, 16},
	{"struct ifreq", 32, 40, 40},
	{"struct in6_addr", 16, 16, 16},
	{"struct in_addr", 4, 4, 4},
	{"struct inotify_event", 16, 16, 16},
	{"struct io_uring_params", 120, 120, 120},
	{"struct iovec", 8, 16, 16},
	{"struct ip_mreq", 8, 8, 8},
	{"struct ip_mreqn", 12, 12, 12},
	{"struct ipv6_mreq", 20, 20, 20},
	{"struct itimerspec", 16, 32, 32},
	{"struct itimerval", 16, 32, 32},
	{"struct linger", 8, 8, 8},
	{"struct mmsghdr", 32, 64, 64},
	{"struct msghdr", 28, 56, 56},
	{"struct nlmsghdr", 16, 16, 16},
	{"struct open_how", 24, 24, 24},
	{"struct packet_mreq", 16, 16, 16},
	{"struct pollfd", 8, 8, 8},
	{"struct rlimit", 8, 16, 16},
	{"struct robust_list_head", 12, 24, 24},
	{"struct rusage", 72, 144, 144},
	{"struct seccomp_data", 64, 64, 64},
	{"struct signalfd_siginfo", 128, 128, 128},
	{"struct sock_filter", 8, 8, 8},
	{"struct sock_fprog", 8, 16, 16},
	{"struct sockaddr", 16, 16, 16},
	{"struct sockaddr_alg", 88, 88, 88},
	{"struct sockaddr_in", 16, 16, 16},
	{"struct sockaddr_in6", 28, 28, 28},
	{"struct sockaddr_ll", 20, 20, 20},
	{"struct sockaddr_nl", 12, 12, 12},
	{"struct sockaddr_storage", 128, 128, 128},
	{"struct sockaddr_un", 110, 110, 110},
	{"struct sockaddr_vm", 16, 16, 16},
	{"struct sockaddr_xdp", 16, 16, 16},
	{"struct statx", 256, 256, 256},
	{"struct timespec", 8, 16, 16},
	{"struct timeval", 8, 16, 16},
	{"struct tpacket_req", 16, 16, 16},
	{"struct tpacket_req3", 28, 28, 28},
	{"struct ucred", 12, 12, 12},
	{"struct winsize", 8, 8, 8},
	{"uint16_t", 2, 2, 2},
	{"uint32_t", 4, 4, 4},
	{"uint64_t", 8, 8, 8},
	{"uint8_t", 1, 1, 1},
	{"unsigned", 4, 4, 4},
	{"unsigned char", 1, 1, 1},
	{"unsigned int", 4, 4, 4},
	{"unsigned long", 8, 8, 8},
	{"unsigned long long", 8, 8, 8},
	{"unsigned short", 2, 2, 2},
}

// Sizeof is the size of a C type in bytes: an integer type, or a struct that
// the arguments of system calls give the size of. White space in the name
// must be single blanks. Some types are not known on x32, mips n32, m68k and
// sh.
func Sizeof(a arch.Arch, typ string) (uint64, bool) {
	i, ok := slices.BinarySearchFunc(sizes[:], typ, func(r sizeRow, typ string) int { return strings.Compare(r.name, typ) })
	if !ok {
		return 0, false
	}
	r := sizes[i]
	switch a {
	case arch.X86:
		return uint64(r.x86), true
	case arch.X86_64:
		return uint64(r.x86_64), true
	case arch.X32, arch.MIPS64N32, arch.MIPSel64N32, arch.M68K, arch.SH, arch.SHEB:
		// Pointers and the kernel's longs differ in size, or the alignment is
		// another. Types that consist of neither are the same everywhere.
		return uint64(r.x86), r.x86 == r.x86_64 && r.x86 == r.aarch64
	}
	switch a.Bits() {
	case 64:
		return uint64(r.aarch64), true
	case 32:
		if typ == "struct epoll_event" {
			return 16, true // of these i386 alone aligns 64-bit integers to 4 bytes
		}
		return uint64(r.x86), true
	}
	return 0, false
}
