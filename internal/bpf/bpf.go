// Package bpf is the raw model of a seccomp filter: an instruction, the
// opcodes Linux accepts for seccomp, the layout of struct seccomp_data, the
// kernel's own acceptance rules and a listing. It is a leaf: it knows nothing
// of policies.
package bpf

// Insn is one classic BPF instruction. It has the shape of the kernel's
// struct sock_filter (include/uapi/linux/filter.h), and so of
// unix.SockFilter: the two convert into each other.
type Insn struct {
	Code uint16 // opcode
	Jt   uint8  // instructions to skip if a conditional jump is taken
	Jf   uint8  // instructions to skip if it is not
	K    uint32 // operand
}

// MaxInsns is the kernel's limit on the length of one program, in
// instructions (BPF_MAXINSNS, include/uapi/linux/bpf_common.h).
const MaxInsns = 4096

// The opcodes a compiled policy is made of. The kernel accepts more for
// seccomp; see Check.
const (
	LdAbs = 0x20 // A = 32-bit word of seccomp_data at offset K
	Ja    = 0x05 // skip K instructions
	Jeq   = 0x15 // A == K ? skip Jt : skip Jf
	Jgt   = 0x25 // A > K, unsigned
	Jge   = 0x35 // A >= K, unsigned
	Jset  = 0x45 // A & K != 0
	And   = 0x54 // A &= K
	RetK  = 0x06 // verdict K
)

// The other opcodes the kernel accepts for seccomp (seccomp_check_filter,
// kernel/seccomp.c). Arithmetic is on 32 bits, unsigned. BPF_MOD is not
// among them.
const (
	LdImm  = 0x00 // A = K
	LdxImm = 0x01 // X = K
	LdMem  = 0x60 // A = M[K]
	LdxMem = 0x61 // X = M[K]
	LdLen  = 0x80 // A = DataLen
	LdxLen = 0x81 // X = DataLen
	St     = 0x02 // M[K] = A
	Stx    = 0x03 // M[K] = X
	Tax    = 0x07 // X = A
	Txa    = 0x87 // A = X
	Add    = 0x04 // A += K
	Sub    = 0x14 // A -= K
	Mul    = 0x24 // A *= K
	Div    = 0x34 // A /= K
	Or     = 0x44 // A |= K
	Lsh    = 0x64 // A <<= K
	Rsh    = 0x74 // A >>= K
	Neg    = 0x84 // A = -A
	Xor    = 0xa4 // A ^= K
	RetA   = 0x16 // verdict A
)

// SrcX, added to the opcode of a conditional jump or of arithmetic on K, puts
// the X register in K's place (BPF_X).
const SrcX = 0x08

// MemWords is the number of 32-bit words of scratch memory, M[0] to M[15]
// (BPF_MEMWORDS, include/uapi/linux/filter.h).
const MemWords = 16

// Offsets into struct seccomp_data (include/uapi/linux/seccomp.h), in bytes.
const (
	OffNr   = 0  // int nr
	OffArch = 4  // __u32 arch
	OffIP   = 8  // __u64 instruction_pointer
	OffArgs = 16 // __u64 args[6]
	DataLen = 64 // size of the struct
)

// ArgWord is the offset of one 32-bit half of argument n. The kernel stores
// arguments in the byte order of the machine, so the low word comes first on
// little-endian machines and second on big-endian ones.
func ArgWord(n int, high, bigEndian bool) uint32 {
	off := uint32(OffArgs + 8*n)
	if high != bigEndian {
		off += 4
	}
	return off
}
