package sandbox

import (
	"bufio"
	"debug/buildinfo"
	"debug/elf"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
)

//go:embed startup/*.seccomppolicy
var texts embed.FS

// Startup names the startup policies that the executable at path needs, and looks
// at what kind it is: libc, loader, go. An executable that this machine's
// architecture cannot start under a filter of its own is an error.
func Startup(path string) ([]string, error) {
	const depth = 4 // the kernel follows as many interpreters of scripts (BINPRM_MAX_RECURSION)
	for range depth {
		interpreter, err := interpreterOf(path)
		if err != nil {
			return nil, err
		}
		if interpreter == "" {
			return startupOfELF(path)
		}
		path = interpreter
	}
	return nil, fmt.Errorf("%s: too many interpreters of interpreters", path)
}

// interpreterOf is what a script's first line names; "" if it is no script.
func interpreterOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	const longest = 256 // as much as the kernel looks at (BINPRM_BUF_SIZE)
	line, err := bufio.NewReader(io.LimitReader(f, longest)).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", err
	}
	rest, ok := strings.CutPrefix(line, "#!")
	if !ok {
		return "", nil
	}
	words := strings.Fields(rest)
	if len(words) == 0 {
		return "", fmt.Errorf("%s: #! names no interpreter", path)
	}
	return words[0], nil
}

func startupOfELF(path string) ([]string, error) {
	f, err := elf.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s is neither an ELF file nor a script: %w", path, err)
	}
	defer f.Close()
	native := arch.Native()
	m, ok := machines[native]
	if !ok {
		return nil, fmt.Errorf("what starting a program takes on %s is not known", gen.ArchName(native))
	}
	if m != f.Machine || (f.Class == elf.ELFCLASS64) != (native.Bits() == 64) {
		return nil, &ForeignError{path, f.Machine}
	}
	dynamic := false
	for _, p := range f.Progs {
		dynamic = dynamic || p.Type == elf.PT_INTERP
	}
	_, err = buildinfo.ReadFile(path)
	switch isGo := err == nil; {
	case isGo && dynamic:
		return []string{"libc", "loader", "go"}, nil
	case isGo:
		return []string{"go"}, nil
	case dynamic:
		return []string{"libc", "loader"}, nil
	}
	return []string{"libc"}, nil
}

// A ForeignError is an executable for another architecture than this program's.
type ForeignError struct {
	Path    string
	Machine elf.Machine
}

func (e *ForeignError) Error() string {
	return fmt.Sprintf("%s is for %v, and the filter for %s, under which it would die at once; use a tileseal built for it",
		e.Path, e.Machine, gen.ArchName(arch.Native()))
}

// machines are those of the architectures the startup policies are written for.
var machines = map[arch.Arch]elf.Machine{
	arch.X86_64: elf.EM_X86_64, arch.X86: elf.EM_386, arch.AArch64: elf.EM_AARCH64, arch.ARM: elf.EM_ARM,
	arch.RISCV64: elf.EM_RISCV, arch.S390X: elf.EM_S390, arch.PPC64LE: elf.EM_PPC64, arch.LoongArch64: elf.EM_LOONGARCH,
}

// Policies resolves startup policies for this machine. The names of the parameters
// that belong to them alone begin with "startup ".
func Policies(names []string) ([]*rule.Policy, error) {
	var list []*rule.Policy
	for _, name := range names {
		text, err := Text(name)
		if err != nil {
			return nil, fmt.Errorf("there is no startup policy %s", name)
		}
		f, errs := gen.Parse("startup/"+name, string(text), gen.Tileseal)
		res, more := gen.Resolve(f, arch.Native(), compile.Plain)
		if err := append(errs, more...).Err(); err != nil {
			return nil, err
		}
		for i, p := range res.Params {
			if p.Name == "start_fd" || p.Name == "next_fd" {
				res.Params[i].Name = startupPrefix + p.Name
			}
		}
		list = append(list, res.Policy)
	}
	return list, nil
}

// Text is a startup policy as it was written.
func Text(name string) ([]byte, error) { return texts.ReadFile("startup/" + name + gen.Ending) }

// withStartup is p, and what it takes to start a program.
func withStartup(p *rule.Policy, names []string) (*rule.Policy, error) {
	if p.Target.Audit != arch.Native().Audit() {
		return nil, errors.New("the policy is for another architecture than this machine's")
	}
	sum := clone(p)
	list, err := Policies(names)
	if err != nil {
		return nil, err
	}
	for _, q := range list {
		add(sum, q)
	}
	add(sum, onePinned(p.Target))
	return sum, nil
}

// onePinned allows the execve that starts the command.
func onePinned(t rule.Target) *rule.Policy {
	nr, _ := arch.Native().Number("execve")
	p := &rule.Policy{Target: t}
	var all rule.And
	for i, name := range pins {
		p.Params = append(p.Params, rule.Param{Name: name, Bits: 64, Max: 1<<64 - 1})
		all = append(all, &rule.Cmp{Arg: i, Width: t.Bits, Mask: 1<<t.Bits - 1, X: rule.Operand{Param: i, Text: name}})
	}
	p.Calls = []rule.Call{{Name: "execve", Nr: nr, Cases: []rule.Case{{When: all, Action: rule.Allow, Src: rule.Src{File: pinPrefix}}}}}
	return p
}

// isStart reports whether k is the case of onePinned.
func isStart(k rule.Case) bool { return k.Src.File == pinPrefix }
