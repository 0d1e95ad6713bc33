package lint

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
)

var archs = []arch.Arch{arch.X86, arch.X86_64, arch.AArch64}

// found says what Check finds, as in "3:1 L5", those waived in parentheses.
func found(t *testing.T, text string, archs ...arch.Arch) string {
	t.Helper()
	list, errs := Check("p", text, gen.Tileseal, archs, compile.Plain)
	var all []string
	for _, e := range errs {
		t.Errorf("%v", e)
	}
	for _, f := range list {
		s := fmt.Sprintf("%d:%d %s", f.Pos.Line, f.Pos.Col, f.Code)
		if f.Archs != nil {
			s += " on " + strings.Join(f.Archs, " ")
		}
		if f.Reason != "" {
			s = "(" + s + ")"
		}
		all = append(all, s)
	}
	return strings.Join(all, ", ")
}

func TestRules(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"nothing", "uint fd\nwrite: (eq (arg 0) fd)\nexit_group", ""},

		{"L1 allowed", "noarg\ninit_module\nreboot: (eq (arg 2) 0)", "2:1 L1, 3:1 L1"},
		{"L1 logged", "noarg\ninit_module -> log", "2:1 L1"},
		{"L1 refused", "noarg\ninit_module -> errno(EPERM)\nreboot -> trap\nsetns -> kill_process", ""},
		{"L1 by a group", "noarg\ngroup mounts = mount umount2\n\n@mounts", "4:1 L1, 4:1 L1"},
		{"L1 on some", "noarg\niopl on i386 x86_64", "2:1 L1 on i386 x86_64"},
		{"L1 default", "noarg\ndefault -> allow\nwrite -> errno(EPERM)", "2:1 L1"},
		{"L1 default logs", "noarg\ndefault -> log", "2:1 L1"},
		{"L1 newer", "noarg\nnewer -> allow\nwrite", "2:1 L1"},
		{"L1 newer refused", "noarg\nnewer -> errno(ENOSYS)\nwrite", ""},

		{"L2", "noarg\nio_uring_setup\nio_uring_enter: (eq (arg 0) 3)\nio_uring_register -> errno(ENOSYS)", "2:1 L2, 3:1 L2"},

		{"L3", "noarg\nclone3\nopenat2", "2:1 L3, 3:1 L3"},
		{"L3 ENOSYS", "noarg\nclone3 -> errno(ENOSYS)\nopenat2 -> errno(ENOSYS)", ""},
		{"L3 packed mmap", "noarg\nmmap on i386", "2:1 L3 on i386"},
		{"L3 mmap2", "noarg\nmmap2 on i386: (eq (arg 2) 1)", ""},
		{"L3 socketcall", "noarg\nsocketcall on i386: (eq (arg 0) 1)", "2:1 L3 on i386"},

		{"L4", "noarg\nptrace\nprocess_vm_writev\npidfd_getfd\nbpf: (eq (arg 0) 0)", "2:1 L4, 3:1 L4, 4:1 L4, 5:1 L4"},

		{"L5 any", "noarg\nmprotect", "2:1 L5"},
		{"L5 listed", "noarg\nmprotect: (in (arg 2) PROT_READ \"PROT_READ|PROT_WRITE\" \"PROT_READ|PROT_EXEC\")", ""},
		{"L5 listed with both", "noarg\nmprotect: (in (arg 2) PROT_READ \"PROT_WRITE|PROT_EXEC\")", "2:1 L5"},
		{"L5 masked", "noarg\nmprotect: (eq (mask (arg 2) PROT_EXEC) 0)", ""},
		{"L5 masked, the wrong bit", "noarg\nmprotect: (eq (mask (arg 2) PROT_READ) 0)", "2:1 L5"},
		{"L5 ordered", "noarg\nmprotect: (<= (arg 2) 5)", ""},
		{"L5 ordered, one more", "noarg\nmprotect: (<= (arg 2) 6)", "2:1 L5"},
		{"L5 only one value left out", "noarg\nmprotect: (ne (arg 2) 7)", "2:1 L5"},
		{"L5 all of them left out", "noarg\nmprotect: (and (ne (mask (arg 2) 6) 6) (eq (arg 1) 4096))", ""},
		{"L5 refused with both, otherwise any", "noarg\nmmap on x86_64 -> errno(EPERM)\nmmap on aarch64: (eq (arg 2) PROT_NONE)", ""},
		{"L5 by parameter", "uint prot\nmprotect: (eq (arg 2) prot)", "2:1 L5"},
		{"L5 mmap", "noarg\nmmap on x86_64 aarch64\nmmap2 on i386: (eq (arg 2) 3)\npkey_mprotect: (eq (arg 3) 1)", "2:1 L5 on x86_64 aarch64, 4:1 L5"},
		{"L5 shmat", "noarg\nshmat: (eq (arg 0) 3)", "2:1 L5"},
		{"L5 shmat read-only", "noarg\nshmat: (eq (arg 2) 0x1000)", ""},

		{"L6 any", "noarg\nioctl", "2:1 L6"},
		{"L6 any on a descriptor", "uint fd\nioctl: (eq (arg 0) fd)", "2:1 L6"},
		{"L6 listed", "noarg\nioctl: (in (arg 1) TCGETS TCSETS)", ""},
		{"L6 not one", "noarg\nioctl: (ne (arg 1) TIOCSTI)", "2:1 L6"},
		{"L6 a range", "noarg\nioctl: (or (eq (arg 1) TCGETS) (range (arg 1) 0x5500 0x5600))", "2:1 L6"},
		{"L6 masked", "noarg\nioctl: (eq (mask (arg 1) 0xff00) 0x5400)", "2:1 L6"},
		{"L6 TIOCSTI", "noarg\nioctl: (in (arg 1) TCGETS TIOCSTI)", "2:1 L6"},
		{"L6 TIOCLINUX", "noarg\nioctl: (in (arg 1) TCGETS 0x541c)", "2:1 L6"},
		{"L6 denied", "noarg\nioctl -> errno(ENOTTY)", ""},

		{"L7 missing", "noarg\npoll on i386 x86_64: (eq (arg 1) 1)", "2:1 L7 on i386 x86_64"},
		{"L7 both", "noarg\npoll on i386 x86_64: (eq (arg 1) 1)\nppoll: (eq (arg 1) 1)", ""},
		{"L7 the newer one refused", "noarg\npoll on i386 x86_64\nppoll -> errno(ENOSYS)", ""},
		{"L7 default refuses", "noarg\ndefault -> errno(ENOSYS)\nopen on i386 x86_64", ""},
		{"L7 open", "noarg\nopen on i386 x86_64: (eq (arg 1) O_RDONLY)", "2:1 L7 on i386 x86_64"},
		{"L7 only the newer one", "noarg\nopenat: (eq (arg 2) O_RDONLY)", ""},
		{"L7 checked less", "noarg\nrenameat: (eq (arg 1) 0)\nrenameat2", "3:1 L7"},
		{"L7 checked less, the other way", "noarg\nrenameat2: (eq (arg 4) 0)\nrenameat", "3:1 L7"},
		{"L7 refused and passed", "noarg\nopen on i386 x86_64 -> errno(EPERM)\nopenat", "3:1 L7 on i386 x86_64"},
		{"L7 falls back", "noarg\nopenat2 -> errno(ENOSYS)\nopenat", ""},
		{"L7 of a level", "noarg\ninclude go/core go/crash\ntkill", "3:1 L7"},
		{"L7 vectors", "noarg\nwrite: (eq (arg 0) 2)\nwritev", "3:1 L7"},

		{"L8", "noarg\ninclude go/core", "2:9 L8"},
		{"L8 with the level", "noarg\ninclude go/core go/crash", ""},
		{"L8 by a rule", "noarg\ninclude go/core\nwrite: (eq (arg 0) 2)", ""},
		{"L8 by a rule for another descriptor", "noarg\ninclude go/core\nwrite: (eq (arg 0) 1)", "2:9 L8"},

		{"L9", "noarg\nexecve\nexecveat -> errno(ENOSYS)", "2:1 L9"},
		{"L9 of a level", "noarg\ninclude go/core go/crash\ninclude go/exec", "3:9 L9"},

		{"L10 directory", "uint dir\nunlinkat: (eq (arg 0) dir)", "2:1 L10"},
		{"L10 AT_FDCWD", "uint dir\nunlinkat: (eq (arg 0) AT_FDCWD)\nfsync: (eq (arg 0) dir)", ""},
		{"L10 no path", "uint dir\nutimensat: (and (eq (arg 0) dir) (eq (arg 1) 0))", ""},
		{"L10 nothing compared", "noarg\nunlinkat: (eq (arg 2) 0)", ""},
		{"L10 number", "noarg\nopenat: (eq (arg 2) 0x10000)", "2:1 L10 on aarch64"},
		{"L10 number that is the same everywhere", "noarg\nopenat: (eq (arg 2) 0x80000)", ""},
		{"L10 name", "noarg\nopenat: (eq (arg 2) O_DIRECTORY)", ""},
		{"L10 number on one", "noarg\nopenat on x86_64: (eq (arg 2) 0x10000)", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := found(t, test.text, archs...); got != test.want {
				t.Errorf("%s\nfound %q, want %q", test.text, got, test.want)
			}
		})
	}
}

