package main

import (
	"strings"
	"testing"
)

const profileJSON = `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
 {"names": ["read", "getpid"], "action": "SCMP_ACT_ALLOW"},
 {"names": ["close"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 2, "op": "SCMP_CMP_GT"}]}]}
`

// TestExchange: every notation there and, where there is a way, back.
func TestExchange(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "small.seccomppolicy", small)
	write(t, "profile.json", profileJSON)
	write(t, "odd.json", `{"defaultAction": "SCMP_ACT_KILL", "listenerPath": "/x"}`)
	write(t, "tool.policy", "read: 1\nclose: arg0 > 2\n")
	write(t, "wrong.policy", "raed: 1\n")
	write(t, "newer.seccomppolicy", "noarg\nnewer -> errno(ENOSYS)\nread\n")
	for _, tc := range []struct {
		args string
		code int
		want string // in standard error, or in standard output if the status is 0
	}{
		{"import -arch x86_64 profile.json", 0, "noarg\n\ndefault -> errno(EPERM)\n\nread\ngetpid\nclose: (> (arg 0) 2)\n"},
		{"import -arch x86_64 -from oci profile.json", 0, "OCI runtime specification"},
		{"import -arch x86_64 tool.policy", 0, "read\nclose: (> (arg 0) 2)\n"},
		{"import -arch x86_64,i386 tool.policy", 0, "read\nclose: (> (arg 0) 2)\n"},
		{"import -arch x86_64 -lenient odd.json", 0, "default -> kill_thread"},
		{"import -arch x86_64 odd.json", 1, "odd.json:1:52: listenerPath is about loading the filter, of which a policy says nothing; with -lenient it is left out\n\t{"},
		{"import -arch x86_64,i386 profile.json", 1, "the profile is for x86_64, not for i386"},
		{"import -arch x86_64 wrong.policy", 1, "wrong.policy:1:1: x86_64 has no call raed"},
		{"import -from minijail -arch x86_64 profile.json", 1, `profile.json:1:2: "\"" has no meaning here`},
		{"import -from oci tool.policy", 1, "tool.policy:1:1: invalid character 'r'"},
		{"import missing.json", 1, "missing.json: no such file"},
		{"import", 2, "takes one policy file, found 0"},
		{"import -from yaml profile.json", 2, "there are oci and minijail"},
		{"import -cap SYS_ADMIN profile.json", 2, "a capability is written as in CAP_SYS_ADMIN"},
		{"import -kernel new profile.json", 2, "a version is written as in 6.1"},
		{"import -cap none tool.policy", 2, "-cap and -kernel go with profiles of moby"},
		{"import -h", 0, "As in:"},
		{"export -to oci -arch x86_64 -p log_fd=-1 small.seccomppolicy", 0, `"valueTwo": 4294967295`},
		{"export -to c -arch x86_64 small.seccomppolicy", 0, "struct sock_filter"},
		{"export -to raw -arch x86_64 -p log_fd=3 small.seccomppolicy", 0, "\x15\x00"},
		{"export -to pseudo -arch x86_64 small.seccomppolicy", 0, "\tcall 1, write if (low arg0 == 0x2) || (low arg0 == log_fd): allow\n\tcall 1, write: kill_process\n"},
		{"export -arch x86_64 small.seccomppolicy", 2, "-to says what to write"},
		{"export -to yaml small.seccomppolicy", 2, `there is no notation "yaml"`},
		{"export -to c -p log_fd=3 small.seccomppolicy", 2, "-p goes with -to oci and raw"},
		{"export -to oci -arch x86_64 small.seccomppolicy", 2, "needs a value for log_fd"},
		{"export -to oci -arch x86_64 newer.seccomppolicy", 1, "newer.seccomppolicy cannot be exported: newer -> errno(38): a profile has no rule for calls newer than the tables"},
		{"export -h", 0, "As in:"},
	} {
		code, out, errs := call(strings.Fields(tc.args)...)
		got := errs
		if tc.code == 0 {
			got = out
		} else if out != "" {
			t.Errorf("%s: failed and wrote %q", tc.args, out)
		}
		if code != tc.code || !strings.Contains(got, tc.want) {
			t.Errorf("%s: exit %d, want %d; printed %q, want %q", tc.args, code, tc.code, got, tc.want)
		}
	}
}

// TestExchangeBack: a text that came from a profile means the same after it has
// been one again, and by then it stays as it is.
func TestExchangeBack(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "profile.json", profileJSON)
	var texts []string
	for _, file := range []string{"1.seccomppolicy", "2.seccomppolicy", "3.seccomppolicy"} {
		code, text, errs := call("import", "-arch", "x86_64", "profile.json")
		if code != 0 {
			t.Fatal(errs)
		}
		texts = append(texts, text)
		write(t, file, text)
		code, profile, errs := call("export", "-to", "oci", "-arch", "x86_64", file)
		if code != 0 {
			t.Fatal(errs)
		}
		write(t, "profile.json", profile)
	}
	if texts[1] != texts[2] {
		t.Errorf("first\n%s\nthen\n%s", texts[1], texts[2])
	}
	if code, out, errs := call("diff", "-arch", "x86_64", "1.seccomppolicy", "2.seccomppolicy"); code != 0 {
		t.Errorf("the first and the second text differ: %s%s", out, errs)
	}
}
