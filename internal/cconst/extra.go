package cconst

// An extra is a constant that x/sys/unix lacks, or has with another value
// than C.
type extra struct {
	name   string
	value  uint64
	ctype  Type
	source string // the header; those that begin with linux or asm are the kernel's
}

// lockExtras are the record locks of 32-bit architectures. x/sys/unix has the
// values a C library uses for files beyond 2 GB, which are those of fcntl64's
// F_GETLK64, F_SETLK64 and F_SETLKW64.
var lockExtras = [...]extra{
	{"F_GETLK", 5, Int, "asm-generic/fcntl.h"},
	{"F_SETLK", 6, Int, "asm-generic/fcntl.h"},
	{"F_SETLKW", 7, Int, "asm-generic/fcntl.h"},
}

// mipsLockExtras are those of 32-bit mips.
var mipsLockExtras = [...]extra{
	{"F_GETLK", 14, Int, "asm/fcntl.h"},
	{"F_SETLK", 6, Int, "asm/fcntl.h"},
	{"F_SETLKW", 7, Int, "asm/fcntl.h"},
}

// fileExtras are requests to ioctl on files.
var fileExtras = [...]extra{
	{"FIOASYNC", 0x5452, Int, "asm-generic/ioctls.h"},
	{"FIOCLEX", 0x5451, Int, "asm-generic/ioctls.h"},
	{"FIONBIO", 0x5421, Int, "asm-generic/ioctls.h"},
	{"FIONCLEX", 0x5450, Int, "asm-generic/ioctls.h"},
	{"FIONREAD", 0x541b, Int, "asm-generic/ioctls.h"},
	{"FIOQSIZE", 0x5460, Int, "asm-generic/ioctls.h"},
}

// armFileExtras is where 32-bit Arm departs from them.
var armFileExtras = [...]extra{
	{"FIOQSIZE", 0x545e, Int, "asm/ioctls.h"},
}

// mipsFileExtras are those of mips.
var mipsFileExtras = [...]extra{
	{"FIOASYNC", 0x667d, Int, "asm/ioctls.h"},
	{"FIOCLEX", 0x6601, Int, "asm/ioctls.h"},
	{"FIONBIO", 0x667e, Int, "asm/ioctls.h"},
	{"FIONCLEX", 0x6602, Int, "asm/ioctls.h"},
	{"FIONREAD", 0x467f, Int, "asm/ioctls.h"},
	{"FIOQSIZE", 0x667f, Int, "asm/ioctls.h"},
}

// ppcFileExtras are those of ppc.
var ppcFileExtras = [...]extra{
	{"FIOASYNC", 0x8004667d, Uint, "asm/ioctls.h"},
	{"FIOCLEX", 0x20006601, Int, "asm/ioctls.h"},
	{"FIONBIO", 0x8004667e, Uint, "asm/ioctls.h"},
	{"FIONCLEX", 0x20006602, Int, "asm/ioctls.h"},
	{"FIONREAD", 0x4004667f, Int, "asm/ioctls.h"},
	{"FIOQSIZE", 0x40086680, Int, "asm/ioctls.h"},
}

// s390xExtras are where s390x departs from the common ones.
var s390xExtras = [...]extra{
	{"FIOQSIZE", 0x545e, Int, "asm/ioctls.h"},
	{"POSIX_FADV_DONTNEED", 6, Int, "linux/fadvise.h"},
	{"POSIX_FADV_NOREUSE", 7, Int, "linux/fadvise.h"},
}

