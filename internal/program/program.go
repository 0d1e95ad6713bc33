// Package program reads seccomp programs as people and tools hand them over,
// and writes them as a listing that it can read again.
//
// It knows four forms, and tells them apart by looking:
//
//   - raw bytes: an array of struct sock_filter (include/uapi/linux/filter.h),
//     8 bytes an instruction, of either byte order. This is what
//     seccomp_export_bpf(3) writes and "tileseal compile -format raw".
//   - JSON, as "tileseal compile -format json" prints it.
//   - C: initialisers of struct sock_filter and the macros BPF_STMT and
//     BPF_JUMP.
//   - a listing in the syntax of bpf_asm (tools/bpf in the kernel tree), which
//     "tileseal compile -format asm" and "tileseal disasm" print.
//
// libseccomp's pseudo code (seccomp_export_pfc(3)) does not say which
// instructions a program is made of, and is no such form.
package program

import (
	"bytes"
	"fmt"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/prove"
)

// A Program is a program that has been read. The kernel need not accept it: see
// [bpf.Check].
type Program struct {
	prove.Program          // operands may be parameters in JSON and listings
	Name          string   // as JSON has it, else ""
	Archs         []string // the architectures it is for, as JSON has them, else none
	Raw           bool     // it was read from bytes
	BigEndian     bool     // of which this is the byte order
}

// An Error says what is wrong with a text or with bytes, and where.
type Error struct {
	Name   string // of what is read, as the caller gave it
	Line   int    // from 1; 0 if there are no lines: raw bytes and JSON
	Col    int    // in bytes, from 1
	Offset int    // in bytes, from 0, where Line is 0; -1: nowhere in particular
	Msg    string
}

// Error is "file:line:col: message", or of raw bytes "file: offset 16: message".
func (e *Error) Error() string {
	switch {
	case e.Line > 0:
		return fmt.Sprintf("%s:%d:%d: %s", e.Name, e.Line, e.Col, e.Msg)
	case e.Offset >= 0:
		return fmt.Sprintf("%s: offset %d: %s", e.Name, e.Offset, e.Msg)
	}
	return e.Name + ": " + e.Msg
}

// Read reads a program without parameters. The error is an [*Error]: for what
// cannot be read, and for what the kernel would not take.
func Read(name string, data []byte) ([]bpf.Insn, error) {
	p, err := Parse(name, data, 0)
	if err != nil {
		return nil, err
	}
	if len(p.Params) > 0 {
		return nil, &Error{Name: name, Offset: -1, Msg: fmt.Sprintf("the program has a parameter, %s, that is not filled in", p.Params[0].Name)}
	}
	insns := p.Fill(nil)
	if err := bpf.Check(insns); err != nil {
		return nil, &Error{Name: name, Offset: -1, Msg: err.Error()}
	}
	return insns, nil
}

// Parse reads a program in any form. name is for messages. Texts may name numbers of
// system calls and constants; they are those of a, and unknown if a is 0. The
// error is an [*Error].
func Parse(name string, data []byte, a arch.Arch) (*Program, error) {
	text := bytes.TrimSpace(data)
	switch {
	case len(data) == 0:
		return nil, &Error{Name: name, Offset: -1, Msg: "it is empty; a program has at least one instruction"}
	case bytes.IndexByte(data, 0) >= 0:
		return readRaw(name, data)
	case bytes.HasPrefix(text, []byte("{")) && bytes.HasPrefix(bytes.TrimSpace(text[1:]), []byte(`"`)):
		return readJSON(name, data)
	case looksLikeC(data):
		return readC(name, string(data), a)
	}
	return readAsm(name, string(data), a)
}

// at is the line and column of an offset into a text.
func at(text string, off int) (line, col int) {
	before := text[:off]
	for i := range len(before) {
		if before[i] == '\n' {
			line++
			col = i + 1
		}
	}
	return line + 1, off - col + 1
}

func textError(name, text string, off int, format string, args ...any) *Error {
	line, col := at(text, off)
	return &Error{Name: name, Line: line, Col: col, Msg: fmt.Sprintf(format, args...)}
}
