package wire

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
)

// An Instruction is one of BPF, as package unix or one of our own has it.
type Instruction interface {
	~struct {
		Code uint16
		Jt   uint8
		Jf   uint8
		K    uint32
	}
}

// Encode is a filter as a child reads it: a count of instructions and the
// instructions, in this machine's byte order.
func Encode[I Instruction](filter []I) []byte {
	var b bytes.Buffer
	binary.Write(&b, binary.NativeEndian, uint32(len(filter)))
	binary.Write(&b, binary.NativeEndian, filter)
	return b.Bytes()
}

// Decode reads a filter that Encode has written.
func Decode[I Instruction](r io.Reader) ([]I, error) {
	in := bufio.NewReader(r)
	var n uint32
	if err := binary.Read(in, binary.NativeEndian, &n); err != nil {
		return nil, err
	}
	filter := make([]I, n)
	return filter, binary.Read(in, binary.NativeEndian, filter)
}
