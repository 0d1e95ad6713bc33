package main

import (
	"fmt"
	"slices"
	"strings"
)

// intTypes maps the 32-bit C types of system call parameters (and those
// narrower than 32 bits) to a Kind.
var intTypes = map[string]string{
	"int": "Int", "s32": "Int", "__s32": "Int", "clockid_t": "Int", "timer_t": "Int", "key_t": "Int", "key_serial_t": "Int",
	"rwf_t": "Flags", "enum landlock_rule_type": "Uint",
	"unsigned": "Uint", "uint": "Uint", "unsigned int": "Uint", "u32": "Uint", "__u32": "Uint",
	"qid_t": "UID", "uid_t": "UID", "gid_t": "UID", "old_uid_t": "UID", "old_gid_t": "UID",
	"pid_t": "PID", "compat_pid_t": "PID", "mqd_t": "FD",
	"umode_t": "Mode", "compat_mode_t": "Mode",
}

// longTypes maps the C types as wide as a word to a Kind. The compat types
// are 32 bits wide, and serve i386 only.
var longTypes = map[string]string{
	"long": "Long", "compat_long_t": "Long", "compat_ssize_t": "Long",
	"unsigned long": "ULong", "compat_ulong_t": "ULong", "aio_context_t": "ULong", "compat_aio_context_t": "ULong",
	"old_sigset_t": "ULong", "__u64": "ULong", "u64": "ULong", "uintptr_t": "ULong",
	"size_t": "Size", "compat_size_t": "Size",
	"loff_t": "Off", "off_t": "Off", "compat_off_t": "Off",
	"__sighandler_t": "Pointer", "cap_user_header_t": "Pointer", "cap_user_data_t": "Pointer", "compat_uptr_t": "Pointer",
}

// wide are the types that do not fit one argument of a 32-bit call. (u64 is
// not one: the functions of mips for 32-bit callers use it for a register.)
var wide = map[string]bool{"loff_t": true, "__u64": true}

// dirNames are the names the kernel gives a directory's descriptor that may
// be AT_FDCWD.
var dirNames = []string{"dfd", "olddfd", "newdfd", "from_dfd", "to_dfd", "mountdirfd"}

// fdNames are the names it gives other descriptors.
var fdNames = []string{
	"epfd", "fanotify_fd", "fd", "fd_in", "fd_out", "fdin", "fdout", "fildes", "fs_fd", "group_fd", "in_fd", "initrd_fd",
	"kernel_fd", "newfd", "oldfd", "out_fd", "pidfd", "ruleset_fd", "ufd",
}

// flagNames are the names it gives integers that are sets of bits.
var flagNames = []string{
	"at_flags", "attr_flags", "clone_flags", "event_f_flags", "flag", "flags", "msgflg", "oflag", "semflg", "shmflg", "swap_flags", "unshare_flags",
}

// strip removes what does not matter to a register.
func strip(ctype string) string {
	return strings.TrimSpace(strings.TrimPrefix(ctype, "const "))
}

// classify says what a parameter is, by its type and name, and whether it
// fills a word.
func classify(p param) (kind string, long bool, err error) {
	ctype := strip(p.ctype)
	if strings.Contains(ctype, "*") {
		return "Pointer", true, nil
	}
	kind, long = longTypes[ctype], true
	if kind == "" {
		kind, long = intTypes[ctype], false
	}
	switch {
	case kind == "":
		return "", false, fmt.Errorf("type %q of %s is not known", p.ctype, p.name)
	case kind != "Int" && kind != "Uint" && kind != "Long" && kind != "ULong":
		return kind, long, nil
	case slices.Contains(dirNames, p.name):
		return "DirFD", long, nil
	case slices.Contains(fdNames, p.name):
		// Some calls declare the descriptor unsigned long (readv, preadv2,
		// mmap). The look-up in the descriptor table (fs/file.c, fget) takes
		// an unsigned int, so the high word is dropped.
		return "FD", false, nil
	case slices.Contains(flagNames, p.name):
		return "Flags", long, nil
	case p.name == "pid" && (kind == "Int" || kind == "Long"):
		return "PID", long, nil
	}
	return kind, long, nil
}
