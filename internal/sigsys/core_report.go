package sigsys

import (
	"bytes"
	"debug/elf"
	"fmt"
	"strconv"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/proto"
)

// A core is an ELF core whose notes have been read.
type core struct {
	*elf.File
	notes
	cut bool // it ends within the notes
}

// report is what the notes say.
func (c *core) report() Report {
	r := Report{Kind: Core, Program: c.program()}
	r.PID, r.Comm = c.process()
	info := c.notes[ntSiginfo]
	if len(info) < c.sigsysAt()+c.word()+8 { // up to the end of si_arch
		r.Problem = "the core has no NT_SIGINFO note, which the kernel writes: another program made the core"
		if c.cut {
			r.Problem = "the core ends before its NT_SIGINFO note: it was cut off, perhaps by a limit on its size"
		}
		return r
	}
	// include/uapi/asm-generic/siginfo.h.
	signal, errno, code := c.int32(info, 0), c.int32(info, 4), c.int32(info, 8)
	sigsys := int32(31)
	if c.Machine == elf.EM_MIPS { // __ARCH_HAS_SWAPPED_SIGINFO, and a signal.h of its own
		errno, code, sigsys = code, errno, 12
	}
	if r.Problem = c.otherDeath(signal, sigsys); r.Problem != "" {
		return r
	}
	r.SigCode = strconv.Itoa(int(code))
	if r.Problem = notSeccomp(r.SigCode); r.Problem != "" {
		return r
	}
	at := c.sigsysAt() + c.word() // behind the address of the call
	r.FilterData = uint16(errno)
	r.Nr, r.Arch = c.ByteOrder.Uint32(info[at:]), arch.Arch(c.ByteOrder.Uint32(info[at+4:]))
	r.Args, r.HasArgs = c.arguments(r.Arch, r.Nr)
	return r
}

// otherDeath says that another signal than SIGSYS made the core, "" if that
// did.
func (c *core) otherDeath(signal, sigsys int32) string {
	const sigabrt = 6 // on every architecture
	switch signal {
	case sigsys:
		return ""
	case sigabrt:
		return "the signal that made the core is 6, SIGABRT, and not SIGSYS; a Go program that GOTRACEBACK=crash lets dump core ends so after any signal: give what it printed instead"
	}
	return fmt.Sprintf("the signal that made the core is %d, and not SIGSYS, which is %d", signal, sigsys)
}

// program is what the core's program was built for where that can be another
// architecture than that of its calls.
func (c *core) program() arch.Arch {
	switch {
	case c.Machine != elf.EM_X86_64:
		return 0
	case c.Class == elf.ELFCLASS32:
		return arch.X32
	}
	return arch.X86_64
}

// process is the number and name of the process, as struct elf_prpsinfo
// (include/linux/elfcore.h) has them. Its size tells how wide words and user
// numbers are.
func (c *core) process() (pid, name string) {
	const nameLen = 16
	info := c.notes[ntPrpsinfo]
	pidAt, ok := map[int]int{136: 24, 128: 16, 124: 12}[len(info)]
	if !ok {
		return "", ""
	}
	nameAt := pidAt + 4*4 // behind pr_pid, pr_ppid, pr_pgrp, pr_sid
	text, _, _ := bytes.Cut(info[nameAt:nameAt+nameLen], []byte{0})
	return strconv.Itoa(int(c.int32(info, pidAt))), string(text)
}

// arguments are those of the thread that died. ok is false if the note has not
// all of them.
func (c *core) arguments(a arch.Arch, nr uint32) (args [6]uint64, ok bool) {
	l, ok := layoutOf(a, c.Class)
	if !ok || l.stacked() && !c.inRegisters(l, a, nr) {
		return args, false
	}
	for i, reg := range l.args {
		if reg == onStack {
			continue
		}
		v, ok := c.register(l, reg)
		if !ok {
			return [6]uint64{}, false
		}
		if a == arch.X86 { // as the filter sees it, also of a 64-bit program
			v &= 1<<32 - 1
		}
		args[i] = v
	}
	return args, true
}

// inRegisters reports whether all arguments of a call are in registers, on an
// architecture that has room for four. A call made through syscall(2)'s own
// number has moved them by one (mips_syscall_is_indirect,
// arch/mips/include/asm/syscall.h).
func (c *core) inRegisters(l layout, a arch.Arch, nr uint32) bool {
	const indirect, number = 4000, 6 + 2 // __NR_Linux, the place of $2
	if v, ok := c.register(l, number); !ok || v == indirect && nr != indirect {
		return false
	}
	name, _ := a.Name(nr)
	list, ok := proto.Of(a, name)
	return ok && len(list) <= 4
}

// register is one of pr_reg in struct elf_prstatus, by its place there.
func (c *core) register(l layout, reg int) (uint64, bool) {
	status := c.notes[ntPrstatus]
	at := c.registersAt() + reg*l.word
	if at+l.word > len(status) {
		return 0, false
	}
	if l.word == 4 {
		return uint64(c.ByteOrder.Uint32(status[at:])), true
	}
	return c.ByteOrder.Uint64(status[at:]), true
}

// word is the size of the program's long and pointers, in bytes.
func (c *core) word() int {
	if c.Class == elf.ELFCLASS32 {
		return 4
	}
	return 8
}

// sigsysAt is where in siginfo_t the fields of its signal begin: behind three
// ints, at a multiple of a word.
func (c *core) sigsysAt() int {
	const ints = 3 * 4
	return (ints + c.word() - 1) / c.word() * c.word()
}

// registersAt is the size of struct elf_prstatus_common
// (include/linux/elfcore.h): three ints and a short, padded to 16 bytes, two
// longs, four ints, four times of two longs.
func (c *core) registersAt() int { return 16 + 2*c.word() + 4*4 + 8*c.word() }

func (c *core) int32(b []byte, at int) int32 { return int32(c.ByteOrder.Uint32(b[at:])) }
