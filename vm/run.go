package vm

import "github.com/tileseal/tileseal/internal/bpf"

// An inst is an instruction decoded for a fast loop: a dense opcode, and loads
// resolved to the field of Call they read. Eight bytes make it quick to index.
type inst struct {
	op     op
	jt, jf uint8 // instructions to skip
	k      uint32
}

type op uint8

const (
	ldNr op = iota
	ldArch
	ldIPLow
	ldIPHigh
	ldArgLow // of argument k
	ldArgHigh
	jeqK
	jgtK
	jgeK
	jsetK
	jeqX
	jgtX
	jgeX
	jsetX
	ja
	retK
	retA
	divX // ends the program where X is zero
	other
)

// decode translates an instruction that bpf.Check has accepted. What is not
// worth an opcode of its own is left to step.
func decode(in bpf.Insn, bigEndian bool) inst {
	d := inst{op: other, jt: in.Jt, jf: in.Jf, k: in.K}
	switch in.Code {
	case bpf.LdAbs:
		d.op, d.k = decodeLoad(in.K, bigEndian)
	case bpf.Jeq:
		d.op = jeqK
	case bpf.Jgt:
		d.op = jgtK
	case bpf.Jge:
		d.op = jgeK
	case bpf.Jset:
		d.op = jsetK
	case bpf.Jeq | bpf.SrcX:
		d.op = jeqX
	case bpf.Jgt | bpf.SrcX:
		d.op = jgtX
	case bpf.Jge | bpf.SrcX:
		d.op = jgeX
	case bpf.Jset | bpf.SrcX:
		d.op = jsetX
	case bpf.Ja:
		d.op = ja
	case bpf.RetK:
		d.op = retK
	case bpf.RetA:
		d.op = retA
	case bpf.Div | bpf.SrcX:
		d.op = divX
	}
	return d
}

// decodeLoad finds the field of Call at offset off of struct seccomp_data.
// nr and arch are 32-bit words, the same in either byte order; of the 64-bit
// fields the high word comes first on big-endian machines.
func decodeLoad(off uint32, bigEndian bool) (op, uint32) {
	high := (off&4 != 0) != bigEndian
	switch {
	case off == bpf.OffNr:
		return ldNr, 0
	case off == bpf.OffArch:
		return ldArch, 0
	case off < bpf.OffArgs && high:
		return ldIPHigh, 0
	case off < bpf.OffArgs:
		return ldIPLow, 0
	case high:
		return ldArgHigh, (off - bpf.OffArgs) / 8
	}
	return ldArgLow, (off - bpf.OffArgs) / 8
}

// memory is the scratch memory, M[0] to M[15].
type memory [bpf.MemWords]uint32

// run executes the program and returns the index of the instruction that gave
// the verdict, and the verdict. If path is not nil, the index of every
// instruction executed is appended to it.
func (p *Program) run(c *Call, path *[]int) (int, Action) {
	var a, x uint32
	var mem memory
	code := p.code
	for pc := 0; ; pc++ {
		if path != nil {
			*path = append(*path, pc)
		}
		in := &code[pc]
		if in.op == jeqK { // most of any policy, so ahead of the switch
			if a == in.k {
				pc += int(in.jt)
			} else {
				pc += int(in.jf)
			}
			continue
		}
		var taken bool
		switch in.op {
		case ldNr:
			a = c.Nr
			continue
		case ldArch:
			a = c.Arch
			continue
		case ldIPLow:
			a = uint32(c.IP)
			continue
		case ldIPHigh:
			a = uint32(c.IP >> 32)
			continue
		case ldArgLow:
			a = uint32(c.Args[in.k])
			continue
		case ldArgHigh:
			a = uint32(c.Args[in.k] >> 32)
			continue
		case jgtK:
			taken = a > in.k
		case jgeK:
			taken = a >= in.k
		case jsetK:
			taken = a&in.k != 0
		case jeqX:
			taken = a == x
		case jgtX:
			taken = a > x
		case jgeX:
			taken = a >= x
		case jsetX:
			taken = a&x != 0
		case ja:
			pc += int(in.k)
			continue
		case retK:
			return pc, Action(in.k)
		case retA:
			return pc, Action(a)
		case divX:
			if x == 0 {
				return pc, 0
			}
			a /= x
			continue
		default:
			a, x = mem.step(p.insns[pc], a, x)
			continue
		}
		if taken {
			pc += int(in.jt)
		} else {
			pc += int(in.jf)
		}
	}
}

// step executes an instruction that neither reads the call nor jumps nor
// returns. It answers the new A and X.
func (m *memory) step(in bpf.Insn, a, x uint32) (uint32, uint32) {
	switch in.Code {
	case bpf.LdImm:
		a = in.K
	case bpf.LdxImm:
		x = in.K
	case bpf.LdLen:
		a = bpf.DataLen
	case bpf.LdxLen:
		x = bpf.DataLen
	case bpf.LdMem:
		a = m[in.K]
	case bpf.LdxMem:
		x = m[in.K]
	case bpf.St:
		m[in.K] = a
	case bpf.Stx:
		m[in.K] = x
	case bpf.Tax:
		x = a
	case bpf.Txa:
		a = x
	case bpf.Neg:
		a = -a
	default:
		v := in.K
		if in.Code&bpf.SrcX != 0 {
			v = x
		}
		a = alu(in.Code&^bpf.SrcX, a, v)
	}
	return a, x
}

// alu is arithmetic on A and an operand that is not zero where it divides.
func alu(code uint16, a, v uint32) uint32 {
	switch code {
	case bpf.Add:
		return a + v
	case bpf.Sub:
		return a - v
	case bpf.Mul:
		return a * v
	case bpf.Div:
		return a / v
	case bpf.Or:
		return a | v
	case bpf.And:
		return a & v
	case bpf.Lsh:
		return a << (v & 31)
	case bpf.Rsh:
		return a >> (v & 31)
	case bpf.Xor:
		return a ^ v
	}
	panic("vm: an opcode that bpf.Check let through")
}
