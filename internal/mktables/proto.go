package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// An arg is one argument as internal/proto describes it.
type arg struct {
	name string
	kind string // the name of a Kind in internal/proto
	bits int
}

// A callProto is the prototype of one system call.
type callProto struct {
	name string
	args []arg
}

// resolve finds the prototype of each row that has one, in the order of
// names. A row without an entry, or with sys_ni_syscall, has none.
//
// On a 32-bit target a call may have two entries, one for a 32-bit kernel and
// one for 32-bit callers of a 64-bit kernel. They must take the same
// arguments. The names are those of the second on i386, else of the first.
// (s390 has no 32-bit kernel. The second column of arm is for its old ABI.)
func resolve(t target, rows []row, decls map[string][]decl) ([]callProto, error) {
	var protos []callProto
	var errs []error
	for _, r := range rows {
		args, ok, err := t.rowArgs(r, decls)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s %s: %v", t.name, r.name, err))
		}
		if ok {
			protos = append(protos, callProto{r.name, correct(r.name, args)})
		}
	}
	slices.SortFunc(protos, func(a, b callProto) int { return strings.Compare(a.name, b.name) })
	return protos, errors.Join(errs...)
}

// rowArgs is what the call of one row takes. ok is false if that is not known.
func (t target) rowArgs(r row, decls map[string][]decl) (args []arg, ok bool, err error) {
	if t.name == "s390" && r.compat != "" {
		return t.args(r.compat, decls)
	}
	args, ok, err = t.args(r.entry, decls)
	if err != nil || t.bits == 64 || t.name == "arm" || r.compat == "" {
		return args, ok, err
	}
	compat, compatOK, err := t.args(r.compat, decls)
	if err != nil {
		return nil, false, err
	}
	if ok && compatOK && !sameShape(args, compat) {
		return nil, false, fmt.Errorf("%s takes %v, %s takes %v", r.entry, args, r.compat, compat)
	}
	if compatOK && (!ok || t.name == "x86") {
		return compat, true, nil
	}
	return args, ok, nil
}

// aliases are entries that are written in assembler, or that a macro of an
// architecture renames, and the function they end in.
// arch/arm64/kernel/sys.c defines sys_personality as sys_arm64_personality.
var aliases = map[string]string{
	"aarch64 sys_personality": "sys_arm64_personality",
	"arm sys_mmap2":           "sys_mmap_pgoff",
	"m68k sys_sigreturn":      "sys_getpid", // no argument either
	"m68k sys_rt_sigreturn":   "sys_getpid",
	"mips sys_syscall":        opaque, // its arguments are those of another call
	"mips sys32_syscall":      opaque,
}

const opaque = "-"

