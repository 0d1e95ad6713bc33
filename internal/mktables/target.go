package main

// A target is the architectures that share one table of system calls. They
// differ in byte order only.
type target struct {
	name   string   // libseccomp's name of the first of them, as in package arch; prefix of generated Go names
	export string   // the constant of package arch
	table  string   // the kernel's table of system calls
	abis   []string // the rows of that table that are the target's; nil for all
	offset uint32   // what the number in seccomp_data has on top of the table's
	extra  []row    // calls that are in no table
	goarch string   // whose constants and numbers golang.org/x/sys/unix has, or ""
	dir    string   // of the sources below arch/
	config []string // what its kernels are configured with, of the options that change a prototype
	bits   int      // of a long, and of a pointer, where the kernel takes the call
	big    bool     // whether the high half of a 64-bit value comes first
	even   bool     // whether such a value begins at an even argument
	twin   string   // the name of the other architecture, which differs in byte order
	old    bool     // whether the older kernel has the table
}

const (
	generic = "scripts/syscall.tbl"
	x86Dir  = "arch/x86/entry/syscalls/"
	mipsDir = "arch/mips/kernel/syscalls/"
)

// targets is in the order of the constants in package arch.
//
// The rows of the generic table are those that
// arch/*/kernel/Makefile.syscalls names besides common and 64; those of the
// others are named by the Makefile beside the table. The offsets are those of
// arch/x86/include/uapi/asm/unistd.h (__X32_SYSCALL_BIT) and
// arch/mips/include/uapi/asm/unistd.h (__NR_Linux). Options are selected in
// arch/*/Kconfig.
//
// Linux 7.2 has no 31-bit programs on s390 any more, so an older kernel has
// their table.
var targets = []target{
	{name: "x86", export: "X86", goarch: "386", bits: 32,
		table: x86Dir + "syscall_32.tbl", abis: []string{"i386"}, dir: "arch/x86",
		config: []string{"CONFIG_ARCH_SPLIT_ARG64", "CONFIG_CLONE_BACKWARDS", "CONFIG_OLD_SIGSUSPEND3"}},
	{name: "x86_64", export: "X86_64", goarch: "amd64", bits: 64,
		table: x86Dir + "syscall_64.tbl", abis: []string{"common", "64"}, dir: "arch/x86"},
	{name: "x32", export: "X32", bits: 64,
		table: x86Dir + "syscall_64.tbl", abis: []string{"common", "x32"}, offset: 0x40000000, dir: "arch/x86"},
	{name: "arm", export: "ARM", goarch: "arm", bits: 32, even: true,
		table: "arch/arm/tools/syscall.tbl", abis: []string{"common", "eabi"}, extra: armCalls, dir: "arch/arm", config: []string{"CONFIG_CLONE_BACKWARDS", "CONFIG_OLD_SIGSUSPEND3"}},
	{name: "aarch64", export: "AArch64", goarch: "arm64", bits: 64,
		table: generic, abis: []string{"common", "64", "renameat", "rlimit", "memfd_secret"}, dir: "arch/arm64",
		config: []string{"CONFIG_CLONE_BACKWARDS"}},
	{name: "loongarch64", export: "LoongArch64", goarch: "loong64", bits: 64,
		table: generic, abis: []string{"common", "64", "memfd_secret"}, dir: "arch/loongarch"},
	{name: "m68k", export: "M68K", bits: 32, big: true,
		table: "arch/m68k/kernel/syscalls/syscall.tbl", dir: "arch/m68k", config: []string{"CONFIG_OLD_SIGSUSPEND3"}},
	{name: "mips", export: "MIPS", goarch: "mips", bits: 32, big: true, even: true, twin: "mipsel",
		table: mipsDir + "syscall_o32.tbl", offset: 4000, dir: "arch/mips", config: []string{"CONFIG_CLONE_BACKWARDS"}},
	{name: "mips64", export: "MIPS64", goarch: "mips64", bits: 64, big: true,
		table: mipsDir + "syscall_n64.tbl", offset: 5000, dir: "arch/mips", config: []string{"CONFIG_CLONE_BACKWARDS"}},
	{name: "mips64n32", export: "MIPS64N32", bits: 64, big: true,
		table: mipsDir + "syscall_n32.tbl", offset: 6000, dir: "arch/mips", config: []string{"CONFIG_CLONE_BACKWARDS"}},
	{name: "parisc", export: "PARISC", bits: 32, big: true,
		table: "arch/parisc/kernel/syscalls/syscall.tbl", abis: []string{"common", "32"}, dir: "arch/parisc", config: []string{"CONFIG_ARCH_SPLIT_ARG64", "CONFIG_CLONE_BACKWARDS"}},
	{name: "parisc64", export: "PARISC64", bits: 64, big: true,
		table: "arch/parisc/kernel/syscalls/syscall.tbl", abis: []string{"common", "64"}, dir: "arch/parisc", config: []string{"CONFIG_CLONE_BACKWARDS"}},
	{name: "ppc", export: "PPC", goarch: "ppc", bits: 32, big: true,
		table: "arch/powerpc/kernel/syscalls/syscall.tbl", abis: []string{"common", "nospu", "32"}, dir: "arch/powerpc", config: []string{"CONFIG_ARCH_SPLIT_ARG64", "CONFIG_CLONE_BACKWARDS", "CONFIG_OLD_SIGSUSPEND"}},
	{name: "ppc64", export: "PPC64", goarch: "ppc64", bits: 64, big: true,
		table: "arch/powerpc/kernel/syscalls/syscall.tbl", abis: []string{"common", "nospu", "64"}, dir: "arch/powerpc", config: []string{"CONFIG_CLONE_BACKWARDS", "CONFIG_OLD_SIGSUSPEND"}},
	{name: "s390", export: "S390", bits: 32, big: true,
		table: "arch/s390/kernel/syscalls/syscall.tbl", abis: []string{"common", "32"}, old: true, dir: "arch/s390", config: []string{"CONFIG_CLONE_BACKWARDS2", "CONFIG_OLD_SIGSUSPEND3"}},
	{name: "s390x", export: "S390X", goarch: "s390x", bits: 64, big: true,
		table: "arch/s390/kernel/syscalls/syscall.tbl", abis: []string{"common", "64"}, dir: "arch/s390", config: []string{"CONFIG_CLONE_BACKWARDS2", "CONFIG_OLD_SIGSUSPEND3"}},
	{name: "riscv64", export: "RISCV64", goarch: "riscv64", bits: 64,
		table: generic, abis: []string{"common", "64", "riscv", "rlimit", "memfd_secret"}, dir: "arch/riscv", config: []string{"CONFIG_CLONE_BACKWARDS"}},
	{name: "sh", export: "SH", bits: 32, twin: "sheb",
		table: "arch/sh/kernel/syscalls/syscall.tbl", dir: "arch/sh", config: []string{"CONFIG_OLD_SIGSUSPEND"}},
}

// armCalls are the private calls of 32-bit Arm
// (arch/arm/include/uapi/asm/unistd.h, __ARM_NR_).
var armCalls = []row{
	{nr: 0xf0001, name: "breakpoint"},
	{nr: 0xf0002, name: "cacheflush"},
	{nr: 0xf0003, name: "usr26"},
	{nr: 0xf0004, name: "usr32"},
	{nr: 0xf0005, name: "set_tls"},
	{nr: 0xf0006, name: "get_tls"},
}
