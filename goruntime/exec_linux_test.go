package goruntime

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExec has a sealed program run another one, which prints "run" and ends.
func TestExec(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, goarch string) {
		helper := writeHelper(t, goarch)
		full := small + "include go/exec\n"
		for _, c := range []struct{ name, outer, lacks, want string }{
			{"pidfd", "", "", `exec: "run\n", <nil>`},
			// An old kernel, or a container that denies the call: package os
			// goes by process numbers.
			{"no pidfd", "default -> allow\npidfd_open -> errno(ENOSYS)\n", "", `exec: "run\n", <nil>`},
			// The child shares the parent's memory, but dies alone.
			{"no execve", "", "execve", `exec: "", signal: bad system call`},
		} {
			t.Run(c.name, func(t *testing.T) {
				s := scene{policy: full, lacks: c.lacks, act: "exec " + helper}
				if c.outer != "" {
					s.change = under(t, goarch, c.outer)
				}
				if o := s.play(t, goarch); !exited(3)(o.status) || !strings.Contains(o.said, c.want+"\n") {
					t.Errorf("status %#x, want %s, said\n%s", o.status, c.want, o.said)
				}
			})
		}
		t.Run("no level", func(t *testing.T) {
			scene{policy: small + "include go/netpoll\n", act: "exec " + helper}.dies(t, goarch)
		})
	})
}

// writeHelper writes a program that prints "run" and makes no other call than
// write and exit_group: it needs nothing that level exec lacks.
func writeHelper(t *testing.T, goarch string) string {
	t.Helper()
	var text []byte
	switch goarch {
	case "amd64":
		text = elf64(62, []byte{
			0xb8, 1, 0, 0, 0, 0xbf, 1, 0, 0, 0, // write, 1
			0x48, 0x8d, 0x35, 16, 0, 0, 0, // lea rsi, [rip+16]
			0xba, 4, 0, 0, 0, 0x0f, 0x05, // 4 bytes
			0xb8, 231, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05, // exit_group, 0
			'r', 'u', 'n', '\n'})
	case "386":
		text = elf32([]byte{
			0xb8, 4, 0, 0, 0, 0xbb, 1, 0, 0, 0, // write, 1
			0xb9, 0x54 + 31, 0x80, 0x04, 0x08, // what follows the code
			0xba, 4, 0, 0, 0, 0xcd, 0x80, // 4 bytes
			0xb8, 252, 0, 0, 0, 0x31, 0xdb, 0xcd, 0x80, // exit_group, 0
			'r', 'u', 'n', '\n'})
	default:
		t.Skip("no helper program for " + goarch)
	}
	path := filepath.Join(t.TempDir(), "helper")
	if err := os.WriteFile(path, text, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// elf64 is an executable of one readable and executable segment (elf(5)).
func elf64(machine uint16, code []byte) []byte {
	const base, headers = 0x400000, 64 + 56
	b := bytes.NewBufferString("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9))
	size := uint64(headers + len(code))
	binary.Write(b, binary.LittleEndian, []uint16{2, machine})
	binary.Write(b, binary.LittleEndian, uint32(1))
	binary.Write(b, binary.LittleEndian, []uint64{base + headers, 64, 0})
	binary.Write(b, binary.LittleEndian, uint32(0))
	binary.Write(b, binary.LittleEndian, []uint16{64, 56, 1, 64, 0, 0})
	binary.Write(b, binary.LittleEndian, []uint32{1, 5})
	binary.Write(b, binary.LittleEndian, []uint64{0, base, base, size, size, 4096})
	return append(b.Bytes(), code...)
}

func elf32(code []byte) []byte {
	const base, headers = 0x08048000, 52 + 32
	b := bytes.NewBufferString("\x7fELF\x01\x01\x01" + strings.Repeat("\x00", 9))
	size := uint32(headers + len(code))
	binary.Write(b, binary.LittleEndian, []uint16{2, 3})
	binary.Write(b, binary.LittleEndian, []uint32{1, base + headers, 52, 0, 0})
	binary.Write(b, binary.LittleEndian, []uint16{52, 32, 1, 40, 0, 0})
	binary.Write(b, binary.LittleEndian, []uint32{1, 0, base, base, size, size, 5, 4096})
	return append(b.Bytes(), code...)
}
