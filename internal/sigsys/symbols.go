package sigsys

import (
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/cconst"
)

// A set is the names that the values of an argument have. The bits of choice
// hold one of several values, those of enum; every other bit is by itself,
// those of bits. Where names share bits, the one with more comes first. The
// values are cconst's.
type set struct {
	choice uint64
	enum   string
	bits   string
}

const whole = 1<<64 - 1 // a choice that is not made of bits

var (
	openFlags = &set{3, "O_RDONLY O_WRONLY O_RDWR",
		"O_TMPFILE O_SYNC O_DSYNC O_CREAT O_EXCL O_NOCTTY O_TRUNC O_APPEND O_NONBLOCK O_ASYNC O_DIRECT O_LARGEFILE O_DIRECTORY O_NOFOLLOW O_NOATIME O_CLOEXEC O_PATH"}
	pipeFlags  = &set{bits: "O_CLOEXEC O_NONBLOCK O_DIRECT"}
	atFlags    = &set{bits: "AT_SYMLINK_NOFOLLOW AT_REMOVEDIR AT_SYMLINK_FOLLOW AT_NO_AUTOMOUNT AT_EMPTY_PATH"}
	atEaccess  = &set{bits: "AT_SYMLINK_NOFOLLOW AT_EACCESS AT_EMPTY_PATH"}
	accessMode = &set{whole, "F_OK", "R_OK W_OK X_OK"}
	protection = &set{whole, "PROT_NONE", "PROT_READ PROT_WRITE PROT_EXEC PROT_GROWSDOWN PROT_GROWSUP"}
	mapFlags   = &set{0xf, "MAP_SHARED MAP_PRIVATE MAP_SHARED_VALIDATE",
		"MAP_FIXED MAP_ANONYMOUS MAP_32BIT MAP_GROWSDOWN MAP_DENYWRITE MAP_EXECUTABLE MAP_LOCKED MAP_NORESERVE MAP_POPULATE MAP_NONBLOCK MAP_STACK MAP_HUGETLB MAP_SYNC MAP_FIXED_NOREPLACE"}
	mremapFlags = &set{bits: "MREMAP_MAYMOVE MREMAP_FIXED MREMAP_DONTUNMAP"}
	msyncFlags  = &set{bits: "MS_ASYNC MS_INVALIDATE MS_SYNC"}
	advice      = &set{choice: whole, enum: "MADV_NORMAL MADV_RANDOM MADV_SEQUENTIAL MADV_WILLNEED MADV_DONTNEED MADV_FREE MADV_REMOVE MADV_DONTFORK MADV_DOFORK MADV_MERGEABLE MADV_UNMERGEABLE MADV_HUGEPAGE MADV_NOHUGEPAGE MADV_DONTDUMP MADV_DODUMP MADV_WIPEONFORK MADV_KEEPONFORK MADV_COLD MADV_PAGEOUT MADV_POPULATE_READ MADV_POPULATE_WRITE MADV_DONTNEED_LOCKED MADV_COLLAPSE"}
	families    = &set{choice: whole, enum: "AF_UNSPEC AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET AF_VSOCK AF_ALG AF_BLUETOOTH AF_CAN AF_XDP"}
	socketTypes = &set{0xf, "SOCK_STREAM SOCK_DGRAM SOCK_RAW SOCK_RDM SOCK_SEQPACKET", "SOCK_CLOEXEC SOCK_NONBLOCK"}
	acceptFlags = &set{bits: "SOCK_CLOEXEC SOCK_NONBLOCK"}
	messages    = &set{bits: "MSG_OOB MSG_PEEK MSG_DONTROUTE MSG_CTRUNC MSG_TRUNC MSG_DONTWAIT MSG_EOR MSG_WAITALL MSG_CONFIRM MSG_ERRQUEUE MSG_NOSIGNAL MSG_MORE MSG_WAITFORONE MSG_ZEROCOPY MSG_FASTOPEN MSG_CMSG_CLOEXEC"}
	levels      = &set{choice: whole, enum: "SOL_SOCKET IPPROTO_IP IPPROTO_TCP IPPROTO_UDP IPPROTO_IPV6"}
	socketOpts  = &set{choice: whole, enum: "SO_DEBUG SO_REUSEADDR SO_TYPE SO_ERROR SO_DONTROUTE SO_BROADCAST SO_SNDBUF SO_RCVBUF SO_KEEPALIVE SO_LINGER SO_REUSEPORT SO_PASSCRED SO_PEERCRED SO_RCVLOWAT SO_SNDLOWAT SO_BINDTODEVICE SO_ATTACH_FILTER SO_TIMESTAMP SO_ACCEPTCONN SO_PEERSEC SO_MARK SO_PROTOCOL SO_DOMAIN SO_BUSY_POLL SO_ZEROCOPY"}
	tcpOpts     = &set{choice: whole, enum: "TCP_NODELAY TCP_MAXSEG TCP_CORK TCP_KEEPIDLE TCP_KEEPINTVL TCP_KEEPCNT TCP_DEFER_ACCEPT TCP_INFO TCP_QUICKACK TCP_CONGESTION TCP_USER_TIMEOUT TCP_FASTOPEN"}
	ipv6Opts    = &set{choice: whole, enum: "IPV6_V6ONLY IPV6_UNICAST_HOPS IPV6_MULTICAST_IF IPV6_MULTICAST_HOPS IPV6_MULTICAST_LOOP IPV6_ADD_MEMBERSHIP IPV6_DROP_MEMBERSHIP IPV6_RECVPKTINFO"}
	shutdowns   = &set{choice: whole, enum: "SHUT_RD SHUT_WR SHUT_RDWR"}
	cloneFlags  = &set{0xff, "SIGCHLD",
		"CLONE_VM CLONE_FS CLONE_FILES CLONE_SIGHAND CLONE_PIDFD CLONE_PTRACE CLONE_VFORK CLONE_PARENT CLONE_THREAD CLONE_NEWNS CLONE_SYSVSEM CLONE_SETTLS CLONE_PARENT_SETTID CLONE_CHILD_CLEARTID CLONE_DETACHED CLONE_UNTRACED CLONE_CHILD_SETTID CLONE_NEWCGROUP CLONE_NEWUTS CLONE_NEWIPC CLONE_NEWUSER CLONE_NEWPID CLONE_NEWNET CLONE_IO"}
	fcntls     = &set{choice: whole, enum: "F_DUPFD F_GETFD F_SETFD F_GETFL F_SETFL F_GETLK F_SETLK F_SETLKW F_SETOWN F_GETOWN F_SETSIG F_GETSIG F_SETOWN_EX F_GETOWN_EX F_OFD_GETLK F_OFD_SETLK F_OFD_SETLKW F_SETLEASE F_GETLEASE F_NOTIFY F_DUPFD_CLOEXEC F_SETPIPE_SZ F_GETPIPE_SZ F_ADD_SEALS F_GET_SEALS"}
	fdFlags    = &set{bits: "FD_CLOEXEC"}
	epollOps   = &set{choice: whole, enum: "EPOLL_CTL_ADD EPOLL_CTL_DEL EPOLL_CTL_MOD"}
	epollFlags = &set{bits: "EPOLL_CLOEXEC"}
	eventFlags = &set{bits: "EFD_CLOEXEC EFD_NONBLOCK EFD_SEMAPHORE"}
	futexOps   = &set{whole &^ 256,
		"FUTEX_WAIT FUTEX_WAKE FUTEX_FD FUTEX_REQUEUE FUTEX_CMP_REQUEUE FUTEX_WAKE_OP FUTEX_LOCK_PI FUTEX_UNLOCK_PI FUTEX_TRYLOCK_PI FUTEX_WAIT_BITSET FUTEX_WAKE_BITSET FUTEX_WAIT_REQUEUE_PI FUTEX_CMP_REQUEUE_PI FUTEX_LOCK_PI2 " +
			"FUTEX_WAIT_PRIVATE FUTEX_WAKE_PRIVATE FUTEX_REQUEUE_PRIVATE FUTEX_CMP_REQUEUE_PRIVATE FUTEX_WAKE_OP_PRIVATE FUTEX_LOCK_PI_PRIVATE FUTEX_UNLOCK_PI_PRIVATE FUTEX_TRYLOCK_PI_PRIVATE FUTEX_WAIT_BITSET_PRIVATE FUTEX_WAKE_BITSET_PRIVATE FUTEX_WAIT_REQUEUE_PI_PRIVATE FUTEX_CMP_REQUEUE_PI_PRIVATE FUTEX_LOCK_PI2_PRIVATE",
		"FUTEX_CLOCK_REALTIME"}
	signals  = &set{choice: whole, enum: "SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2 SIGPIPE SIGALRM SIGTERM SIGSTKFLT SIGCHLD SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGXCPU SIGXFSZ SIGVTALRM SIGPROF SIGWINCH SIGIO SIGPWR SIGSYS"}
	sigHows  = &set{choice: whole, enum: "SIG_BLOCK SIG_UNBLOCK SIG_SETMASK"}
	prctls   = &set{choice: whole, enum: "PR_SET_PDEATHSIG PR_GET_PDEATHSIG PR_GET_DUMPABLE PR_SET_DUMPABLE PR_GET_KEEPCAPS PR_SET_KEEPCAPS PR_SET_NAME PR_GET_NAME PR_GET_SECCOMP PR_SET_SECCOMP PR_CAPBSET_READ PR_CAPBSET_DROP PR_GET_SECUREBITS PR_SET_SECUREBITS PR_SET_TIMERSLACK PR_GET_TIMERSLACK PR_SET_MM PR_SET_CHILD_SUBREAPER PR_GET_CHILD_SUBREAPER PR_SET_NO_NEW_PRIVS PR_GET_NO_NEW_PRIVS PR_SET_THP_DISABLE PR_GET_THP_DISABLE PR_CAP_AMBIENT PR_GET_SPECULATION_CTRL PR_SET_SPECULATION_CTRL PR_SET_PTRACER PR_SET_VMA"}
	vmaNames = &set{choice: whole, enum: "PR_SET_VMA_ANON_NAME"}
	clocks   = &set{choice: whole, enum: "CLOCK_REALTIME CLOCK_MONOTONIC CLOCK_PROCESS_CPUTIME_ID CLOCK_THREAD_CPUTIME_ID CLOCK_MONOTONIC_RAW CLOCK_REALTIME_COARSE CLOCK_MONOTONIC_COARSE CLOCK_BOOTTIME CLOCK_REALTIME_ALARM CLOCK_BOOTTIME_ALARM CLOCK_TAI"}
	absolute = &set{bits: "TIMER_ABSTIME"}
	itimers  = &set{choice: whole, enum: "ITIMER_REAL ITIMER_VIRTUAL ITIMER_PROF"}
	limits   = &set{choice: whole, enum: "RLIMIT_CPU RLIMIT_FSIZE RLIMIT_DATA RLIMIT_STACK RLIMIT_CORE RLIMIT_RSS RLIMIT_NPROC RLIMIT_NOFILE RLIMIT_MEMLOCK RLIMIT_AS RLIMIT_LOCKS RLIMIT_SIGPENDING RLIMIT_MSGQUEUE RLIMIT_NICE RLIMIT_RTPRIO RLIMIT_RTTIME"}
	random   = &set{bits: "GRND_NONBLOCK GRND_RANDOM GRND_INSECURE"}
	whence   = &set{choice: whole, enum: "SEEK_SET SEEK_CUR SEEK_END SEEK_DATA SEEK_HOLE"}
	locks    = &set{bits: "LOCK_SH LOCK_EX LOCK_UN LOCK_NB"}
	waits    = &set{bits: "WNOHANG WUNTRACED WEXITED WCONTINUED WNOWAIT"}
	waitIDs  = &set{choice: whole, enum: "P_ALL P_PID P_PGID P_PIDFD"}
	renames  = &set{bits: "RENAME_NOREPLACE RENAME_EXCHANGE RENAME_WHITEOUT"}
	ioctls   = &set{choice: whole, enum: "TCGETS TCSETS TCSETSW TCSETSF TIOCGWINSZ TIOCSWINSZ TIOCGPGRP TIOCSPGRP TIOCSCTTY TIOCNOTTY TIOCSTI TIOCLINUX TIOCGPTN TIOCSPTLCK FIONREAD FIONBIO FIOASYNC FIOCLEX FIONCLEX FICLONE FS_IOC_GETFLAGS FS_IOC_SETFLAGS"}
)

