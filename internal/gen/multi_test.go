package gen

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/rule"
)

func set(t *testing.T, archs ...arch.Arch) arch.Set {
	t.Helper()
	s, err := arch.NewSet(archs...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var pc = []arch.Arch{arch.X86_64, arch.X86, arch.X32}

// TestReadMulti says what becomes of one call.
func TestReadMulti(t *testing.T) {
	const (
		kill   = rule.KillProcess
		enosys = rule.Errno | 38
		x32    = arch.X32Bit
	)
	for _, tc := range []struct {
		name, text string
		archs      []arch.Arch
		on         arch.Arch
		nr         uint32
		want       rule.Action
	}{
		{"a call", "noarg\ngetppid\n", pc, arch.X86_64, 110, rule.Allow},
		{"of i386", "noarg\ngetppid\n", pc, arch.X86, 64, rule.Allow},
		{"of x32", "noarg\ngetppid\n", pc, arch.X32, x32 | 110, rule.Allow},
		{"of x32, its own number", "noarg\nexecve\n", pc, arch.X32, x32 | 520, rule.Allow},
		{"x86_64's number of that", "noarg\nexecve\n", pc, arch.X32, x32 | 59, kill},
		{"guarded", "noarg\ngetppid on i386\n", pc, arch.X86_64, 110, kill},
		{"x32 not asked for", "noarg\ndefault -> allow\n", pc[:2], arch.X32, x32 | 110, kill},
		{"x32 alone", "noarg\ndefault -> allow\n", pc[1:], arch.X32, x32 | 110, rule.Allow},
		{"x86_64 not asked for", "noarg\ndefault -> allow\n", pc[1:], arch.X86_64, 110, kill},
		{"another architecture", "noarg\ndefault -> allow\n", pc, arch.AArch64, 110, kill},
		{"the default", "noarg\ndefault -> log\n", pc, arch.X86, 110, rule.Log},
		{"skipped, of both", "noarg\ndefault -> log\n", pc, arch.X32, 1<<32 - 1, rule.Log},
		{"newer on x86_64", "noarg\nnewer -> errno(ENOSYS)\n", pc, arch.X86_64, 500, enosys},
		{"newer on x32", "noarg\nnewer -> errno(ENOSYS)\n", pc, arch.X32, x32 | 600, enosys},
		{"old on x32", "noarg\nnewer -> errno(ENOSYS)\n", pc, arch.X32, x32 | 500, kill},
		{"skipped is not newer", "noarg\nnewer -> errno(ENOSYS)\n", pc, arch.X32, 1<<32 - 1, kill},
		{"big-endian", "noarg\ngetppid\n", []arch.Arch{arch.S390X, arch.MIPS}, arch.MIPS, 4064, rule.Allow},
	} {
		for _, layout := range []compile.Layout{compile.Plain, compile.Optimized} {
			_, target, errs := ReadMulti("t"+Ending, tc.text, Tileseal, set(t, tc.archs...), layout)
			if err := errs.Err(); err != nil {
				t.Errorf("%s: %v", tc.name, err)
				continue
			}
			if _, err := target.Prove(); err != nil {
				t.Errorf("%s, layout %v: %v", tc.name, layout, err)
			}
			if got := target.Multi.Eval(rule.Data{Arch: tc.on.Audit(), Nr: tc.nr}, nil); got != tc.want {
				t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
			}
		}
	}
}

// TestReadMultiParams: a parameter may have the values it may have everywhere.
func TestReadMultiParams(t *testing.T) {
	const text = "uint fd, ulong size\nread: (eq (arg 0) fd)\nmunmap: (<= (arg 1) size)\nopenat on i386: (eq (arg 0) fd)\n"
	for _, archs := range [][]arch.Arch{pc, {arch.X86, arch.X86_64}} {
		_, target, errs := ReadMulti("t"+Ending, text, Tileseal, set(t, archs...), compile.Plain)
		if err := errs.Err(); err != nil {
			t.Fatal(err)
		}
		want := []rule.Param{{Name: "fd", Bits: 32, Min: 0, Max: 1<<31 - 1}, {Name: "size", Bits: 64, Max: 1<<32 - 1}}
		lists := [][]rule.Param{target.Params, target.Program.Policy.Params}
		for _, p := range target.Multi.Parts {
			lists = append(lists, p.Policy.Params)
		}
		for i, got := range lists {
			if !slices.Equal(got, want) {
				t.Errorf("%v: list %d is %v", archs, i, got)
			}
		}
	}
	part := func(ps ...rule.Param) rule.Part { return rule.Part{Policy: &rule.Policy{Params: ps}} }
	a, b := rule.Param{Name: "a", Bits: 32}, rule.Param{Name: "b", Bits: 32}
	for want, parts := range map[string][]rule.Part{
		"the policy has 1 parameters on x86_64 and 2 on i386": {part(a), part(a, b)},
		"parameter a of x86_64 is b of i386":                  {part(a, b), part(b, a)},
	} {
		m := &Multi{Multi: rule.Multi{Parts: parts}, Archs: pc[:2]}
		if _, err := m.shareParams(); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// TestReadMultiErrors: an error says which architectures it is about.
func TestReadMultiErrors(t *testing.T) {
	many := "noarg\nwrite: (in (arg 0)"
	for i := range 1400 {
		many += fmt.Sprint(" ", 2*i)
	}
	many += ")\n"
	for _, tc := range []struct {
		text   string
		archs  []arch.Arch
		layout compile.Layout
		want   string
	}{
		{"noarg\nwirte\n", pc, compile.Plain, `t.seccomppolicy:2:1: unknown system call "wirte" on x86_64, i386, x32; did you mean "write"?`},
		{"noarg\nmmap2\n", pc, compile.Plain, "t.seccomppolicy:2:1: mmap2 does not exist on x86_64, x32"},
		{"noarg\nread\n", pc, compile.Classic, "t.seccomppolicy:1:1: layout classic is for one architecture; use plain or optimized"},
		{"noarg\nread\n", nil, compile.Plain, "t.seccomppolicy:1:1: a program is for at least one architecture"},
		{many, pc, compile.Plain, "t.seccomppolicy:2:1: the program has "},
		{"uint fd\nread\n", pc, compile.Plain, "t.seccomppolicy:1:6: parameter fd is never used"},
	} {
		_, target, errs := ReadMulti("t"+Ending, tc.text, Tileseal, set(t, tc.archs...), tc.layout)
		if len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), tc.want) || target.Program != nil {
			t.Errorf("%v\nwant %s", errs, tc.want)
		}
	}
}

// TestArchNames reads lists of architectures.
func TestArchNames(t *testing.T) {
	for names, want := range map[string]string{
		"x86_64":           "",
		"i386,amd64,arm64": "",
		"x86_64,s390x":     "arch: add s390x to x86_64: architectures differ in byte order",
		"i386,x86":         "arch: add x86 to x86: already present",
		"x86_64,vax":       `arch: unknown architecture "vax"; use libseccomp's name of it, such as x86_64`,
	} {
		got := ""
		if _, err := ArchNames(strings.Split(names, ",")).Set(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: error %q, want %q", names, got, want)
		}
	}
}

// TestX32Alone: x86_64's calls arrive with x32's audit value. A program for x32
// kills them, whatever the default.
func TestX32Alone(t *testing.T) {
	for _, layout := range []compile.Layout{compile.Plain, compile.Optimized} {
		_, targets, errs := Read("t"+Ending, "noarg\ndefault -> allow\nptrace -> kill_process\n", Tileseal, []arch.Arch{arch.X32}, layout)
		if err := errs.Err(); err != nil {
			t.Fatal(err)
		}
		m := targets[0].Multi
		for nr, want := range map[uint32]rule.Action{101: rule.KillProcess, 110: rule.KillProcess, arch.X32Bit | 521: rule.KillProcess, arch.X32Bit | 110: rule.Allow} {
			if got := m.Eval(rule.Data{Arch: arch.X32.Audit(), Nr: nr}, nil); got != want {
				t.Errorf("layout %v: call %#x: %v, want %v", layout, nr, got, want)
			}
		}
	}
}
