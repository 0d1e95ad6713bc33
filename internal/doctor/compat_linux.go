package doctor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// A foreign is a program of another architecture that some kernels run besides
// their own. It ends with exit status foreignStatus.
type foreign struct {
	name    string
	machine uint16 // ELF's number for it
	flags   uint32 // of the ELF header
	code    []byte
}

const foreignStatus = 42

// foreigners are those to try, by GOARCH.
var foreigners = map[string][]foreign{
	"amd64": {
		// mov $1,%eax; mov $42,%ebx; int $0x80: exit
		{"i386", 3, 0, []byte{0xb8, 1, 0, 0, 0, 0xbb, foreignStatus, 0, 0, 0, 0xcd, 0x80}},
		// mov $0x4000003c,%eax; mov $42,%edi; syscall: exit of x32
		{"x32", 62, 0, []byte{0xb8, 0x3c, 0, 0, 0x40, 0xbf, foreignStatus, 0, 0, 0, 0x0f, 0x05}},
	},
	"arm64": {
		// mov r7,#1; mov r0,#42; svc #0: exit
		{"arm", 40, 0x05000000, []byte{1, 0x70, 0xa0, 0xe3, foreignStatus, 0, 0xa0, 0xe3, 0, 0, 0, 0xef}},
	},
}

// compat tries programs of other architectures: while they run, a filter for one
// architecture alone is not enough, and while they do not, it need not be.
func compat() []Fact {
	const topic = "other architectures"
	list, ok := foreigners[runtime.GOARCH]
	if !ok {
		return []Fact{fact(topic, "programs of others", "", "", fmt.Errorf("there is nothing to try on GOARCH=%s", runtime.GOARCH))}
	}
	var facts []Fact
	for _, f := range list {
		runs, err := f.try()
		facts = append(facts, fact(topic, f.name+" programs run", yes(runs), "tried", err))
	}
	return facts
}

// try runs the program from memory.
func (f foreign) try() (bool, error) {
	fd, err := unix.MemfdCreate("tileseal-"+f.name, unix.MFD_CLOEXEC)
	if err != nil {
		return false, os.NewSyscallError("memfd_create", err)
	}
	file := os.NewFile(uintptr(fd), f.name)
	defer file.Close()
	if _, err := file.Write(f.elf()); err != nil {
		return false, err
	}
	err = exec.Command(fmt.Sprintf("/proc/self/fd/%d", fd)).Run()
	var end *exec.ExitError
	switch {
	case errors.As(err, &end) && end.ExitCode() == foreignStatus:
		return true, nil
	case errors.Is(err, unix.ENOEXEC):
		return false, nil
	case err == nil:
		return false, errors.New("the program ended otherwise than it should")
	}
	return false, err
}

// elf is the executable: a header, one segment that is all of the file, the code.
func (f foreign) elf() []byte {
	const headerSize, segmentSize, base = 52, 32, 0x10000
	le := binary.LittleEndian
	b := []byte{0x7f, 'E', 'L', 'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0} // 32 bits, little-endian
	b = le.AppendUint16(b, 2)                                            // ET_EXEC
	b = le.AppendUint16(b, f.machine)
	for _, v := range []uint32{1, base + headerSize + segmentSize, headerSize, 0, f.flags} { // version, entry, segments, sections
		b = le.AppendUint32(b, v)
	}
	for _, v := range []uint16{headerSize, segmentSize, 1, 0, 0, 0} {
		b = le.AppendUint16(b, v)
	}
	size := uint32(headerSize + segmentSize + len(f.code))
	for _, v := range []uint32{1, 0, base, base, size, size, 5, 0x1000} { // PT_LOAD, from 0, readable and executable
		b = le.AppendUint32(b, v)
	}
	return append(b, f.code...)
}
