package oci_test

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/filter"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/oci"
	"github.com/tileseal/tileseal/internal/policytext"
	"github.com/tileseal/tileseal/internal/proto"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/vm"
)

var filterOps = map[policytext.Op]filter.Op{
	policytext.NE: filter.NE, policytext.LT: filter.LT, policytext.LE: filter.LE, policytext.EQ: filter.EQ,
	policytext.GE: filter.GE, policytext.GT: filter.GT, policytext.MaskedEQ: filter.MaskedEQ,
}

// filterOf is what runc makes of a profile: rules added one by one to a filter of
// libseccomp's model, which package filter is held to.
func filterOf(t testing.TB, p *oci.Profile, a arch.Arch) *filter.Program {
	t.Helper()
	f, err := filter.New(filter.Action(p.Default), a)
	if err != nil {
		t.Fatal(err)
	}
	f.Tree = true
	for _, r := range p.Rules {
		for _, n := range r.Names {
			if r.Action == p.Default {
				continue
			}
			for _, conds := range splitArgs(r.Args) {
				err := f.Add(filter.Rule{Call: n.Name, Action: filter.Action(r.Action), When: conds, Safe: true})
				if err != nil && !errors.Is(err, filter.ErrUnknownCall) {
					t.Fatalf("%s: %v", n.Name, err)
				}
			}
		}
	}
	program, err := f.Program()
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// splitArgs is runc's way with a rule that has several conditions on one
// argument.
func splitArgs(args []oci.Arg) [][]filter.Cond {
	var all []filter.Cond
	var each [][]filter.Cond
	seen, twice := map[int]bool{}, false
	for _, a := range args {
		c := filter.Cond{Arg: a.Index, Op: filterOps[a.Op], Value: a.Value}
		if a.Op == policytext.MaskedEQ {
			c.Mask, c.Value = a.Value, a.ValueTwo
		}
		all, each = append(all, c), append(each, []filter.Cond{c})
		twice = twice || seen[a.Index]
		seen[a.Index] = true
	}
	if twice {
		return each
	}
	return [][]filter.Cond{all}
}

func read(t testing.TB, text string) *oci.Profile {
	t.Helper()
	p, errs := oci.Read("p.json", []byte(text))
	if err := errs.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

// imported is the policy that the text made of a profile means.
func imported(t testing.TB, p *oci.Profile, a arch.Arch) *rule.Policy {
	t.Helper()
	m, _, errs := p.Meaning("p", a)
	if err := errs.Err(); err != nil {
		t.Fatal(err)
	}
	text, err := policytext.Write([]string{"p"}, []*rule.Policy{m})
	if err != nil {
		t.Fatal(err)
	}
	f, errs := gen.Parse("p", text, gen.Tileseal)
	back, list := gen.Resolve(f, a, compile.Plain)
	if err := append(errs, list...).Err(); err != nil {
		t.Fatal(err)
	}
	return back.Policy
}

const rules = `{"defaultAction": %q, "defaultErrnoRet": %d, "syscalls": [%s]}`

func profileText(def string, errno int, rule ...string) string {
	text := fmt.Sprintf(rules, def, errno, strings.Join(rule, ","))
	if def != "SCMP_ACT_ERRNO" && def != "SCMP_ACT_TRACE" {
		text = strings.Replace(text, fmt.Sprintf(`"defaultErrnoRet": %d, `, errno), "", 1)
	}
	return text
}

func on(names, action, rest string, args ...string) string {
	s := fmt.Sprintf(`{"names": ["%s"], "action": "SCMP_ACT_%s"%s`, strings.ReplaceAll(names, " ", `","`), action, rest)
	if len(args) > 0 {
		s += `, "args": [` + strings.Join(args, ",") + `]`
	}
	return s + "}"
}

func arg(index int, op string, value ...uint64) string {
	s := fmt.Sprintf(`{"index": %d, "op": "SCMP_CMP_%s", "value": %d`, index, op, value[0])
	if len(value) > 1 {
		s += fmt.Sprintf(`, "valueTwo": %d`, value[1])
	}
	return s + "}"
}

// profiles are one of each kind of rule, and what meets in one call.
var profiles = map[string]string{
	"empty":          profileText("SCMP_ACT_KILL_PROCESS", 0),
	"names":          profileText("SCMP_ACT_ERRNO", 1, on("read write chown32 open openat", "ALLOW", ""), on("clone3", "ERRNO", `, "errnoRet": 38`)),
	"deny list":      profileText("SCMP_ACT_ALLOW", 0, on("ptrace kexec_load", "ERRNO", ""), on("unshare", "ERRNO", `, "errnoRet": 5`, arg(0, "NE", 0))),
	"every operator": profileText("SCMP_ACT_KILL_PROCESS", 0, on("lseek", "ALLOW", "", arg(1, "EQ", 5)), on("read", "ALLOW", "", arg(2, "NE", 5)), on("write", "ALLOW", "", arg(2, "LT", 4096)), on("pread64", "ALLOW", "", arg(2, "LE", 4096)), on("pwrite64", "ALLOW", "", arg(2, "GT", 4096)), on("readv", "ALLOW", "", arg(2, "GE", 2)), on("mprotect", "ALLOW", "", arg(2, "MASKED_EQ", 4, 0))),
	"32 bits":        profileText("SCMP_ACT_KILL_PROCESS", 0, on("close", "ALLOW", "", arg(0, "EQ", 5)), on("fsync", "ALLOW", "", arg(0, "NE", 5)), on("dup", "ALLOW", "", arg(0, "LT", 5)), on("fchmod", "ALLOW", "", arg(0, "GE", 5)), on("socket", "ALLOW", "", arg(0, "MASKED_EQ", 0xffffffff, 1))),
	"sign-extended":  profileText("SCMP_ACT_KILL_PROCESS", 0, on("openat", "ALLOW", "", arg(0, "EQ", 0xffffffffffffff9c)), on("unlinkat", "ALLOW", "", arg(0, "NE", 0xffffffffffffff9c))),
	"alternatives":   profileText("SCMP_ACT_ERRNO", 1, on("personality", "ALLOW", "", arg(0, "EQ", 0)), on("personality", "ALLOW", "", arg(0, "EQ", 8)), on("personality", "ALLOW", "", arg(0, "EQ", 0xffffffff))),
	"one argument twice": profileText("SCMP_ACT_ERRNO", 1,
		on("write", "ALLOW", "", arg(0, "EQ", 1), arg(0, "EQ", 2), arg(2, "LT", 10))),
	"always beats":         profileText("SCMP_ACT_ERRNO", 1, on("clone", "ALLOW", "", arg(0, "MASKED_EQ", 0x7e020000, 0)), on("clone", "ERRNO", `, "errnoRet": 2`), on("clone", "ALLOW", "")),
	"mask of nothing":      profileText("SCMP_ACT_ERRNO", 1, on("close", "ALLOW", "", arg(0, "MASKED_EQ", 0, 7))),
	"value past its mask":  profileText("SCMP_ACT_ERRNO", 1, on("close", "ALLOW", "", arg(0, "MASKED_EQ", 0xf, 0xff))),
	"both halves":          profileText("SCMP_ACT_ERRNO", 1, on("socket", "ERRNO", `, "errnoRet": 22`, arg(0, "EQ", 16), arg(2, "EQ", 9)), on("socket", "ALLOW", "", arg(0, "NE", 16)), on("socket", "ALLOW", "", arg(2, "NE", 9))),
	"the default's action": profileText("SCMP_ACT_ERRNO", 1, on("read", "ERRNO", ""), on("read", "ALLOW", "", arg(0, "EQ", 0))),
	"socketcall":           profileText("SCMP_ACT_ERRNO", 1, on("socket shmat", "ALLOW", ""), on("bind", "ALLOW", "")),
	"socketcall, denied":   profileText("SCMP_ACT_ALLOW", 0, on("socket shmat", "ERRNO", ""), on("bind", "ERRNO", "", arg(0, "EQ", 3))),
	"socketcall, condition": profileText("SCMP_ACT_ERRNO", 1, on("socket", "ALLOW", "", arg(0, "EQ", 1)), on("socketcall", "ALLOW", ""),
		on("accept", "ALLOW", "", arg(0, "EQ", 1))),
	"all actions": profileText("SCMP_ACT_TRACE", 7, on("read", "ALLOW", ""), on("write", "LOG", ""), on("close", "TRAP", ""), on("dup", "NOTIFY", ""), on("fsync", "KILL_THREAD", ""), on("fchmod", "KILL", ""), on("lseek", "KILL_PROCESS", ""), on("pipe2", "TRACE", `, "errnoRet": 3`)),
	"ranges":      profileText("SCMP_ACT_ERRNO", 1, on("prctl", "ALLOW", "", arg(0, "LT", 10)), on("prctl", "ALLOW", "", arg(0, "GT", 20)), on("prctl", "ALLOW", "", arg(0, "EQ", 10)), on("lseek", "ALLOW", "", arg(1, "MASKED_EQ", 0xffffffffffffff00, 0x100)), on("lseek", "ALLOW", "", arg(1, "MASKED_EQ", 0xffffffffffffff00, 0x200))),
}

// TestMeaning: whatever is called on whichever architecture, the text made of a
// profile judges it as runc's filter does, if the high word of an argument of 32
// bits is what C makes it. If it is anything else, the call is judged as the one
// that the kernel makes of it.
func TestMeaning(t *testing.T) {
	for name, text := range profiles {
		t.Run(name, func(t *testing.T) {
			p := read(t, text)
			extended := name == "sign-extended"
			for _, a := range []arch.Arch{arch.X86_64, arch.X86, arch.X32, arch.AArch64, arch.ARM, arch.S390X, arch.PPC64LE, arch.MIPSel} {
				policy := imported(t, p, a)
				want, err := vm.New(filterOf(t, p, a).Insns(), a)
				if err != nil {
					t.Fatal(err)
				}
				for d := range calls(p, a) {
					got, want := policy.Eval(d, nil), rule.Action(want.Run(vm.Call(clean(a, d, extended))))
					if got != want {
						t.Fatalf("%v: %v: %v, want %v", a, vm.Call(d), got, want)
					}
				}
			}
		})
	}
}

// clean is a call with arguments of 32 bits as C passes them: unsigned ones, or
// signed ones.
func clean(a arch.Arch, d rule.Data, signed bool) rule.Data {
	name, _ := a.Name(d.Nr)
	args, _ := proto.Of(a, name)
	for i := range min(len(args), 6) {
		if args[i].Bits == 32 {
			d.Args[i] &= 1<<32 - 1
			if signed && a.Bits() == 64 && int32(d.Args[i]) < 0 {
				d.Args[i] |= 0xffffffff << 32
			}
		}
	}
	return d
}

// calls are those of every number, and around the constants of rules, with and
// without dirt in the high words.
func calls(p *oci.Profile, a arch.Arch) iter.Seq[rule.Data] {
	return func(yield func(rule.Data) bool) {
		last, _ := a.LastNumber()
		numbers := []uint32{last + 1, 0x40000000, 0x40000001, 0x7fffffff, 0xfffffffe, 0xffffffff}
		first := uint32(0)
		if a == arch.X32 {
			first = arch.X32Bit
		}
		for nr := first; nr <= last; nr++ {
			numbers = append(numbers, nr)
		}
		for _, nr := range numbers {
			d := rule.Data{Nr: nr, Arch: a.Audit()}
			if !yield(d) {
				return
			}
			name, _ := a.Name(nr)
			for _, args := range points(p, name) {
				if d.Args = args; a.Bits() == 32 && a != arch.X32 {
					for i := range d.Args {
						d.Args[i] &= 1<<32 - 1
					}
				}
				if !yield(d) {
					return
				}
			}
		}
	}
}

// points are lists of arguments that the rules about a call may tell apart.
func points(p *oci.Profile, name string) [][6]uint64 {
	values := [6][]uint64{}
	for _, r := range p.Rules {
		about := slices.ContainsFunc(r.Names, func(n oci.Name) bool { return n.Name == name })
		for _, a := range r.Args {
			if about {
				for _, v := range []uint64{a.Value, a.ValueTwo, a.Value | a.ValueTwo, ^a.Value} {
					values[a.Index] = append(values[a.Index], v-1, v, v+1, v&(1<<32-1), v|1<<32, v|1<<63, v^1<<31, v<<1)
				}
			}
		}
	}
	if name == "socketcall" || name == "ipc" {
		for v := range uint64(26) {
			values[0] = append(values[0], v, v|1<<16, v|1<<32)
		}
	}
	rng := rand.New(rand.NewPCG(1, uint64(len(name))))
	all := [][6]uint64{{1 << 32, 1 << 32, 1 << 32, 1 << 32, 1 << 32, 1 << 32}}
	for range 400 {
		var args [6]uint64
		for i, vs := range values {
			if args[i] = rng.Uint64() >> rng.UintN(64); len(vs) > 0 {
				args[i] = vs[rng.IntN(len(vs))]
			}
		}
		if all = append(all, args); !slices.ContainsFunc(values[:], func(vs []uint64) bool { return len(vs) > 0 }) {
			break
		}
	}
	return all
}

// eval is what a profile without overlapping actions says of a call, in 64 bits
// and a dozen lines.
func eval(p *oci.Profile, name string, args [6]uint64) rule.Action {
	for _, r := range p.Rules {
		holds := slices.ContainsFunc(r.Names, func(n oci.Name) bool { return n.Name == name })
		for _, c := range r.Args {
			v := args[c.Index]
			holds = holds && map[policytext.Op]bool{
				policytext.EQ: v == c.Value, policytext.NE: v != c.Value, policytext.LT: v < c.Value, policytext.LE: v <= c.Value,
				policytext.GT: v > c.Value, policytext.GE: v >= c.Value, policytext.MaskedEQ: v&c.Value == c.ValueTwo,
			}[c.Op]
		}
		if holds {
			return r.Action
		}
	}
	return p.Default
}

// exported is a policy text as a profile, by way of its JSON, and what it means
// with values for its parameters, 10 and up.
func exported(t testing.TB, file, text string, archs ...arch.Arch) (*oci.Profile, []*rule.Policy, error) {
	t.Helper()
	f, errs := gen.Parse(file, text, gen.Tileseal)
	var ps []*rule.Policy
	for _, a := range archs {
		res, list := gen.Resolve(f, a, compile.Plain)
		if err := append(errs, list...).Err(); err != nil {
			t.Fatal(err)
		}
		var values []uint64
		for i := range res.Params {
			values = append(values, uint64(10+i))
		}
		ps = append(ps, policytext.Fill(res.Policy, values))
	}
	p, err := oci.Export(ps, archs)
	if err != nil {
		return nil, ps, err
	}
	return read(t, string(p.JSON())), ps, nil
}

// TestExport: the profile made of a policy judges every call, dirt in high words
// included, as the policy does; and read back it is proven to mean the same.
func TestExport(t *testing.T) {
	texts := map[string]string{}
	for name, text := range expressions {
		texts[name] = "uint a, uint b\nread: (in (arg 0) a b)\n" + text
	}
	files, err := filepath.Glob("../../policy/*" + gen.Ending)
	if err != nil || len(files) == 0 {
		t.Fatalf("no policies: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[file] = string(text)
	}
	for name, text := range texts {
		p, ps, err := exported(t, name, text, arch.X86_64)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for d := range calls(p, arch.X86_64) {
			call, ok := arch.X86_64.Name(d.Nr)
			if want := ps[0].Eval(d, nil); ok && eval(p, call, d.Args) != want {
				t.Errorf("%s: %v: %v, want %v", name, vm.Call(d), eval(p, call, d.Args), want)
				break
			}
		}
		if _, err := prove.SameMeaning(ps[0], imported(t, p, arch.X86_64)); err != nil {
			t.Errorf("%s: back again: %v", name, err)
		}
	}
}

// expressions are conditions of every form, as entries of a policy.
var expressions = map[string]string{
	"orders of 32 bits":  "close: (< (arg 0) 100)\nfsync: (<= (arg 0) a)\ndup: (> (arg 0) 0x7fffffff)\nfchmod: (>= (arg 1) b)",
	"orders of 64 bits":  "lseek: (< (arg 1) 100)\nwrite: (<= (arg 2) a)\npread64: (> (arg 2) 0x7fffffff)\npwrite64: (>= (arg 2) b)",
	"ranges":             "close: (range (arg 0) 3 100)\nlseek: (range (arg 1) 0x100000000 0x1ffffffff)\nfsync: (not (range (arg 0) 3 4))",
	"masks":              "mmap: (eq (mask (arg 2) PROT_EXEC) 0)\nmprotect: (ne (mask (arg 2) 6) 6)\nopenat: (< (mask (arg 2) 0xf0) 0x30)\nmadvise: (> (mask (arg 2) 0xf0) 0x35)",
	"junctions":          "write: (and (ne (arg 0) a) (or (< (arg 2) 10) (eq (arg 2) 64)))\nfcntl: (or (and (eq (arg 0) 3) (eq (arg 1) 1)) (not (or (eq (arg 0) 5) (eq (arg 0) 6))))",
	"an error otherwise": "socket: (eq (arg 0) 1)\nsocket -> errno(EAFNOSUPPORT)\nclone3 -> errno(ENOSYS)\ndup: (ne (arg 0) 4)\ndup -> log",
	"default errno":      "default -> errno(ENOSYS)\nwrite -> errno(EPERM): (> (arg 0) 2)\nclose -> kill_process",
	"default allow":      "default -> allow\nptrace -> errno(EPERM)\nsocket -> errno(EPERM): (in (arg 0) 16 38)",
	"other actions":      "write -> trap\nclose -> trace(3)\ndup -> notify\nfsync -> kill_thread",
}

// TestExportCompiles: package filter, libseccomp's model, makes a program of an
// exported profile that is proven equal to the policy.
func TestExportCompiles(t *testing.T) {
	for _, text := range []string{
		"uint fd\nwrite: (in (arg 0) 2 fd)\nlseek: (and (eq (arg 0) fd) (< (arg 1) 100))\nexit_group",
		"noarg\nsocket: (eq (arg 0) 1)\nsocket -> errno(EAFNOSUPPORT)\nmmap: (eq (mask (arg 2) 4) 0)",
	} {
		p, ps, err := exported(t, "p", text, arch.X86_64)
		if err != nil {
			t.Fatal(err)
		}
		var program []bpf.Insn
		for _, in := range filterOf(t, p, arch.X86_64).Insns() {
			program = append(program, bpf.Insn(in))
		}
		if _, err := prove.Equal(&prove.Program{Insns: prove.Concrete(program)}, ps[0]); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestExportSeveral: a profile for several architectures means what the policy
// does on each, or is refused.
func TestExportSeveral(t *testing.T) {
	archs := []arch.Arch{arch.X86_64, arch.X86, arch.X32}
	p, ps, err := exported(t, "p", "uint fd\nwrite: (eq (arg 0) fd)\nstat64 on i386\nnewfstatat on x86_64 x32\nclose: (ne (arg 0) 3)", archs...)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range archs {
		if _, err := prove.SameMeaning(ps[i], imported(t, p, a)); err != nil {
			t.Errorf("%v: %v", a, err)
		}
	}
	for text, want := range map[string]string{
		"noarg\nwrite on x86_64: (eq (arg 0) 1)\nwrite on i386 x32":           "on i386 the policy differs: write() is allow, and would be kill_process",
		"noarg\nsocket: (eq (arg 0) 1)":                                       "on i386 a program can also call socket through socketcall",
		"noarg\nsocket":                                                       "on i386 the policy differs: socketcall(0x1) is kill_process, and would be allow",
		"noarg\nnewer -> errno(ENOSYS)\nread":                                 "newer -> errno(38): a profile has no rule for calls newer than the tables",
		"noarg\nread -> trap(3)":                                              "p:2: read -> trap(3): a profile has no number for trap",
		"noarg\ndefault -> trap(3)\nread":                                     "default -> trap(3): a profile has no number for trap",
		"noarg\npwrite64: (and (ne (arg 0) 5) (ne (arg 2) 5) (ne (arg 3) 5))": "p:2: pwrite64: its conditions take more than 256 rules",
	} {
		if _, _, err := exported(t, "p", text, archs...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