// A use is an argument whose values have names, in calls. If another argument
// gives it its meaning, given says which, and by what value.
type use struct {
	calls string
	arg   int
	set   *set
	given string // "ARGUMENT NAME", or "" for always
}

var uses = [...]use{
	{"open", 1, openFlags, ""}, {"openat", 2, openFlags, ""}, {"open_by_handle_at", 2, openFlags, ""}, {"pipe2", 1, pipeFlags, ""}, {"dup3", 2, pipeFlags, ""},
	{"newfstatat fstatat64", 3, atFlags, ""}, {"unlinkat", 2, atFlags, ""}, {"statx", 2, atFlags, ""}, {"execveat", 4, atFlags, ""},
	{"linkat", 4, atFlags, ""}, {"fchownat", 4, atFlags, ""}, {"utimensat", 3, atFlags, ""}, {"fchmodat2", 3, atFlags, ""},
	{"access", 1, accessMode, ""}, {"faccessat faccessat2", 2, accessMode, ""}, {"faccessat2", 3, atEaccess, ""},
	{"mmap mmap2 mprotect pkey_mprotect", 2, protection, ""}, {"mmap mmap2", 3, mapFlags, ""}, {"mremap", 3, mremapFlags, ""}, {"msync", 2, msyncFlags, ""},
	{"madvise", 2, advice, ""}, {"process_madvise", 3, advice, ""},
	{"socket socketpair", 0, families, ""}, {"socket socketpair", 1, socketTypes, ""}, {"accept4", 3, acceptFlags, ""},
	{"sendto recvfrom recvmmsg sendmmsg", 3, messages, ""}, {"sendmsg recvmsg", 2, messages, ""},
	{"setsockopt getsockopt", 1, levels, ""}, {"setsockopt getsockopt", 2, socketOpts, "1 SOL_SOCKET"},
	{"setsockopt getsockopt", 2, tcpOpts, "1 IPPROTO_TCP"}, {"setsockopt getsockopt", 2, ipv6Opts, "1 IPPROTO_IPV6"}, {"shutdown", 1, shutdowns, ""},
	{"clone", 0, cloneFlags, ""}, {"unshare", 0, cloneFlags, ""}, {"setns", 1, cloneFlags, ""},
	{"fcntl fcntl64", 1, fcntls, ""}, {"fcntl fcntl64", 2, fdFlags, "1 F_SETFD"}, {"fcntl fcntl64", 2, openFlags, "1 F_SETFL"},
	{"epoll_ctl", 1, epollOps, ""}, {"epoll_create1", 0, epollFlags, ""}, {"eventfd2", 1, eventFlags, ""},
	{"futex futex_time64", 1, futexOps, ""},
	{"rt_sigaction sigaction signal", 0, signals, ""}, {"kill tkill rt_sigqueueinfo pidfd_send_signal", 1, signals, ""}, {"tgkill rt_tgsigqueueinfo", 2, signals, ""},
	{"rt_sigprocmask sigprocmask", 0, sigHows, ""}, {"prctl", 0, prctls, ""}, {"prctl", 1, vmaNames, "0 PR_SET_VMA"}, {"prctl", 1, signals, "0 PR_SET_PDEATHSIG"},
	{"clock_gettime clock_settime clock_getres clock_nanosleep clock_adjtime timer_create timerfd_create", 0, clocks, ""},
	{"clock_gettime64 clock_settime64 clock_getres_time64 clock_nanosleep_time64", 0, clocks, ""},
	{"clock_nanosleep clock_nanosleep_time64 timer_settime", 1, absolute, ""}, {"setitimer getitimer", 0, itimers, ""},
	{"getrlimit setrlimit ugetrlimit", 0, limits, ""}, {"prlimit64", 1, limits, ""}, {"getrandom", 2, random, ""},
	{"lseek", 2, whence, ""}, {"_llseek", 4, whence, ""}, {"flock", 1, locks, ""}, {"wait4 waitpid", 2, waits, ""},
	{"waitid", 0, waitIDs, ""}, {"waitid", 3, waits, ""}, {"renameat2", 4, renames, ""}, {"ioctl", 1, ioctls, ""},
}

