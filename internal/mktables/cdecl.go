package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A param is one parameter of a kernel function, as it is declared.
type param struct{ ctype, name string }

// A decl is one definition of the function behind a system call.
type decl struct {
	path   string   // of the source file, below the kernel's root
	conds  []string // the preprocessor conditions around it, outermost first
	params []param
}

// sourceDirs are where the kernel's system calls are defined, for the
// architectures of targets.
var sourceDirs = []string{
	"arch/arm", "arch/arm64", "arch/loongarch", "arch/m68k", "arch/mips", "arch/parisc", "arch/powerpc", "arch/riscv", "arch/s390",
	"arch/sh", "arch/x86", "block", "drivers/char/random.c", "drivers/pci/syscall.c", "fs",
	"io_uring", "ipc", "kernel", "mm", "net", "security",
}

// skipped are sources that none of the targets builds: User Mode Linux,
// machines without an MMU, kernels without POSIX timers, the calls of
// 32-bit Arm programs on 64-bit kernels, and those of the old Arm ABI.
var skipped = []string{
	"arch/x86/um/", "mm/nommu.c", "kernel/time/posix-stubs.c", "arch/arm64/kernel/sys32.c", "arch/arm64/kernel/signal32.c",
	"arch/arm/kernel/sys_oabi-compat.c",
}

