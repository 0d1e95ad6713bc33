package main

import (
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
// On i386 a call has two entries, one for a 32-bit kernel and one for 32-bit
// callers of a 64-bit kernel. They must take the same arguments; the second
// is preferred, and the first serves where a 64-bit kernel has none (vm86).
func resolve(t target, rows []row, decls map[string][]decl) ([]callProto, error) {
	var protos []callProto
	for _, r := range rows {
		args, ok, err := t.args(r.entry, decls)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %v", t.name, r.name, err)
		}
		if t.name == "x86" && r.compat != "" {
			compat, compatOK, err := t.args(r.compat, decls)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %v", t.name, r.name, err)
			}
			if ok && compatOK && !sameShape(args, compat) {
				return nil, fmt.Errorf("%s %s: %s takes %v, %s takes %v", t.name, r.name, r.entry, args, r.compat, compat)
			}
			if compatOK {
				args, ok = compat, true
			}
		}
		if ok {
			protos = append(protos, callProto{r.name, correct(r.name, args)})
		}
	}
	slices.SortFunc(protos, func(a, b callProto) int { return strings.Compare(a.name, b.name) })
	return protos, nil
}

// aliases are entries whose name a macro of an architecture changes.
// arch/arm64/kernel/sys.c defines sys_personality as sys_arm64_personality.
var aliases = map[string]string{"aarch64 sys_personality": "sys_arm64_personality"}

// args is what the function behind an entry takes on t. ok is false where
// there is no such function.
func (t target) args(entry string, decls map[string][]decl) (args []arg, ok bool, err error) {
	if alias := aliases[t.name+" "+entry]; alias != "" {
		entry = alias
	}
	if entry == "" || entry == "sys_ni_syscall" || removed[entry] {
		return nil, false, nil
	}
	for _, d := range decls[entry] {
		if !d.holds(t.config) || strings.HasPrefix(d.path, "arch/") && !strings.HasPrefix(d.path, t.dir+"/") {
			continue
		}
		these := make([]arg, len(d.params))
		for i, p := range d.params {
			if these[i], err = t.arg(p); err != nil {
				return nil, false, fmt.Errorf("%s: %s: %v", d.path, entry, err)
			}
		}
		if ok && !sameShape(args, these) {
			return nil, false, fmt.Errorf("%s: %s takes %v, elsewhere %v", d.path, entry, these, args)
		}
		args, ok = these, true
	}
	if !ok {
		return nil, false, fmt.Errorf("no definition of %s", entry)
	}
	return args, true, nil
}

// removed are entries a table still names although no source defines them
// (kernel/sys_ni.c makes them answer ENOSYS).
var removed = map[string]bool{"sys_uselib": true}

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

// arg classifies one parameter.
func (t target) arg(p param) (arg, error) {
	kind, long, err := classify(p)
	if err != nil {
		return arg{}, err
	}
	bits := 32
	if long && t.name != "x86" {
		bits = 64
	}
	if t.name == "x86" && wide[strip(p.ctype)] {
		return arg{}, fmt.Errorf("%s %s needs two 32-bit arguments", p.ctype, p.name)
	}
	return arg{strings.TrimLeft(p.name, "_"), kind, bits}, nil
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
