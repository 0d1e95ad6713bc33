// Package peers keeps what other makers of filters make of the policies in
// testdata/performance: their programs as files, so that a kernel can be asked
// about them where neither a C compiler nor another module is at hand. Module
// bench writes the files, and tests that they are what the peers make now.
package peers

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
)

// Dir is where the policies are, in the module.
const Dir = "testdata/performance"

// Policies are the names of the policies.
var Policies = []string{"A", "B", "C", "D"}

// Archs are the architectures that there are programs for.
var Archs = []arch.Arch{arch.X86_64, arch.AArch64, arch.RISCV64, arch.S390X, arch.PPC64LE}

// Params are the values that the programs have for the policies' parameters:
// the descriptors of the workloads.
var Params = map[string]uint64{"logfile_fd": 5, "archive_fd": 7, "listen_fd": 6, "db_fd": 8}

// Any is the maker of a program that nobody can make: the policy is not one for
// the architecture.
const Any = "any"

// A Program is what one peer makes of one policy.
type Program struct {
	Policy  string
	Maker   string // and its setting: "libseccomp, level 2"
	Version string // as the maker says it
	Why     string `json:",omitempty"` // there is none
	Note    string `json:",omitempty"` // in what it is not quite the policy
	Code    string `json:",omitempty"` // see Encode
}

// Encode writes instructions as words of 16 hexadecimal digits: opcode (4), the
// two jumps (2 each), operand (8). The digits are the numbers, so the text is
// of no byte order.
func Encode(prog []bpf.Insn) string {
	words := make([]string, len(prog))
	for i, in := range prog {
		words[i] = fmt.Sprintf("%04x%02x%02x%08x", in.Code, in.Jt, in.Jf, in.K)
	}
	return strings.Join(words, " ")
}

// Insns are the instructions; an error if the text has none.
func (p *Program) Insns() ([]bpf.Insn, error) {
	var prog []bpf.Insn
	for word := range strings.FieldsSeq(p.Code) {
		w, err := strconv.ParseUint(word, 16, 64)
		if err != nil || len(word) != 16 {
			return nil, fmt.Errorf("policy %s by %s: %q is no instruction", p.Policy, p.Maker, word)
		}
		prog = append(prog, bpf.Insn{Code: uint16(w >> 48), Jt: uint8(w >> 40), Jf: uint8(w >> 32), K: uint32(w)})
	}
	if prog == nil {
		return nil, fmt.Errorf("policy %s by %s: no instructions", p.Policy, p.Maker)
	}
	return prog, nil
}

// Read reads the programs for an architecture; there are none without a file. dir
// is that of the policies.
func Read(dir string, a arch.Arch) ([]Program, error) {
	text, err := os.ReadFile(file(dir, a))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []Program
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&list); err != nil {
		return nil, fmt.Errorf("%s: %w", file(dir, a), err)
	}
	return list, nil
}

// Write is the opposite of Read.
func Write(dir string, a arch.Arch, list []Program) error {
	text, err := json.MarshalIndent(list, "", "\t")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file(dir, a)), 0o777); err != nil {
		return err
	}
	return os.WriteFile(file(dir, a), append(text, '\n'), 0o666)
}

func file(dir string, a arch.Arch) string {
	return filepath.Join(dir, "peers", a.String()+".json")
}
