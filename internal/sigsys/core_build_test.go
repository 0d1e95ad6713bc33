package sigsys

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"strconv"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
)

// A machine is what the constructed cores of one architecture are made of. The
// registers are named in the order of the kernel's headers, as rN-M for those
// from N to M.
type machine struct {
	arch    arch.Arch // of the call
	machine elf.Machine
	class   elf.Class
	word    int // of a register, in bytes
	regs    string
	args    string
}

const (
	amd64Regs = "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es fs gs"
	armRegs   = "r0-15 cpsr orig_r0"
	mipsRegs  = "$0-31 lo hi epc badvaddr status cause unused"
	ppcRegs   = "r0-31 nip msr orig_r3 ctr link xer ccr softe trap dar dsisr result x0-3"
	s390Regs  = "mask addr r0-15"
)

var machines = []machine{
	{arch.X86_64, elf.EM_X86_64, elf.ELFCLASS64, 8, amd64Regs, "rdi rsi rdx r10 r8 r9"},
	{arch.X86_64, elf.EM_X86_64, elf.ELFCLASS32, 8, amd64Regs, "rdi rsi rdx r10 r8 r9"},
	{arch.X86, elf.EM_X86_64, elf.ELFCLASS64, 8, amd64Regs, "rbx rcx rdx rsi rdi rbp"},
	{arch.X86, elf.EM_386, elf.ELFCLASS32, 4, "ebx ecx edx esi edi ebp eax ds es fs gs orig_eax eip cs eflags esp ss", "ebx ecx edx esi edi ebp"},
	{arch.AArch64, elf.EM_AARCH64, elf.ELFCLASS64, 8, "x0-30 sp pc pstate", "x0 x1 x2 x3 x4 x5"},
	{arch.ARM, elf.EM_ARM, elf.ELFCLASS32, 4, armRegs, "r0 r1 r2 r3 r4 r5"},
	{arch.RISCV64, elf.EM_RISCV, elf.ELFCLASS64, 8, "pc ra sp gp tp t0-2 s0-1 a0-7 s2-11 t3-6", "a0 a1 a2 a3 a4 a5"},
	{arch.LoongArch64, elf.EM_LOONGARCH, elf.ELFCLASS64, 8, "r0-31 orig_a0 era badv x0-9", "r4 r5 r6 r7 r8 r9"},
	{arch.PPC64LE, elf.EM_PPC64, elf.ELFCLASS64, 8, ppcRegs, "r3 r4 r5 r6 r7 r8"},
	{arch.PPC64, elf.EM_PPC64, elf.ELFCLASS64, 8, ppcRegs, "r3 r4 r5 r6 r7 r8"},
	{arch.PPC, elf.EM_PPC, elf.ELFCLASS32, 4, ppcRegs, "r3 r4 r5 r6 r7 r8"},
	{arch.S390X, elf.EM_S390, elf.ELFCLASS64, 8, s390Regs, "r2 r3 r4 r5 r6 r7"},
	{arch.S390, elf.EM_S390, elf.ELFCLASS32, 4, s390Regs, "r2 r3 r4 r5 r6 r7"},
	{arch.MIPS64, elf.EM_MIPS, elf.ELFCLASS64, 8, mipsRegs, "$4 $5 $6 $7 $8 $9"},
	{arch.MIPSel64, elf.EM_MIPS, elf.ELFCLASS64, 8, mipsRegs, "$4 $5 $6 $7 $8 $9"},
	{arch.MIPS64N32, elf.EM_MIPS, elf.ELFCLASS32, 8, mipsRegs, "$4 $5 $6 $7 $8 $9"},
	{arch.MIPSel64N32, elf.EM_MIPS, elf.ELFCLASS32, 8, mipsRegs, "$4 $5 $6 $7 $8 $9"},
	{arch.MIPS, elf.EM_MIPS, elf.ELFCLASS32, 4, "pad0-5 " + mipsRegs, "$4 $5 $6 $7"},
	{arch.MIPSel, elf.EM_MIPS, elf.ELFCLASS32, 4, "pad0-5 " + mipsRegs, "$4 $5 $6 $7"},
	{arch.SH, elf.EM_SH, elf.ELFCLASS32, 4, "r0-15 pc", ""},
}

// long is the size of a long, in bytes.
func (m machine) long() int {
	if m.class == elf.ELFCLASS32 {
		return 4
	}
	return 8
}

