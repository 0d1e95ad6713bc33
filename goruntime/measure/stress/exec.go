//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

var pid = os.Getpid()

// newExec runs another program in the ways that package os/exec has. The program
// makes no call but exit_group(0), which core allows: another one would need
// rules of its own.
func newExec() run {
	dir := must(filepath.Abs("."))
	path := filepath.Join(dir, "tiny")
	if err := os.WriteFile(path, tinyProgram(), 0o700); err != nil {
		fail(err)
	}
	os.Setenv("PATH", dir)
	return each(func() {
		if err := execute(path); err != nil {
			fail(fmt.Errorf("exec: %w", err))
		}
	})
}

func execute(path string) error {
	if err := exec.Command("tiny").Run(); err != nil { // LookPath, /dev/null
		return err
	}
	cmd := exec.Command(path)
	cmd.Stdin = bytes.NewReader(nil) // pipes
	if _, err := cmd.CombinedOutput(); err != nil {
		return err
	}
	// Descriptors that are already in place lose their close-on-exec flag.
	p, err := os.StartProcess(path, []string{path}, &os.ProcAttr{Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}})
	if err != nil {
		return err
	}
	if state, err := p.Wait(); err != nil || !state.Success() {
		return errors.Join(err, fmt.Errorf("%v", state))
	}
	if err := exec.Command(path + "-that-is-not-there").Run(); err == nil {
		return fmt.Errorf("a program that is not there was run")
	}
	return nil
}

// tinyProgram is an ELF executable of one page for this architecture.
func tinyProgram() []byte {
	const base, headers = 0x400000, 64 + 56
	var machine uint16
	var code []byte
	switch runtime.GOARCH {
	case "amd64": // mov eax, 231; xor edi, edi; syscall
		machine, code = 62, []byte{0xb8, 231, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05}
	case "arm64": // mov x8, #94; mov x0, #0; svc #0
		machine, code = 183, []byte{0xc8, 0x0b, 0x80, 0xd2, 0x00, 0x00, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4}
	case "386":
		return tinyProgram32()
	default:
		fail(fmt.Errorf("no program to execute on %s", runtime.GOARCH))
	}
	var b bytes.Buffer
	size := uint64(headers + len(code))
	b.WriteString("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	binary.Write(&b, binary.LittleEndian, struct {
		Type, Machine                           uint16
		Version                                 uint32
		Entry, Phoff, Shoff                     uint64
		Flags                                   uint32
		Ehsize, Phentsize, Phnum, Sh1, Sh2, Sh3 uint16
		PType, PFlags                           uint32
		Off, Vaddr, Paddr, Filesz, Memsz, Align uint64
	}{2, machine, 1, base + headers, 64, 0, 0, 64, 56, 1, 64, 0, 0, 1, 5, 0, base, base, size, size, 0x1000})
	b.Write(code)
	return b.Bytes()
}

func tinyProgram32() []byte {
	const base, headers = 0x08048000, 52 + 32
	code := []byte{0xb8, 252, 0, 0, 0, 0x31, 0xdb, 0xcd, 0x80} // mov eax, 252; xor ebx, ebx; int 0x80
	var b bytes.Buffer
	size := uint32(headers + len(code))
	b.WriteString("\x7fELF\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	binary.Write(&b, binary.LittleEndian, struct {
		Type, Machine                                          uint16
		Version, Entry, Phoff, Shoff, Flags                    uint32
		Ehsize, Phentsize, Phnum, Sh1, Sh2, Sh3                uint16
		PType, Off, Vaddr, Paddr, Filesz, Memsz, PFlags, Align uint32
	}{2, 3, 1, base + headers, 52, 0, 0, 52, 32, 1, 40, 0, 0, 1, 0, base, base, size, size, 5, 0x1000})
	b.Write(code)
	return b.Bytes()
}
