package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/profiles/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/vm"
)

// mobyMachines are the machines moby's default profile is imported for, by the
// name its rules have for them.
var mobyMachines = map[arch.Arch]string{
	arch.X86_64: "amd64", arch.X86: "x86", arch.AArch64: "arm64", arch.ARM: "arm", arch.PPC64LE: "ppc64le",
	arch.S390X: "s390x", arch.RISCV64: "riscv64", arch.LoongArch64: "loongarch64", arch.MIPSel64: "mipsel64",
}

// TestMoby imports moby's default profile for each machine and several
// containers, and holds the text against a plain reading of the profile: every
// number of every architecture the machine runs, with arguments around the
// constants of its rules.
func TestMoby(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/moby/profiles/seccomp").Output()
	if err != nil || len(strings.TrimSpace(string(dir))) == 0 {
		t.Fatalf("moby's profile: %v", err)
	}
	file := filepath.Join(strings.TrimSpace(string(dir)), "default.json")
	for _, more := range [][]string{nil, {"CAP_SYS_ADMIN"}, {"CAP_SYS_PTRACE", "CAP_SYS_TIME", "CAP_BPF"}} {
		for machine, name := range mobyMachines {
			t.Run(fmt.Sprint(machine, more), func(t *testing.T) {
				archs := []arch.Arch{machine}
				for _, m := range seccomp.DefaultProfile().ArchMap {
					if string(m.Arch) == archToken(machine) {
						archs = append(archs, subArchs(t, m.SubArches)...)
					}
				}
				importMoby(t, file, archs, name, more)
			})
		}
	}
}

// importMoby compares one import with its profile.
func importMoby(t *testing.T, file string, archs []arch.Arch, machine string, more []string) {
	args := []string{"import"}
	caps := []string{
		"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID",
		"CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
	}
	for _, c := range more {
		args = append(args, "-cap", c)
		caps = append(caps, c)
	}
	var names []string
	for _, a := range archs {
		names = append(names, a.String())
	}
	text, err := exec.Command(filepath.Join(bin, "tileseal"), append(args, "-arch", strings.Join(names, ","), file)...).Output()
	if err != nil {
		t.Fatalf("import: %v", err)
	}
	rules := selected(machine, caps)
	for _, a := range archs {
		program, err := vm.Compile("default.seccomppolicy", string(text), a, nil)
		if err != nil {
			t.Fatalf("%v: %v", a, err)
		}
		first, last := uint32(0), uint32(0)
		if last, _ = a.LastNumber(); a == arch.X32 {
			first = arch.X32Bit
		}
		for nr := first; nr <= last+1; nr++ {
			name, _ := a.Name(nr)
			for _, args := range around(rules, name) {
				call := vm.Call{Nr: nr, Arch: a.Audit(), Args: args}
				if got, want := program.Run(call), judge(rules, name, args); got != want {
					t.Fatalf("%v is %v, want %v", call, got, want)
				}
			}
		}
	}
}

// selected are the rules moby hands to the runtime on a machine, for a
// container with capabilities.
func selected(machine string, caps []string) []specs.LinuxSyscall {
	var rules []specs.LinuxSyscall
	for _, s := range seccomp.DefaultProfile().Syscalls {
		has := func(c string) bool { return slices.Contains(caps, c) }
		lacks := func(c string) bool { return !has(c) }
		in, ex := s.Includes, s.Excludes
		switch {
		case in != nil && len(in.Arches) > 0 && !slices.Contains(in.Arches, machine):
		case in != nil && slices.ContainsFunc(in.Caps, lacks):
		case ex != nil && (slices.Contains(ex.Arches, machine) || slices.ContainsFunc(ex.Caps, has)):
		default:
			rules = append(rules, s.LinuxSyscall)
		}
	}
	return rules
}

// judge is what rules say of a call: those without conditions first.
func judge(rules []specs.LinuxSyscall, name string, args [6]uint64) vm.Action {
	for _, always := range []bool{true, false} {
		for _, r := range rules {
			fails := func(a specs.LinuxSeccompArg) bool { return !holds(a, args) }
			if (len(r.Args) == 0) != always || !slices.Contains(r.Names, name) || slices.ContainsFunc(r.Args, fails) {
				continue
			}
			if r.Action == specs.ActAllow {
				return vm.Allow
			}
			return vm.Errno | vm.Action(*r.ErrnoRet)
		}
	}
	return vm.Errno | 1
}

func holds(a specs.LinuxSeccompArg, args [6]uint64) bool {
	v := args[a.Index]
	switch a.Op {
	case specs.OpEqualTo:
		return v == a.Value
	case specs.OpNotEqual:
		return v != a.Value
	case specs.OpLessThan:
		return v < a.Value
	case specs.OpGreaterThan:
		return v > a.Value
	case specs.OpMaskedEqual:
		return v&a.Value == a.ValueTwo
	}
	panic(a.Op) // moby's profile has no other
}

// around are arguments near the constants of the rules about a call. All it
// compares have 32 bits.
func around(rules []specs.LinuxSyscall, name string) [][6]uint64 {
	all := [][6]uint64{{}, {1, 1, 1, 1, 1, 1}}
	for _, r := range rules {
		for _, a := range r.Args {
			for _, v := range []uint64{a.Value - 1, a.Value, a.Value + 1, a.Value & -a.Value, ^a.Value} {
				if slices.Contains(r.Names, name) {
					args := [6]uint64{}
					args[a.Index] = v & (1<<32 - 1)
					all = append(all, args)
				}
			}
		}
	}
	return all
}

func archToken(a arch.Arch) string { return "SCMP_ARCH_" + strings.ToUpper(a.String()) }

func subArchs(t *testing.T, tokens []specs.Arch) []arch.Arch {
	var list []arch.Arch
	for _, token := range tokens {
		a, err := arch.ByName(strings.ToLower(strings.TrimPrefix(string(token), "SCMP_ARCH_")))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, a)
	}
	return list
}

// TestMobySelects: on this machine, moby itself selects the same rules.
func TestMobySelects(t *testing.T) {
	if arch.Native() != arch.X86_64 {
		t.Skip("the names in this test are those of amd64")
	}
	caps := []string{"CAP_CHOWN", "CAP_SYS_PTRACE"}
	spec := &specs.Spec{Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{Bounding: caps}}}
	theirs, err := seccomp.GetDefaultProfile(spec)
	if err != nil {
		t.Fatal(err)
	}
	got, err1 := json.Marshal(theirs.Syscalls)
	want, err2 := json.Marshal(selected("amd64", caps))
	if err := errors.Join(err1, err2); err != nil || string(got) != string(want) {
		t.Errorf("%v: moby selects\n%s\nand this test\n%s", err, got, want)
	}
}
