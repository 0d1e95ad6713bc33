package sigsys

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
)

// A coreError says why there is no report in a file that might have been a
// core. It is an ErrNone.
type coreError string

func (e coreError) Error() string      { return "no report found: " + string(e) }
func (coreError) Is(target error) bool { return target == ErrNone }

// packed are the first bytes of files that hold a core, or a text, only once
// they are unpacked.
var packed = []struct{ magic, by string }{
	{"\x28\xb5\x2f\xfd", "zstd"},
	{"\xfd7zXZ\x00", "xz"},
	{"\x04\x22\x4d\x18", "lz4"},
	{"\x1f\x8b\x08", "gzip"},
}

// readBinary reads what is told by its first bytes to be no text. ok is false
// for a text.
func readBinary(in io.Reader, head []byte) (reports []Report, ok bool, err error) {
	for _, p := range packed {
		if bytes.HasPrefix(head, []byte(p.magic)) {
			return nil, true, coreError("it is packed by " + p.by + "; unpack it first, or for a core of systemd-coredump use coredumpctl dump")
		}
	}
	if !bytes.HasPrefix(head, []byte(elf.ELFMAG)) {
		return nil, false, nil
	}
	r, err := readCore(in)
	if err != nil {
		return nil, true, err
	}
	return []Report{r}, true, nil
}

// maxNotes is how far into a core its notes are looked for, in bytes. The
// kernel writes them behind the program headers, in front of the memory
// (elf_core_dump, fs/binfmt_elf.c), and those of the thread that died first.
const maxNotes = 64 << 20

// readCore reads what the kernel noted about a death in an ELF core. It takes
// no more of r than reaches to those notes: cores are large.
func readCore(r io.Reader) (Report, error) {
	s := &spool{in: r}
	f, err := elf.NewFile(s)
	switch {
	case s.err != nil:
		return Report{}, s.err
	case err != nil:
		return Report{}, coreError(fmt.Sprintf("the headers of the ELF file are damaged or cut off: %v", err))
	case f.Type != elf.ET_CORE:
		return Report{}, coreError(fmt.Sprintf("an ELF file of type %v, and no core", f.Type))
	}
	n, err := readNotes(f)
	if s.err != nil {
		return Report{}, s.err
	}
	c := core{File: f, notes: n, cut: err != nil}
	return c.report(), nil
}

// The types of the notes read here (include/uapi/linux/elf.h).
const (
	ntPrstatus = 1          // NT_PRSTATUS
	ntPrpsinfo = 3          // NT_PRPSINFO
	ntSiginfo  = 0x53494749 // NT_SIGINFO
)

// notes are the first of each type up to NT_SIGINFO: those of the thread that
// died. The other threads' are behind it (write_note_info, fs/binfmt_elf.c).
type notes map[uint32][]byte

// maxNote is how much of a note is looked at; the largest, NT_PRSTATUS, has a
// few hundred bytes.
const maxNote = 4096

// readNotes reads the notes up to the last of the thread that died. An error means that
// the core ends before; what was read until then stands.
func readNotes(f *elf.File) (notes, error) {
	found := notes{ntPrstatus: nil, ntPrpsinfo: nil, ntSiginfo: nil}
	var p *elf.Prog // the kernel writes one such segment
	for _, q := range f.Progs {
		if q.Type == elf.PT_NOTE {
			p = q
			break
		}
	}
	if p == nil {
		return found, nil
	}
	for at := uint64(0); found[ntSiginfo] == nil && at < p.Filesz; {
		var head [12]byte // of struct elf_note: namesz, descsz, type
		if _, err := p.ReadAt(head[:], int64(at)); err != nil {
			return found, err
		}
		name, desc := uint64(f.ByteOrder.Uint32(head[0:])), uint64(f.ByteOrder.Uint32(head[4:]))
		kind := f.ByteOrder.Uint32(head[8:])
		at += uint64(len(head))
		if have, wanted := found[kind]; wanted && have == nil && name == uint64(len(owner)) {
			text := make([]byte, padded(name)+min(desc, maxNote))
			if _, err := p.ReadAt(text, int64(at)); err != nil {
				return found, err
			}
			if string(text[:name]) == owner {
				found[kind] = text[padded(name):]
			}
		}
		at += padded(name) + padded(desc)
	}
	return found, nil
}

// owner is the name of notes that any Unix might write.
const owner = "CORE\x00"

// padded is a length with what brings it to a multiple of 4, in cores of
// either word size (writenote, fs/binfmt_elf.c).
func padded(n uint64) uint64 { return (n + 3) &^ 3 }

// A spool makes the beginning of a stream readable at any place, and reads as
// much of it as was asked for.
type spool struct {
	in  io.Reader
	buf bytes.Buffer
	err error // of in, if it is another than its end
}

var errFar = errors.New("beyond the part of the file that is looked at")

// ReadAt implements io.ReaderAt.
func (s *spool) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off > maxNotes-int64(len(p)) {
		return 0, errFar
	}
	if more := off + int64(len(p)) - int64(s.buf.Len()); more > 0 {
		if _, err := io.CopyN(&s.buf, s.in, more); err != nil && err != io.EOF {
			s.err = err
			return 0, err
		}
	}
	if off >= int64(s.buf.Len()) {
		return 0, io.EOF
	}
	n := copy(p, s.buf.Bytes()[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
