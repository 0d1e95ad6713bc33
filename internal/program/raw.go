package program

import (
	"encoding/binary"
	"fmt"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/prove"
)

// insnSize is sizeof(struct sock_filter).
const insnSize = 8

// readRaw reads an array of struct sock_filter. No opcode of classic BPF is above
// 0xff, so one of its two bytes is always zero, and which tells the byte order.
func readRaw(name string, data []byte) (*Program, error) {
	if n := len(data) % insnSize; n != 0 {
		return nil, &Error{Name: name, Offset: len(data) - n,
			Msg: fmt.Sprintf("%d bytes are left over; raw programs have %d an instruction", n, insnSize)}
	}
	p := &Program{Raw: true}
	var order binary.ByteOrder = binary.LittleEndian
	if p.BigEndian = isBig(data); p.BigEndian {
		order = binary.BigEndian
	}
	for off := 0; off < len(data); off += insnSize {
		b := data[off:]
		in := bpf.Insn{Code: order.Uint16(b), Jt: b[2], Jf: b[3], K: order.Uint32(b[4:])}
		if in.Code > 0xff {
			return nil, &Error{Name: name, Offset: off,
				Msg: fmt.Sprintf("opcode %#04x is none of classic BPF; these are no raw bytes of a program", in.Code)}
		}
		p.Insns = append(p.Insns, prove.Insn{Insn: in})
	}
	return p, nil
}

// isBig reports whether the first opcode that is not zero is in the second of
// its two bytes.
func isBig(data []byte) bool {
	for off := 0; off < len(data); off += insnSize {
		if data[off] != 0 || data[off+1] != 0 {
			return data[off] == 0
		}
	}
	return false
}

// Raw is a program as the kernel has it in memory, 8 bytes an instruction.
func Raw(insns []bpf.Insn, bigEndian bool) []byte {
	var order binary.AppendByteOrder = binary.LittleEndian
	if bigEndian {
		order = binary.BigEndian
	}
	out := make([]byte, 0, insnSize*len(insns))
	for _, in := range insns {
		out = order.AppendUint16(out, in.Code)
		out = append(out, in.Jt, in.Jf)
		out = order.AppendUint32(out, in.K)
	}
	return out
}
