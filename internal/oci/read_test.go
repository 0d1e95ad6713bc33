package oci_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/oci"
	"github.com/tileseal/tileseal/internal/policytext"
	"github.com/tileseal/tileseal/internal/rule"
)

// TestReadErrors: what a profile cannot mean is an error where it stands.
func TestReadErrors(t *testing.T) {
	for text, want := range map[string]string{
		``:                                       "p:1:1: the file ends in the middle of a JSON value",
		`{"defaultAction":`:                      "p:1:18: the file ends in the middle of a JSON value",
		`{"defaultAction" "x"}`:                  "p:1:18: invalid character '\"' after object key",
		`[]`:                                     "p:1:1: a profile is an object",
		`{}`:                                     "p:1:1: a profile has a defaultAction",
		`{"defaultAction": null}`:                "p:1:1: a profile has a defaultAction",
		`{"defaultAction": "SCMP_ACT_ALLOW"} x`:  "p:1:37: something follows the end",
		`{"defaultAction": "SCMP_ACT_ALLOW"} {}`: "p:1:37: something follows the end",
		"{\n \"defaultAction\": \"SCMP_ACT_DENY\"}":                                                                                                         `p:2:19: there is no action "SCMP_ACT_DENY"; there are SCMP_ACT_ALLOW, `,
		`{"defaultAction": "SCMP_ACT_ALLOW", "defaultAction": "SCMP_ACT_KILL"}`:                                                                             `p:1:37: "defaultAction" stands twice in one object`,
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscals": []}`:                                                                                                `p:1:37: a profile has no field "syscals"`,
		`{"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 1}`:                                                                                         "p:1:56: SCMP_ACT_ALLOW takes no errno",
		`{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 4096}`:                                                                                      "p:1:56: an errno is a whole number from 0 to 4095",
		`{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": -1}`:                                                                                        "p:1:56: an errno is a whole number from 0 to 4095",
		`{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "defaultErrno": "EPERM"}`:                                                               "p:1:76: the name of an errno stands beside the same errno",
		`{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["x86_64"]}`:                                                                                  `p:1:55: there is no architecture "x86_64"; there are SCMP_ARCH_AARCH64`,
		`{"defaultAction": "SCMP_ACT_ALLOW", "architectures": [], "archMap": []}`:                                                                           "",
		`{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86"], "archMap": [{"architecture": "SCMP_ARCH_X86"}]}`:                           "p:1:84: a profile has architectures or archMap, not both",
		`{"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_X"]}`:                                                                           `p:1:47: there is no flag "SECCOMP_FILTER_FLAG_X"`,
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": {}}`:                                                                                               "p:1:49: syscalls is an array",
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"action": "SCMP_ACT_KILL"}]}`:                                                                    "p:1:50: a rule has names",
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"]}]}`:                                                                            "p:1:50: a rule has an action",
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": null}]}`:                                                            "p:1:50: a rule has an action",
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_KILL", "args": [{"index": 0, "value": 1, "op": null}]}]}`: "p:1:106: an argument's condition has index, value and op; op is missing",
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": [""], "action": "SCMP_ACT_KILL"}]}`:                                                     "p:1:61: the name of a call is a string that is not empty",
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"name": "read", "names": ["read"], "action": "SCMP_ACT_KILL"}]}`:                                 "p:1:59: a rule has a name or names, not both",
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_KILL", "errnoRet": 1}]}`:                                  "p:1:109: SCMP_ACT_KILL takes no errno",
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_KILL", "args": [{"value": 1}]}]}`:                         "p:1:106: an argument's condition has index, value and op; index is missing",
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_KILL", "arg": []}]}`:                                      `p:1:97: a rule has no field "arg"`,
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_KILL", "includes": {"minKernel": "x"}}]}`:                 "p:1:123: minKernel is a version, as in 4.8",
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_KILL", "includes": {"arches": ["vax"]}}]}`:                `p:1:121: there is no architecture "vax"`,
		profileText("SCMP_ACT_ALLOW", 0, on("read", "KILL", "", arg(6, "EQ", 1))):                                                                           "the index of an argument is a whole number from 0 to 5",
		profileText("SCMP_ACT_ALLOW", 0, on("read", "KILL", "", arg(0, "EQ", 1, 2))):                                                                        "valueTwo goes with SCMP_CMP_MASKED_EQ; SCMP_CMP_EQ takes one value",
		profileText("SCMP_ACT_ALLOW", 0, on("read", "KILL", "", arg(0, "SET", 1))):                                                                          `there is no operator "SCMP_CMP_SET"`,
		`{"ociVersion": "1.2.0", "linux": {}}`:                                                                                                              "p:1:1: this configuration has no linux.seccomp",
		`{"ociVersion": "1.2.0", "linux": {"seccomp": {"defaultAction": "SCMP_ACT_ALLOW"}}}`:                                                                "",
	} {
		_, errs := oci.Read("p", []byte(text))
		if got := errs.Error(); !strings.Contains(got, want) || (want == "") != (got == "") {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

// TestMeaningErrors: a rule without a meaning in a policy is an error or a
// doubt, never a loss.
func TestMeaningErrors(t *testing.T) {
	for _, tc := range []struct{ arch, rules, err, doubt string }{
		{"x86_64", on("read", "ALLOW", "", arg(1, "EQ", 5)), "argument 1 is a pointer", ""},
		{"x86_64", on("read", "ALLOW", "", arg(1, "MASKED_EQ", 4095, 0)), "argument 1 is a pointer", ""},
		{"x86_64", on("read", "ALLOW", "", arg(1, "NE", 0)), "", ""},
		{"x86_64", on("fsync", "ALLOW", "", arg(1, "EQ", 5)), "fsync on x86_64: argument 1: it takes 1", ""},
		{"x86_64", on("create_module", "ALLOW", "", arg(0, "EQ", 5)), "its arguments are not known", ""},
		{"x86_64", on("close", "ALLOW", "", arg(0, "EQ", 1<<32)), "argument 0 has 32 bits, and 0x100000000 does not fit them", ""},
		{"x86_64", on("close", "ALLOW", "", arg(0, "LT", 1<<64-1)), "argument 0 has 32 bits", ""},
		{"x86_64", on("close", "ALLOW", "", arg(0, "MASKED_EQ", 1<<40, 1<<40)), "argument 0 has 32 bits", ""},
		{"i386", on("lseek", "ALLOW", "", arg(1, "EQ", 1<<40)), "lseek on i386: argument 1 has 32 bits", ""},
		{"x86_64", on("wirte", "ALLOW", ""), "", "no architecture has a call wirte"},
		{"x86_64", on("chown32", "ALLOW", ""), "", ""},
		{"i386", on("socket", "ALLOW", "", arg(0, "EQ", 1)), "", "on i386 a program can also call socket through socketcall"},
		{"x86_64", on("close", "ALLOW", "", arg(0, "LT", 5)) + "," + on("close", "LOG", "", arg(0, "GT", 3)), "close has two rules that can both apply, this one with log and one with allow", ""},
		{"x86_64", on("close", "ALLOW", "", arg(0, "LT", 5)) + "," + on("close", "LOG", "", arg(0, "GT", 7)), "", ""},
		{"x86_64", on("close", "ALLOW", "") + "," + on("close", "LOG", "", arg(0, "GT", 7)), "", "close -> log never applies: the rule without conditions at line 1 decides"},
		{"x86_64", on("close", "TRAP", "", arg(0, "GT", 7)) + "," + on("close", "ALLOW", ""), "", "close -> trap never applies"},
		{"x86_64", on("close", "LOG", "") + "," + on("close", "TRAP", ""), "", "close -> trap never applies"},
		{"x86_64", on("close", "LOG", "") + "," + on("close", "ALLOW", "", arg(0, "EQ", 7)) + "," + on("close", "ALLOW", ""), "", ""},
		{"i386", on("socketcall", "ALLOW", "") + "," + on("socket", "TRAP", "", arg(0, "EQ", 1)), "", "socketcall -> trap never applies"},
	} {
		a, err := arch.ByName(tc.arch)
		if err != nil {
			t.Fatal(err)
		}
		_, doubts, errs := read(t, profileText("SCMP_ACT_ERRNO", 1, tc.rules)).Meaning("p", a)
		var doubt string
		for _, d := range doubts {
			doubt += d.Msg
		}
		if !strings.Contains(errs.Error(), tc.err) || (tc.err == "") != (len(errs) == 0) || !strings.HasPrefix(doubt, tc.doubt) || (doubt == "") != (tc.doubt == "") {
			t.Errorf("%s on %s: %v, doubts %q; want %q and %q", tc.rules, tc.arch, errs, doubt, tc.err, tc.doubt)
		}
	}
}

// TestUnsaid: two actions under conditions of their own, and a default besides,
// are more than a policy has for one call.
func TestUnsaid(t *testing.T) {
	p := read(t, profileText("SCMP_ACT_ERRNO", 1, on("close", "ALLOW", "", arg(0, "LT", 5))+","+on("close", "LOG", "", arg(0, "GT", 7))))
	m, _, _ := p.Meaning("p", arch.X86_64)
	_, err := policytext.Write(nil, []*rule.Policy{m})
	if want := "close on x86_64 cannot be said: "; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %q", err, want)
	}
}

// TestSelect: moby's selectors, each by itself.
func TestSelect(t *testing.T) {
	m := oci.Machine{Arch: arch.X86_64, Caps: []string{"CAP_CHOWN", "CAP_BPF"}, Kernel: oci.Version{Major: 4, Minor: 8}}
	for selector, want := range map[string]bool{
		`"includes": {}`: true,
		`"includes": {"arches": ["amd64", "arm64"]}`:                   true,
		`"includes": {"arches": ["arm64", "x86", "x32"]}`:              false,
		`"includes": {"caps": ["CAP_CHOWN", "CAP_BPF"]}`:               true,
		`"includes": {"caps": ["CAP_CHOWN", "CAP_SYS_ADMIN"]}`:         false,
		`"includes": {"minKernel": "4.8"}`:                             true,
		`"includes": {"minKernel": "4.9"}`:                             false,
		`"includes": {"minKernel": "3.19"}`:                            true,
		`"includes": {"arches": ["amd64"], "caps": ["CAP_SYS_ADMIN"]}`: false,
		`"excludes": {}`:                                                      true,
		`"excludes": {"arches": ["amd64"]}`:                                   false,
		`"excludes": {"arches": ["s390", "s390x"]}`:                           true,
		`"excludes": {"caps": ["CAP_SYS_ADMIN", "CAP_BPF"]}`:                  false,
		`"excludes": {"caps": ["CAP_SYS_ADMIN"]}`:                             true,
		`"excludes": {"minKernel": "4.8"}`:                                    false,
		`"excludes": {"minKernel": "5.0"}`:                                    true,
		`"includes": {"minKernel": "4.8"}, "excludes": {"caps": ["CAP_BPF"]}`: false,
	} {
		p := read(t, profileText("SCMP_ACT_ERRNO", 1, on("read", "ALLOW", ","+selector)))
		if got := len(p.For(m).Rules) == 1; got != want || !p.Selective() {
			t.Errorf("%s: %v, want %v", selector, got, want)
		}
	}
	p := read(t, `{"defaultAction": "SCMP_ACT_ERRNO", "archMap": [{"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]},
		{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]}]}`)
	for machine, want := range map[arch.Arch][]arch.Arch{
		arch.X86_64:  {arch.X86_64, arch.X86, arch.X32},
		arch.AArch64: {arch.AArch64, arch.ARM},
		arch.RISCV64: {arch.RISCV64},
	} {
		if got := p.For(oci.Machine{Arch: machine}).Archs; !slices.Equal(got, want) {
			t.Errorf("%v: %v, want %v", machine, got, want)
		}
	}
}

// FuzzRead: whatever the text, it is refused or becomes a policy that is proven
// to mean what was read.
func FuzzRead(f *testing.F) {
	for _, text := range profiles {
		f.Add([]byte(text))
	}
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, errs := oci.Read("p", text)
		if errs.Err() != nil {
			for _, e := range errs {
				if e.Pos.Line < 1 || e.Pos.Line > strings.Count(string(text), "\n")+1 || e.Pos.Col < 1 {
					t.Errorf("%v is not in the text", e)
				}
			}
			return
		}
		p = p.For(oci.Machine{Arch: arch.X86_64, Caps: oci.DefaultCaps(), Kernel: oci.Version{Major: 6}})
		m, _, errs := p.Meaning("p", arch.X86_64)
		if errs.Err() != nil {
			return
		}
		switch _, err := policytext.Write(nil, []*rule.Policy{m}); err.(type) {
		case nil, gen.ErrorList, *policytext.Unsaid:
		default:
			t.Error(err)
		}
	})
}