// TestMessages pins what a reader is told.
func TestMessages(t *testing.T) {
	for text, want := range map[string]string{
		"noarg\nopenat: (eq (arg 2) 0x10000)": "p:2:1: L10: 0x10000 is O_DIRECTORY on i386 and O_DIRECT on aarch64; name the constants (on aarch64)",
		"noarg\ninclude go/core go/crash\ninclude go/exec": "p:3:9: L9: go/exec: execve runs any program its path names, which no filter sees; " +
			"the filter stays, the program's own checks do not",
		"noarg\npoll on x86_64": "p:2:1: L7: poll passes and ppoll kills, which a newer library may call in its place; " +
			"allow it alike, or answer it with errno(ENOSYS) (on x86_64)",
	} {
		list, errs := Check("p", text, gen.Tileseal, archs, compile.Plain)
		if len(errs) > 0 || len(list) != 1 || list[0].Error() != want {
			t.Errorf("%s\nfound %v %v, want %s", text, list, errs, want)
		}
	}
}

func TestWaivers(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"above", "noarg\n# allow L5: the JIT\nmprotect", "(3:1 L5)"},
		{"behind", "noarg\nmprotect # allow L5: the JIT", "(2:1 L5)"},
		{"in a longer comment", "noarg\n# Anything goes here.\n# allow L5: the JIT writes\n# where it runs\nmprotect", "(5:1 L5)"},
		{"inside an entry", "noarg\nmprotect: (or\n  # allow L5: the JIT\n  (eq (arg 2) 7)\n  (eq (arg 2) 1))", "(2:1 L5)"},
		{"two rules", "uint fd\n# allow L6, L10: it is so\nioctl: (eq (arg 0) fd)\n# allow L10: only names of its own\nunlinkat: (eq (arg 0) fd)", ""},
		{"of another entry", "noarg\n# allow L5: the JIT\nmprotect\npkey_mprotect", "(3:1 L5), 4:1 L5"},
		{"of an include", "noarg\ninclude go/core go/crash\n# allow L9: it starts ls\ninclude go/exec", "(4:9 L9)"},
		{"on another architecture", "noarg\n# allow L5: the JIT\nmmap on riscv64: (eq (arg 2) 7)", ""},
		{"no waiver", "noarg\n# allow LSEEK, and the like\nwrite", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.name == "two rules" { // L10 waives nothing above ioctl
				wrong(t, test.text, "2:1: nothing here has to be allowed by L10")
				return
			}
			if got := found(t, test.text, archs...); got != test.want {
				t.Errorf("%s\nfound %q, want %q", test.text, got, test.want)
			}
		})
	}
}