// commonExtras is sorted by name. FD_IORING_REGISTER_FILES_UPDATE and
// FD_SOCKADDR_IN_SZ are not of a header of the system: the policies of
// Firedancer name them, and its own headers define them so.
var commonExtras = [...]extra{
	{"ADDR_NO_RANDOMIZE", 0x40000, Int, "linux/personality.h"},
	{"FD_IORING_REGISTER_FILES_UPDATE", 6, Int, "Firedancer"},
	{"FD_SOCKADDR_IN_SZ", 16, ULong, "Firedancer"},
	{"FUTEX_BITSET_MATCH_ANY", 0xffffffff, Uint, "linux/futex.h"},
	{"FUTEX_CLOCK_REALTIME", 256, Int, "linux/futex.h"},
	{"FUTEX_CMD_MASK", 0xfffffffffffffe7f, Int, "linux/futex.h"},
	{"FUTEX_CMP_REQUEUE", 4, Int, "linux/futex.h"},
	{"FUTEX_CMP_REQUEUE_PI", 12, Int, "linux/futex.h"},
	{"FUTEX_CMP_REQUEUE_PI_PRIVATE", 140, Int, "linux/futex.h"},
	{"FUTEX_CMP_REQUEUE_PRIVATE", 132, Int, "linux/futex.h"},
	{"FUTEX_FD", 2, Int, "linux/futex.h"},
	{"FUTEX_LOCK_PI", 6, Int, "linux/futex.h"},
	{"FUTEX_LOCK_PI2", 13, Int, "linux/futex.h"},
	{"FUTEX_LOCK_PI2_PRIVATE", 141, Int, "linux/futex.h"},
	{"FUTEX_LOCK_PI_PRIVATE", 134, Int, "linux/futex.h"},
	{"FUTEX_PRIVATE_FLAG", 128, Int, "linux/futex.h"},
	{"FUTEX_REQUEUE", 3, Int, "linux/futex.h"},
	{"FUTEX_REQUEUE_PRIVATE", 131, Int, "linux/futex.h"},
	{"FUTEX_TRYLOCK_PI", 8, Int, "linux/futex.h"},
	{"FUTEX_TRYLOCK_PI_PRIVATE", 136, Int, "linux/futex.h"},
	{"FUTEX_UNLOCK_PI", 7, Int, "linux/futex.h"},
	{"FUTEX_UNLOCK_PI_PRIVATE", 135, Int, "linux/futex.h"},
	{"FUTEX_WAIT", 0, Int, "linux/futex.h"},
	{"FUTEX_WAIT_BITSET", 9, Int, "linux/futex.h"},
	{"FUTEX_WAIT_BITSET_PRIVATE", 137, Int, "linux/futex.h"},
	{"FUTEX_WAIT_PRIVATE", 128, Int, "linux/futex.h"},
	{"FUTEX_WAIT_REQUEUE_PI", 11, Int, "linux/futex.h"},
	{"FUTEX_WAIT_REQUEUE_PI_PRIVATE", 139, Int, "linux/futex.h"},
	{"FUTEX_WAKE", 1, Int, "linux/futex.h"},
	{"FUTEX_WAKE_BITSET", 10, Int, "linux/futex.h"},
	{"FUTEX_WAKE_BITSET_PRIVATE", 138, Int, "linux/futex.h"},
	{"FUTEX_WAKE_OP", 5, Int, "linux/futex.h"},
	{"FUTEX_WAKE_OP_PRIVATE", 133, Int, "linux/futex.h"},
	{"FUTEX_WAKE_PRIVATE", 129, Int, "linux/futex.h"},
	{"GETALL", 13, Int, "linux/sem.h"},
	{"GETNCNT", 14, Int, "linux/sem.h"},
	{"GETPID", 11, Int, "linux/sem.h"},
	{"GETVAL", 12, Int, "linux/sem.h"},
	{"GETZCNT", 15, Int, "linux/sem.h"},
	{"INT32_MAX", 0x7fffffff, Int, "stdint.h"},
	{"INT32_MIN", 0xffffffff80000000, Int, "stdint.h"},
	{"INT64_MAX", 0x7fffffffffffffff, Long, "stdint.h"},
	{"INT64_MIN", 0x8000000000000000, Long, "stdint.h"},
	{"INT_MAX", 0x7fffffff, Int, "limits.h"},
	{"INT_MIN", 0xffffffff80000000, Int, "limits.h"},
	{"IOPRIO_WHO_PGRP", 2, Int, "linux/ioprio.h"},
	{"IOPRIO_WHO_PROCESS", 1, Int, "linux/ioprio.h"},
	{"IOPRIO_WHO_USER", 3, Int, "linux/ioprio.h"},
	{"IORING_ENTER_EXT_ARG", 8, Uint, "linux/io_uring.h"},
	{"IORING_ENTER_GETEVENTS", 1, Uint, "linux/io_uring.h"},
	{"IORING_ENTER_REGISTERED_RING", 16, Uint, "linux/io_uring.h"},
	{"IORING_ENTER_SQ_WAIT", 4, Uint, "linux/io_uring.h"},
	{"IORING_ENTER_SQ_WAKEUP", 2, Uint, "linux/io_uring.h"},
	{"IORING_REGISTER_BUFFERS", 0, Int, "linux/io_uring.h"},
	{"IORING_REGISTER_ENABLE_RINGS", 12, Int, "linux/io_uring.h"},
	{"IORING_REGISTER_EVENTFD", 4, Int, "linux/io_uring.h"},
	{"IORING_REGISTER_EVENTFD_ASYNC", 7, Int, "linux/io_uring.h"},
	{"IORING_REGISTER_FILES", 2, Int, "linux/io_uring.h"},
	{"IORING_REGISTER_FILES_UPDATE", 6, Int, "linux/io_uring.h"},
	{"IORING_REGISTER_PERSONALITY", 9, Int, "linux/io_uring.h"},
	{"IORING_REGISTER_PROBE", 8, Int, "linux/io_uring.h"},
	{"IORING_REGISTER_RESTRICTIONS", 11, Int, "linux/io_uring.h"},
	{"IORING_UNREGISTER_BUFFERS", 1, Int, "linux/io_uring.h"},
	{"IORING_UNREGISTER_EVENTFD", 5, Int, "linux/io_uring.h"},
	{"IORING_UNREGISTER_FILES", 3, Int, "linux/io_uring.h"},
	{"IORING_UNREGISTER_PERSONALITY", 10, Int, "linux/io_uring.h"},
	{"IPC_INFO", 3, Int, "linux/ipc.h"},
	{"KCMP_EPOLL_TFD", 7, Int, "linux/kcmp.h"},
	{"KCMP_FILE", 0, Int, "linux/kcmp.h"},
	{"KCMP_FILES", 2, Int, "linux/kcmp.h"},
	{"KCMP_FS", 3, Int, "linux/kcmp.h"},
	{"KCMP_IO", 5, Int, "linux/kcmp.h"},
	{"KCMP_SIGHAND", 4, Int, "linux/kcmp.h"},
	{"KCMP_SYSVSEM", 6, Int, "linux/kcmp.h"},
	{"KCMP_VM", 1, Int, "linux/kcmp.h"},
	{"LONG_MAX", 0x7fffffffffffffff, Long, "limits.h"},
	{"LONG_MIN", 0x8000000000000000, Long, "limits.h"},
	{"MEMBARRIER_CMD_GLOBAL", 1, Int, "linux/membarrier.h"},
	{"MEMBARRIER_CMD_GLOBAL_EXPEDITED", 2, Int, "linux/membarrier.h"},
	{"MEMBARRIER_CMD_PRIVATE_EXPEDITED", 8, Int, "linux/membarrier.h"},
	{"MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ", 128, Int, "linux/membarrier.h"},
	{"MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE", 32, Int, "linux/membarrier.h"},
	{"MEMBARRIER_CMD_QUERY", 0, Int, "linux/membarrier.h"},
	{"MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED", 4, Int, "linux/membarrier.h"},
	{"MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED", 16, Int, "linux/membarrier.h"},
	{"MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ", 256, Int, "linux/membarrier.h"},
	{"MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE", 64, Int, "linux/membarrier.h"},
	{"MSG_COPY", 0x4000, Int, "linux/msg.h"},
	{"MSG_EXCEPT", 8192, Int, "linux/msg.h"},
	{"MSG_NOERROR", 4096, Int, "linux/msg.h"},
	{"MS_NOUSER", 0xffffffff80000000, Int, "linux/mount.h"},
	{"NULL", 0, ULong, "stddef.h"},
	{"PATH_MAX", 4096, Int, "limits.h"},
	{"PER_LINUX", 0, Int, "linux/personality.h"},
	{"PER_LINUX32", 8, Int, "linux/personality.h"},
	{"PKEY_DISABLE_ACCESS", 1, Int, "sys/mman.h"},
	{"PKEY_DISABLE_WRITE", 2, Int, "sys/mman.h"},
	{"POSIX_FADV_DONTNEED", 4, Int, "fcntl.h"},
	{"POSIX_FADV_NOREUSE", 5, Int, "fcntl.h"},
	{"POSIX_FADV_NORMAL", 0, Int, "fcntl.h"},
	{"POSIX_FADV_RANDOM", 1, Int, "fcntl.h"},
	{"POSIX_FADV_SEQUENTIAL", 2, Int, "fcntl.h"},
	{"POSIX_FADV_WILLNEED", 3, Int, "fcntl.h"},
	{"READ_IMPLIES_EXEC", 0x400000, Int, "linux/personality.h"},
	{"RSEQ_FLAG_UNREGISTER", 1, Int, "linux/rseq.h"},
	{"SEM_INFO", 19, Int, "linux/sem.h"},
	{"SEM_STAT", 18, Int, "linux/sem.h"},
	{"SEM_UNDO", 4096, Int, "linux/sem.h"},
	{"SETALL", 17, Int, "linux/sem.h"},
	{"SETVAL", 16, Int, "linux/sem.h"},
	{"SHM_EXEC", 0x8000, Int, "linux/shm.h"},
	{"SHM_HUGETLB", 2048, Int, "linux/shm.h"},
	{"SHM_INFO", 14, Int, "linux/shm.h"},
	{"SHM_LOCK", 11, Int, "linux/shm.h"},
	{"SHM_NORESERVE", 4096, Int, "linux/shm.h"},
	{"SHM_REMAP", 0x4000, Int, "linux/shm.h"},
	{"SHM_STAT", 13, Int, "linux/shm.h"},
	{"SHM_UNLOCK", 12, Int, "linux/shm.h"},
	{"SIZE_MAX", 0xffffffffffffffff, ULong, "stdint.h"},
	{"SWAP_FLAG_DISCARD", 0x10000, Int, "linux/swap.h"},
	{"SWAP_FLAG_PREFER", 0x8000, Int, "linux/swap.h"},
	{"UFFD_USER_MODE_ONLY", 1, Int, "linux/userfaultfd.h"},
	{"UINT32_MAX", 0xffffffff, Uint, "stdint.h"},
	{"UINT64_MAX", 0xffffffffffffffff, ULong, "stdint.h"},
	{"UINT_MAX", 0xffffffff, Uint, "limits.h"},
	{"UIO_MAXIOV", 1024, Int, "linux/uio.h"},
	{"ULONG_MAX", 0xffffffffffffffff, ULong, "limits.h"},
	{"__WALL", 0x40000000, Int, "linux/wait.h"},
	{"__WCLONE", 0x80000000, Uint, "linux/wait.h"},
	{"__WNOTHREAD", 0x20000000, Int, "linux/wait.h"},
}