// scanDecls finds every definition of a system call below dir, by the name
// the tables use for it: sys_read, compat_sys_ioctl.
func scanDecls(dir string) (map[string][]decl, error) {
	decls := map[string][]decl{}
	for _, top := range sourceDirs {
		err := filepath.WalkDir(filepath.Join(dir, top), func(path string, e fs.DirEntry, err error) error {
			if err != nil && os.IsNotExist(err) && strings.HasPrefix(top, "arch/") {
				return nil // not unpacked, or not ported to yet
			}
			if err != nil || e.IsDir() || filepath.Ext(path) != ".c" {
				return err
			}
			rel := filepath.ToSlash(strings.TrimPrefix(path, filepath.Clean(dir)+string(filepath.Separator)))
			if slices.ContainsFunc(skipped, func(s string) bool { return strings.HasPrefix(rel, s) }) {
				return nil
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return scanFile(decls, rel, string(text))
		})
		if err != nil {
			return nil, err
		}
	}
	return decls, nil
}

var (
	comment   = regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*`)
	define    = regexp.MustCompile(`^\s*((?:COMPAT_)?SYSCALL|SYSCALL32|PPC32_SYSCALL)_DEFINE([0-6])\(`)
	directive = regexp.MustCompile(`^\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b\s*(.*)`)
	// The macros of include/linux/compat.h and include/linux/syscalls.h that
	// pass a 64-bit value as two 32-bit arguments, low word first on
	// little-endian machines.
	splitArg = regexp.MustCompile(`(?:compat_arg_u64_dual|SC_ARG64)\((\w+)\)`)
	// A system call that is a plain C function of an architecture.
	function = regexp.MustCompile(`(?m)^(?:asmlinkage\s+|notrace\s+)*(?:unsigned\s+)?(?:void|int|long|ssize_t)\s+\*?(\w*sys\w*_\w+|parisc_\w+|old_mmap)\s*\(([^()]*)\)\s*\{`)
)

// scanFile adds the definitions in one source file to decls. They follow the
// form of SYSCALL_DEFINE2(kill, pid_t, pid, int, sig), which
// include/linux/syscalls.h describes. SYSCALL32_DEFINE is the function of
// 32-bit callers: the only one on a 32-bit kernel, else the compat one;
// PPC32_SYSCALL_DEFINE is the same.
func scanFile(decls map[string][]decl, path, text string) error {
	text = comment.ReplaceAllStringFunc(text, func(c string) string { return strings.Repeat("\n", strings.Count(c, "\n")) })
	lines := strings.SplitAfter(text, "\n")
	var conds []string
	for i, line := range lines {
		if m := directive.FindStringSubmatch(line); m != nil {
			conds = nest(conds, m[1], strings.TrimSpace(m[2]))
			continue
		}
		m := define.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		name, params, err := parseDefine(strings.Join(lines[i:], "")[len(m[0]):], m[2])
		if err != nil {
			return fmt.Errorf("%s:%d: %v", path, i+1, err)
		}
		d := decl{path, slices.Clone(conds), params}
		if m[1] != "SYSCALL" {
			decls["compat_sys_"+name] = append(decls["compat_sys_"+name], d)
		}
		if m[1] == "SYSCALL32" || m[1] == "PPC32_SYSCALL" {
			d.conds = append(d.conds, "CONFIG_ARCH_SPLIT_ARG64")
		}
		if m[1] != "COMPAT_SYSCALL" {
			decls["sys_"+name] = append(decls["sys_"+name], d)
		}
	}
	if strings.HasPrefix(path, "arch/") {
		scanFunctions(decls, path, text)
	}
	scanOptional(decls, path, text)
	return nil
}

// scanFunctions adds the plain functions in one source file to decls.
func scanFunctions(decls map[string][]decl, path, text string) {
	for _, m := range function.FindAllStringSubmatch(text, -1) {
		d := decl{path: path}
		words := strings.Join(strings.Fields(m[2]), " ")
		if words == "void" || strings.HasPrefix(words, "struct pt_regs") {
			words = "" // none, or assembler code hands it the registers
		}
		for p := range strings.SplitSeq(words, ",") {
			p = strings.TrimSpace(p)
			if p == "" {
				continue
			}
			i := strings.LastIndexAny(p, " *") + 1
			d.params = append(d.params, param{strings.TrimSpace(p[:i]), p[i:]})
		}
		decls[m[1]] = append(decls[m[1]], d)
	}
}

// optional begins the key under which decls has the entries that answer
// ENOSYS where no source of an architecture defines them (kernel/sys_ni.c).
const optional = "optional "

var condSyscall = regexp.MustCompile(`(?m)^COND_SYSCALL(_COMPAT)?\((\w+)\);`)

func scanOptional(decls map[string][]decl, path, text string) {
	for _, m := range condSyscall.FindAllStringSubmatch(text, -1) {
		name := "sys_" + m[2]
		if m[1] != "" {
			name = "compat_" + name
		}
		decls[optional+name] = append(decls[optional+name], decl{path: path})
	}
}

// nest follows a preprocessor directive. A condition is kept in the form
// "A", "!A" or, for the branches after the first, "!A&&B".
func nest(conds []string, word, cond string) []string {
	last := len(conds) - 1
	switch word {
	case "if", "ifdef":
		return append(conds, bare(cond))
	case "ifndef":
		return append(conds, "!"+bare(cond))
	}
	if last < 0 {
		return conds
	}
	switch word {
	case "endif":
		return conds[:last]
	case "else":
		conds[last] = negateLast(conds[last])
	case "elif":
		conds[last] = negateLast(conds[last]) + "&&" + bare(cond)
	}
	return conds
}

var isDefined = regexp.MustCompile(`^defined\s*\(?\s*(\w+)\s*\)?$`)

// bare reduces defined(X) to X.
func bare(cond string) string {
	if m := isDefined.FindStringSubmatch(cond); m != nil {
		return m[1]
	}
	return cond
}

func negateLast(cond string) string {
	i := strings.LastIndex(cond, "&&") + 1
	if i > 0 {
		i++
	}
	if rest, ok := strings.CutPrefix(cond[i:], "!"); ok {
		return cond[:i] + rest
	}
	return cond[:i] + "!" + cond[i:]
}

// holds reports whether every condition holds for the configuration, where it
// is about an option that changes a prototype. Others are taken to hold.
func (d decl) holds(config []string) bool {
	for _, cond := range d.conds {
		for c := range strings.SplitSeq(cond, "&&") {
			option, negated := strings.CutPrefix(c, "!")
			if slices.Contains(protoOptions, option) && slices.Contains(config, option) == negated {
				return false
			}
		}
	}
	return true
}

// protoOptions are the kernel options that choose between prototypes of a
// system call (fs/notify/fanotify/fanotify_user.c, kernel/fork.c,
// kernel/signal.c).
var protoOptions = []string{
	"CONFIG_ARCH_SPLIT_ARG64",
	"CONFIG_CLONE_BACKWARDS", "CONFIG_CLONE_BACKWARDS2", "CONFIG_CLONE_BACKWARDS3",
	"CONFIG_OLD_SIGSUSPEND", "CONFIG_OLD_SIGSUSPEND3",
}

// parseDefine reads the inside of a SYSCALL_DEFINE up to its parenthesis:
// name, then count pairs of type and name.
func parseDefine(text, count string) (name string, params []param, err error) {
	depth, end := 1, -1
	for i := 0; i < len(text) && end < 0; i++ {
		switch text[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				end = i
			}
		}
	}
	if end < 0 {
		return "", nil, fmt.Errorf("unterminated SYSCALL_DEFINE")
	}
	text = splitArg.ReplaceAllString(text[:end], "split, ${1}, split, ${1}")
	words := strings.Split(text, ",")
	for i := range words {
		words[i] = strings.Join(strings.Fields(words[i]), " ")
	}
	n, _ := strconv.Atoi(count)
	if len(words) != 1+2*n {
		return "", nil, fmt.Errorf("%s: want %d arguments, have %q", words[0], n, words[1:])
	}
	for i := 1; i < len(words); i += 2 {
		params = append(params, param{words[i], words[i+1]})
	}
	return words[0], params, nil
}