// wrong wants exactly one error, which contains want.
func wrong(t *testing.T, text, want string) {
	t.Helper()
	_, errs := Check("p", text, gen.Tileseal, archs, compile.Plain)
	if len(errs) != 1 || errs.Err() == nil || !strings.Contains(errs[0].Error(), want) {
		t.Errorf("%s\nerrors %v, want %q", text, errs, want)
	}
}

func TestWrongWaivers(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"noarg\n# allow L5\nmprotect", "p:2:1: a waiver needs a reason, behind a colon: # allow L5: REASON"},
		{"noarg\n# allow L5:\nmprotect", "a waiver needs a reason"},
		{"noarg\nmprotect # allow L5 because\n", "p:2:10: a waiver needs a reason"},
		{"noarg\n# allow L11: so\nmprotect", "there is no rule L11; the rules are L1 to L10"},
		{"noarg\n# allow l5: so\nmprotect", "there is no rule l5"},
		{"noarg\n# allow L5: so\n\nmprotect", "no entry follows this waiver"},
		{"noarg\nmprotect\n# allow L5: so\n", "no entry follows this waiver"},
		{"noarg\n# allow L5: so\nmprotect: (eq (arg 2) 1)", "nothing here has to be allowed by L5; remove the waiver"},
		{"noarg # allow L8: so\nwrite", "nothing here has to be allowed by L8"},
	} {
		wrong(t, test.text, test.want)
	}
}

