package vm

import (
	"fmt"
	"strings"

	"github.com/tileseal/tileseal/arch"
)

// A Call is what the kernel shows a filter of a system call: struct
// seccomp_data (include/uapi/linux/seccomp.h), as numbers, whatever the byte
// order.
//
// Args are the six argument registers; a 32-bit call has zeros in the high
// words, or on mips o32 under a 64-bit kernel copies of the sign bit. What a
// call does not use holds whatever the caller left there.
type Call struct {
	Nr   uint32    // number of the call
	Arch uint32    // AUDIT_ARCH_ value of the caller, see arch.Arch.Audit
	IP   uint64    // address after the instruction that made the call
	Args [6]uint64 // argument registers
}

// CallOf is the call that a program of architecture a makes, by name. Missing
// arguments are zero. On a 32-bit architecture arguments are cut to 32 bits.
//
// It fails if a has no call of that name, or there are more than six
// arguments.
func CallOf(a arch.Arch, name string, args ...uint64) (Call, error) {
	nr, ok := a.Number(name)
	if !ok {
		return Call{}, fmt.Errorf("vm: no system call %q on %v", name, a)
	}
	c := Call{Nr: nr, Arch: a.Audit()}
	if len(args) > len(c.Args) {
		return Call{}, fmt.Errorf("vm: %s with %d arguments; a system call has at most %d", name, len(args), len(c.Args))
	}
	copy(c.Args[:], args)
	if a.Bits() == 32 {
		for i := range c.Args {
			c.Args[i] = uint64(uint32(c.Args[i]))
		}
	}
	return c, nil
}

// Call is [CallOf] on the program's own architecture, for tables of test
// cases, where the name is a literal: it panics where CallOf fails.
func (p *Program) Call(name string, args ...uint64) Call {
	c, err := CallOf(p.arch, name, args...)
	if err != nil {
		panic(err)
	}
	return c
}

// String is the call as strace might write it: "write(3, 0, 512) on x86_64".
// Arguments after the last that is not zero are left out.
func (c Call) String() string {
	a := arch.Arch(c.Arch)
	name, ok := a.Name(c.Nr)
	if !ok {
		name = fmt.Sprintf("call %#x", c.Nr)
	}
	n := len(c.Args)
	for n > 0 && c.Args[n-1] == 0 {
		n--
	}
	args := make([]string, n)
	for i, v := range c.Args[:n] {
		args[i] = fmt.Sprintf("%d", v)
		if v > 0xffff {
			args[i] = fmt.Sprintf("%#x", v)
		}
	}
	return fmt.Sprintf("%s(%s) on %v", name, strings.Join(args, ", "), a)
}
