package vm

import (
	"encoding/binary"
	"testing"

	"github.com/tileseal/tileseal/internal/bpf"
	xbpf "golang.org/x/net/bpf"
)

// xnetVM loads prog into golang.org/x/net/bpf's machine. It answers false for
// what that machine does not run as the kernel does: neg (not implemented),
// ldx len (not decoded) and shifts by X, where it does not cut X to five bits.
func xnetVM(t testing.TB, prog []bpf.Insn) (*xbpf.VM, bool) {
	t.Helper()
	raw := make([]xbpf.RawInstruction, len(prog))
	for i, in := range prog {
		switch in.Code {
		case bpf.Neg, bpf.LdxLen, bpf.Lsh | bpf.SrcX, bpf.Rsh | bpf.SrcX:
			return nil, false
		}
		raw[i] = xbpf.RawInstruction{Op: in.Code, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	insns, all := xbpf.Disassemble(raw)
	if !all {
		t.Fatalf("x/net/bpf does not decode\n%s", bpf.List(prog, nil, nil))
	}
	m, err := xbpf.NewVM(insns)
	if err != nil {
		t.Fatalf("x/net/bpf: %v\n%s", err, bpf.List(prog, nil, nil))
	}
	return m, true
}

// xnetInput is struct seccomp_data of c as the kernel of an architecture with
// that byte order lays it out, except that every 32-bit word is big-endian:
// how x/net/bpf reads them.
func xnetInput(c Call, bigEndian bool) []byte {
	b := binary.BigEndian.AppendUint32(nil, c.Nr)
	b = binary.BigEndian.AppendUint32(b, c.Arch)
	for _, v := range append([]uint64{c.IP}, c.Args[:]...) {
		first, second := uint32(v), uint32(v>>32)
		if bigEndian {
			first, second = second, first
		}
		b = binary.BigEndian.AppendUint32(b, first)
		b = binary.BigEndian.AppendUint32(b, second)
	}
	return b
}