// TestErrors wants what gen reports, and no complaint about waivers that could
// not be judged.
func TestErrors(t *testing.T) {
	wrong(t, "noarg\n# allow L5: so\nmprotect: (eq (arg 2) 1)\nwirte", `4:1: unknown system call "wirte" on i386, x86_64, aarch64; did you mean "write"?`)
}

func TestIncludes(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("log.seccomppolicy", "uint fd\nwrite: (eq (arg 0) fd)\n")
	write("groups.seccomppolicy", "noarg\ngroup io = read write\n@io: (eq (arg 0) 77)\n")
	write("jit.seccomppolicy", "noarg\nmprotect\n")
	write("waived.seccomppolicy", "noarg\nmprotect # allow L5: the JIT\n")
	write("odd.seccomppolicy", "noarg\n# allow L5\nread\n")
	for _, test := range []struct{ name, text, want string }{
		{"needed", "uint fd\ninclude \"log.seccomppolicy\"\nwrite: (eq (arg 0) 2)", ""},
		{"the same rule", "uint fd\ninclude \"log.seccomppolicy\"\nwrite: (eq (arg 0) fd)", "p:2:9 L10"},
		{"a wider rule", "uint fd\ninclude \"log.seccomppolicy\"\nwrite\nfsync: (eq (arg 0) fd)", "p:2:9 L10"},
		{"needed on i386", "uint fd\ninclude \"log.seccomppolicy\"\nwrite on x86_64 aarch64\nfsync: (eq (arg 0) fd)", ""},
		{"needed for a group", "noarg\ninclude \"groups.seccomppolicy\"\n@io", ""},
		{"a level", "noarg\ninclude go/core go/crash\nwrite: (eq (arg 0) 2)", ""},
		{"a finding in the file", "noarg\ninclude \"jit.seccomppolicy\"", "jit.seccomppolicy:2:1 L5"},
		{"waived in the file", "noarg\ninclude \"waived.seccomppolicy\"", "(waived.seccomppolicy:2:1 L5)"},
		{"not waived from outside", "noarg\n# allow L10: a habit\ninclude \"jit.seccomppolicy\"\nmprotect", "(p:3:9 L10), jit.seccomppolicy:2:1 L5"},
		{"wrong waivers are the file's own", "noarg\ninclude \"odd.seccomppolicy\"", ""},
	} {
		list, errs := Check("p", test.text, gen.Tileseal, archs, compile.Plain)
		var all []string
		for _, f := range list {
			s := f.Pos.String() + " " + f.Code
			if f.Reason != "" {
				s = "(" + s + ")"
			}
			all = append(all, s)
		}
		if got := strings.Join(all, ", "); got != test.want || len(errs) > 0 {
			t.Errorf("%s: found %q, %v; want %q", test.name, got, errs, test.want)
		}
	}
}

// TestNames holds the lists of calls to the kernel's tables.
func TestNames(t *testing.T) {
	known := func(name string) bool {
		return slices.ContainsFunc(arch.All(), func(a arch.Arch) bool { _, ok := a.Number(name); return ok })
	}
	for name := range list {
		if !known(name) {
			t.Errorf("no architecture has %s", name)
		}
	}
	for _, name := range slices.Concat(aliases...) {
		if !known(name) {
			t.Errorf("no architecture has %s", name)
		}
	}
	for _, f := range families {
		for _, name := range f.calls {
			if !known(name) || len(f.in(arch.X86_64, 1<<32-1)) == 0 && f.set {
				t.Errorf("%s: no such call, or no constants for it", name)
			}
		}
	}
}

// TestRepository pins what is found in the policies of the repository, waived or
// not, and that nothing else is wrong with them.
func TestRepository(t *testing.T) {
	want := map[string]string{
		"genesi": "L10", "pidns": "L7", "snapct": "L10", "snapmk": "L10 L7", "snapsv": "L2",
	}
	files, err := filepath.Glob("../../policy/*" + gen.Ending)
	if err != nil || len(files) < 60 {
		t.Fatalf("%d policies, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		list, errs := Check(file, string(text), gen.Tileseal, archs, compile.Plain)
		var codes []string
		for _, f := range list {
			codes = append(codes, f.Code)
		}
		slices.Sort(codes)
		if got := strings.Join(slices.Compact(codes), " "); got != want[gen.PolicyName(file)] || len(errs) > 0 {
			t.Errorf("%s: found %v %v, want %q", file, list, errs, want[gen.PolicyName(file)])
		}
	}
}
