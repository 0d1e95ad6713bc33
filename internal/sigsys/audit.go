package sigsys

import (
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/rule"
)

// auditStart finds a seccomp record: in the kernel's log and in auditd's
// (AUDIT_SECCOMP is 1326, include/uapi/linux/audit.h), and in the journal.
var auditStart = regexp.MustCompile(`\btype=(?:1326|SECCOMP) |\bSECCOMP auid=`)

// parseAudit reads a line that audit_seccomp (kernel/auditsc.c) wrote, with
// numbers, or with words as ausearch -i prints it. ok is false for any other.
func parseAudit(line string) (r Report, ok bool) {
	at := auditStart.FindStringIndex(line)
	if at == nil {
		return Report{}, false
	}
	line, _, _ = strings.Cut(line[at[0]:], "\x1d") // auditd repeats fields in words behind it
	fields := map[string]string{}
	for _, word := range strings.Fields(line) {
		if name, value, ok := strings.Cut(word, "="); ok && fields[name] == "" {
			fields[name] = value
		}
	}
	machine, call := fields["arch"], fields["syscall"]
	if machine == "" || call == "" {
		return Report{}, false
	}
	r = Report{
		Kind: Audit, Code: verdict(fields["code"]), Compat: fields["compat"] == "1",
		PID: fields["pid"], Comm: untrusted(fields["comm"]), Exe: untrusted(fields["exe"]),
	}
	if r.Arch, ok = parseArch(machine); !ok {
		r.Problem = "arch=" + machine + " is no architecture"
		return r, true
	}
	if r.Nr, ok = parseCall(r.Arch, call); !ok {
		r.Problem = "syscall=" + call + " is neither a number nor a system call of " + r.Arch.String()
	}
	return r, true
}

// parseArch reads an AUDIT_ARCH_ value in hexadecimal, or a name.
func parseArch(s string) (arch.Arch, bool) {
	if a, err := arch.ByName(s); err == nil {
		return arch.Arch(a.Audit()), true
	}
	v, err := strconv.ParseUint(strings.TrimPrefix(s, "0x"), 16, 32)
	return arch.Arch(v), err == nil
}

// parseCall reads a number, a name, or what ausearch makes of a number it does
// not know: unknown-syscall(1073741825).
func parseCall(a arch.Arch, s string) (uint32, bool) {
	if nr, ok := a.Number(s); ok {
		return nr, true
	}
	if at := strings.IndexByte(s, '('); at >= 0 {
		s = strings.TrimSuffix(s[at+1:], ")")
	}
	v, err := strconv.ParseInt(s, 10, 64)
	return uint32(v), err == nil && v == int64(int32(v)) || err == nil && v == int64(uint32(v))
}

// verdict says in the policy language's words what the code is, if it is a
// number.
func verdict(code string) string {
	v, err := strconv.ParseUint(strings.TrimPrefix(code, "0x"), 16, 32)
	if err != nil || !strings.HasPrefix(code, "0x") {
		return code
	}
	return rule.Action(v).String()
}

// untrusted is a text that a process could choose: in quotes, or if it has
// unusual characters as hexadecimal digits (audit_log_untrustedstring). What
// ausearch -i wrote is neither.
func untrusted(s string) string {
	if text, ok := strings.CutPrefix(s, `"`); ok {
		return strings.TrimSuffix(text, `"`)
	}
	if text, err := hex.DecodeString(s); err == nil && s == strings.ToUpper(s) {
		return string(text)
	}
	return s
}