// definitions finds what stands behind an entry. Where the entry itself is
// assembler, its name says which function it saves registers for: __sys_fork
// (m68k, mips), sys_clone_wrapper (arm, parisc).
func (t target) definitions(entry string, decls map[string][]decl) []decl {
	plain := strings.TrimSuffix(strings.TrimPrefix(entry, "__"), "_wrapper")
	for _, name := range []string{aliases[t.name+" "+entry], entry, plain} {
		var found []decl
		for _, d := range decls[name] {
			if d.holds(t.config) && (!strings.HasPrefix(d.path, "arch/") || strings.HasPrefix(d.path, t.dir+"/")) {
				found = append(found, d)
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// args is what the function behind an entry takes on t. ok is false where
// there is no such function.
func (t target) args(entry string, decls map[string][]decl) (args []arg, ok bool, err error) {
	if entry == "" || entry == "-" || entry == "sys_ni_syscall" || entry == "sys32_unimplemented" {
		return nil, false, nil
	}
	for _, d := range t.definitions(entry, decls) {
		these, err := t.params(d.params)
		if err != nil {
			return nil, false, fmt.Errorf("%s: %s: %v", d.path, entry, err)
		}
		if ok && !sameShape(args, these) {
			return nil, false, fmt.Errorf("%s: %s takes %v, elsewhere %v", d.path, entry, these, args)
		}
		args, ok = these, true
	}
	if !ok && len(decls[optional+entry]) == 0 && aliases[t.name+" "+entry] != opaque {
		return nil, false, fmt.Errorf("no definition of %s", entry)
	}
	return args, ok, nil
}

// sameShape reports whether two argument lists mean the same to a policy:
// equal counts, and at each place both pointers, or neither, and descriptors
// or process ids in both. Names and the signs of numbers may differ.
func sameShape(a, b []arg) bool {
	class := func(kind string) string {
		switch kind {
		case "FD", "DirFD", "PID", "Pointer":
			return kind
		}
		return ""
	}
	return slices.EqualFunc(a, b, func(a, b arg) bool { return class(a.kind) == class(b.kind) && a.bits == b.bits })
}

// params lays a function's parameters out as the arguments of a call. A
// 64-bit parameter of a 32-bit call is two arguments, after an unused one
// where the ABI wants an even register. A filter sees six of them.
func (t target) params(params []param) ([]arg, error) {
	var args []arg
	halves := [2]string{"_lo", "_hi"}
	if t.big {
		halves = [2]string{"_hi", "_lo"}
	}
	for i, p := range params {
		name := strings.TrimLeft(p.name, "_")
		if p.ctype == "split" {
			half := 0
			if i > 0 && params[i-1] == p {
				half = 1
			}
			args = append(args, arg{name + halves[half], "Uint", 32})
			continue
		}
		if t.bits == 32 && wide[strip(p.ctype)] {
			if t.even && len(args)%2 == 1 {
				args = append(args, arg{"pad", "Uint", 32})
			}
			args = append(args, arg{name + halves[0], "Uint", 32}, arg{name + halves[1], "Uint", 32})
			continue
		}
		a, err := t.arg(p)
		if err != nil {
			return nil, err
		}
		args = append(args, a)
	}
	return args[:min(len(args), 6)], nil
}

// arg classifies one parameter that is one argument.
func (t target) arg(p param) (arg, error) {
	kind, long, err := classify(p)
	if err != nil {
		return arg{}, err
	}
	bits := 32
	if long && !strings.HasPrefix(strip(p.ctype), "compat_") {
		bits = t.bits
	}
	return arg{strings.TrimLeft(p.name, "_"), kind, bits}, nil
}

// differing is the prototypes that are not the same in others.
func differing(protos, others []callProto) []callProto {
	var diff []callProto
	for i, p := range protos {
		if !slices.Equal(p.args, others[i].args) {
			diff = append(diff, p)
		}
	}
	return diff
}

// An exception corrects what the declaration says about one argument.
type exception struct {
	call, arg string
	kind      string // "" to leave it
	bits      int    // 0 to leave them
}

// exceptions lists the arguments declared long of which the kernel drops the
// high word before it looks, and a descriptor whose name does not tell that it
// may be AT_FDCWD. (Descriptors declared unsigned long are dealt with in
// classify.)
//
//   - clone: kernel/fork.c takes lower_32_bits of clone_flags.
//   - execveat: fs/exec.c hands fd to the path look-up, as other calls do dfd.
//   - mbind: mm/mempolicy.c assigns mode to an int first.
//   - ptrace: kernel/ptrace.c passes pid to find_get_task_by_vpid(pid_t).
var exceptions = []exception{
	{"clone", "clone_flags", "", 32},
	{"execveat", "fd", "DirFD", 0},
	{"mbind", "mode", "", 32},
	{"ptrace", "pid", "", 32},
}

// correct applies the exceptions for one call.
func correct(call string, args []arg) []arg {
	for _, e := range exceptions {
		for i := range args {
			if e.call != call || e.arg != args[i].name {
				continue
			}
			if e.kind != "" {
				args[i].kind = e.kind
			}
			if e.bits != 0 {
				args[i].bits = e.bits
			}
		}
	}
	return args
}
