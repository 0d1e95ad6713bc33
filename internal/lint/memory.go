package lint

import (
	"strings"

	"github.com/tileseal/tileseal/internal/cconst"
	"github.com/tileseal/tileseal/internal/rule"
)

// memory is L5.
func (c *checker) memory() {
	for _, m := range []struct {
		call  string
		arg   int
		flags []string
	}{
		{"mmap", 2, []string{"PROT_WRITE", "PROT_EXEC"}},
		{"mmap2", 2, []string{"PROT_WRITE", "PROT_EXEC"}},
		{"mprotect", 2, []string{"PROT_WRITE", "PROT_EXEC"}},
		{"pkey_mprotect", 2, []string{"PROT_WRITE", "PROT_EXEC"}},
		{"shmat", 2, []string{"SHM_EXEC"}},
	} {
		call, ok := c.call(m.call)
		if !ok || len(call.Cases) == 0 || c.packed(m.call) {
			continue
		}
		var bits uint64
		for _, name := range m.flags {
			bits |= c.constant(name)
		}
		if bits != 0 && c.passes(call, has(m.arg, bits)) {
			c.add(src(call), "L5", "%s may make memory writable and executable at once (%s in argument %d); compare the argument with what the tile uses", m.call, strings.Join(m.flags, "|"), m.arg)
		}
	}
}

// shmExec is SHM_EXEC (include/uapi/linux/shm.h), on every architecture.
const shmExec = 0o100000

// constant is the value of a C constant on the current architecture, or 0.
func (c *checker) constant(name string) uint64 {
	if name == "SHM_EXEC" {
		return shmExec
	}
	v, _ := cconst.Lookup(c.target.Arch, name)
	return v.Value & (1<<32 - 1)
}

// terminal are the requests that put words into the mouth of whoever reads a
// terminal (ioctl_tty(2), ioctl_console(2)).
var terminal = []string{"TIOCSTI", "TIOCLINUX"}

// ioctl is L6.
func (c *checker) ioctl() {
	call, ok := c.call("ioctl")
	if !ok || len(call.Cases) == 0 {
		return
	}
	var other rule.And // a request no rule names
	for _, k := range call.Cases {
		rule.Walk(k.When, func(x *rule.Cmp) {
			if x.Arg == 1 && x.Op == rule.Eq && x.X.Param < 0 {
				other = append(other, rule.Not{X: is(1, x.X.Value&(1<<32-1))})
			}
		})
	}
	if c.passes(call, other) {
		c.add(src(call), "L6", "ioctl passes with requests that no rule names; list those the tile uses, as in: (in (arg 1) TCGETS TCSETS)")
		return
	}
	for _, name := range terminal {
		if v := c.constant(name); v != 0 && c.passes(call, is(1, v)) {
			c.add(src(call), "L6", "ioctl passes with %s, which types into a terminal in the name of its user; leave it out", name)
		}
	}
}