func (m machine) order() binary.AppendByteOrder {
	if m.arch.BigEndian() {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// names are the registers one by one.
func (m machine) names() []string {
	var all []string
	for _, word := range strings.Fields(m.regs) {
		from, to, several := strings.Cut(word, "-")
		if !several {
			all = append(all, word)
			continue
		}
		letters := strings.TrimRight(from, "0123456789")
		first, _ := strconv.Atoi(from[len(letters):])
		last, _ := strconv.Atoi(to)
		for n := first; n <= last; n++ {
			all = append(all, letters+strconv.Itoa(n))
		}
	}
	return all
}

// A death is what a constructed core tells.
type death struct {
	machine
	nr                  uint32
	signal, code, errno int32
	values              map[string]uint64 // of registers
	skip                string            // the notes left out, of "status psinfo siginfo"
	kind                elf.Type
	memory              int // bytes behind the notes
}

// deathOf is the death by a filter of a call whose arguments are 1, 2 and so
// on.
func deathOf(t testing.TB, m machine, call string) death {
	t.Helper()
	nr, ok := m.arch.Number(call)
	if !ok {
		t.Fatalf("no %s on %v", call, m.arch)
	}
	d := death{machine: m, nr: nr, signal: 31, code: 1, errno: 7, values: map[string]uint64{}, kind: elf.ET_CORE, memory: 4096}
	if m.machine == elf.EM_MIPS {
		d.signal = 12
	}
	for i, name := range strings.Fields(m.args) {
		d.values[name] = uint64(i + 1)
	}
	return d
}

// A writer appends C's types.
type writer struct {
	machine
	b []byte
}

func (w *writer) ints(vs ...int32) {
	for _, v := range vs {
		w.b = w.order().AppendUint32(w.b, uint32(v))
	}
}

func (w *writer) longs(vs ...uint64) {
	for _, v := range vs {
		w.sized(v, w.long())
	}
}

func (w *writer) sized(v uint64, size int) {
	if size == 4 {
		w.b = w.order().AppendUint32(w.b, uint32(v))
		return
	}
	w.b = w.order().AppendUint64(w.b, v)
}

func (w *writer) shorts(vs ...uint16) {
	for _, v := range vs {
		w.b = w.order().AppendUint16(w.b, v)
	}
}

// align pads to a multiple of a long.
func (w *writer) align() {
	for len(w.b)%w.long() != 0 {
		w.b = append(w.b, 0)
	}
}

func (w *writer) note(owner string, kind int32, desc []byte) {
	w.ints(int32(len(owner)+1), int32(len(desc)), kind)
	w.b = append(w.b, owner...)
	w.b = append(w.b, 0)
	for len(w.b)%4 != 0 {
		w.b = append(w.b, 0)
	}
	w.b = append(w.b, desc...)
	for len(w.b)%4 != 0 {
		w.b = append(w.b, 0)
	}
}

// status is struct elf_prstatus.
func (d death) status() []byte {
	w := &writer{machine: d.machine}
	w.ints(d.signal, 0, 0)
	w.shorts(uint16(d.signal))
	w.align()
	w.longs(0, 0)
	w.ints(4711, 1, 4711, 4711)
	w.longs(0, 0, 0, 0, 0, 0, 0, 0)
	for i, name := range d.names() {
		v, ok := d.values[name]
		if !ok {
			v = 0xbad00 + uint64(i)
		}
		w.sized(v, d.word)
	}
	w.ints(1)
	w.align()
	return w.b
}

// psinfo is struct elf_prpsinfo, with 16-bit users where the kernel has them.
func (d death) psinfo() []byte {
	w := &writer{machine: d.machine}
	w.b = append(w.b, 0, 'R', 0, 0)
	w.align()
	w.longs(0)
	if d.arch == arch.X86 && d.class == elf.ELFCLASS32 || d.arch == arch.ARM {
		w.shorts(1000, 1000)
	} else {
		w.ints(1000, 1000)
	}
	w.ints(4711, 1, 4711, 4711)
	w.b = append(w.b, "archiver\x00junk\x00\x00\x00"...)
	w.b = append(w.b, make([]byte, 80)...)
	return w.b
}

// siginfo is siginfo_t with the fields of SIGSYS.
func (d death) siginfo() []byte {
	w := &writer{machine: d.machine}
	if d.machine.machine == elf.EM_MIPS {
		w.ints(d.signal, d.code, d.errno)
	} else {
		w.ints(d.signal, d.errno, d.code)
	}
	w.align()
	w.longs(0x401000)
	w.ints(int32(d.nr), int32(d.arch))
	return append(w.b, make([]byte, 128-len(w.b))...)
}

// core is the file: header, the segment of notes, a segment of memory.
func (d death) core() []byte {
	notes := &writer{machine: d.machine}
	notes.note("LINUX", 1, []byte("no prstatus"))
	notes.note("CoRE", 3, []byte("another's note"))
	for _, n := range []struct {
		name string
		kind int32
		desc []byte
	}{{"status", 1, d.status()}, {"psinfo", 3, d.psinfo()}, {"auxv", 6, make([]byte, 8)}, {"siginfo", 0x53494749, d.siginfo()}} {
		if !strings.Contains(d.skip, n.name) {
			notes.note("CORE", n.kind, n.desc)
		}
	}
	other := d
	other.values = map[string]uint64{}
	notes.note("CORE", 1, other.status()) // another thread

	var file bytes.Buffer
	data := elf.ELFDATA2LSB
	if d.arch.BigEndian() {
		data = elf.ELFDATA2MSB
	}
	ident := [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(d.class), byte(data), 1}
	size := uint64(len(notes.b))
	order := d.order().(binary.ByteOrder)
	if d.class == elf.ELFCLASS32 {
		binary.Write(&file, order, elf.Header32{Ident: ident, Type: uint16(d.kind), Machine: uint16(d.machine.machine), Version: 1, Phoff: 52, Ehsize: 52, Phentsize: 32, Phnum: 2})
		at := uint32(52 + 2*32)
		binary.Write(&file, order, elf.Prog32{Type: uint32(elf.PT_NOTE), Off: at, Filesz: uint32(size)})
		binary.Write(&file, order, elf.Prog32{Type: uint32(elf.PT_LOAD), Off: at + uint32(size), Filesz: uint32(d.memory)})
	} else {
		binary.Write(&file, order, elf.Header64{Ident: ident, Type: uint16(d.kind), Machine: uint16(d.machine.machine), Version: 1, Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 2})
		at := uint64(64 + 2*56)
		binary.Write(&file, order, elf.Prog64{Type: uint32(elf.PT_NOTE), Off: at, Filesz: size})
		binary.Write(&file, order, elf.Prog64{Type: uint32(elf.PT_LOAD), Off: at + size, Filesz: uint64(d.memory)})
	}
	file.Write(notes.b)
	file.Write(make([]byte, d.memory))
	return file.Bytes()
}