// setOf finds the names for an argument of a call, nil if there are none.
func setOf(a arch.Arch, call string, arg int, args [6]uint64) *set {
	for _, u := range uses {
		if u.arg != arg || !strings.Contains(" "+u.calls+" ", " "+call+" ") {
			continue
		}
		if u.given == "" {
			return u.set
		}
		if c, ok := cconst.Lookup(a, u.given[2:]); ok && uint32(c.Value) == uint32(args[u.given[0]-'0']) {
			return u.set
		}
	}
	return nil
}

// text is a value in names, with what has none in hexadecimal; "" if none of
// it has. bits is how much of it there is.
func (s *set) text(a arch.Arch, v uint64, bits int) (text string, all bool) {
	if s == nil {
		return "", false
	}
	var names []string
	rest := v
	for _, name := range strings.Fields(s.enum) {
		c, ok := cconst.Lookup(a, name)
		if ok && v&s.choice == cut(c.Value, bits)&s.choice {
			names, rest = append(names, name), v&^s.choice
			break
		}
	}
	for _, name := range strings.Fields(s.bits) {
		c, ok := cconst.Lookup(a, name)
		if value := cut(c.Value, bits); ok && value != 0 && rest&value == value {
			names, rest = append(names, name), rest&^value
		}
	}
	if len(names) == 0 {
		return "", false
	}
	if rest != 0 {
		names = append(names, hexadecimal(rest))
	}
	return strings.Join(names, "|"), rest == 0
}

func cut(v uint64, bits int) uint64 {
	if bits == 32 {
		return v & (1<<32 - 1)
	}
	return v
}
