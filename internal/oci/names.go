package oci

import (
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/policytext"
	"github.com/tileseal/tileseal/internal/rule"
)

// actions are those of the specification. KILL is KILL_THREAD (runc,
// libcontainer/seccomp).
var actions = map[string]rule.Action{
	"SCMP_ACT_KILL":         rule.KillThread,
	"SCMP_ACT_KILL_THREAD":  rule.KillThread,
	"SCMP_ACT_KILL_PROCESS": rule.KillProcess,
	"SCMP_ACT_TRAP":         rule.Trap,
	"SCMP_ACT_ERRNO":        rule.Errno,
	"SCMP_ACT_TRACE":        rule.Trace,
	"SCMP_ACT_ALLOW":        rule.Allow,
	"SCMP_ACT_LOG":          rule.Log,
	"SCMP_ACT_NOTIFY":       rule.UserNotif,
}

// actionName is the inverse; KILL_THREAD by the name that says so.
func actionName(a rule.Action) string {
	for name, b := range actions {
		if a.Kind() == b && name != "SCMP_ACT_KILL" {
			return name
		}
	}
	return ""
}

// ops are the comparisons, of 64 bits, or of 32 on 32-bit architectures.
var ops = map[string]policytext.Op{
	"SCMP_CMP_NE": policytext.NE, "SCMP_CMP_LT": policytext.LT, "SCMP_CMP_LE": policytext.LE, "SCMP_CMP_EQ": policytext.EQ,
	"SCMP_CMP_GE": policytext.GE, "SCMP_CMP_GT": policytext.GT, "SCMP_CMP_MASKED_EQ": policytext.MaskedEQ,
}

// opName is the inverse.
func opName(op policytext.Op) string {
	for name, o := range ops {
		if o == op {
			return name
		}
	}
	return ""
}

const archPrefix = "SCMP_ARCH_"

// archName is the specification's name of an architecture: libseccomp's, in
// capitals.
func archName(a arch.Arch) string { return archPrefix + strings.ToUpper(a.String()) }

// archNames are all of them.
var archNames = func() map[string]arch.Arch {
	m := map[string]arch.Arch{}
	for _, a := range arch.All() {
		m[archName(a)] = a
	}
	return m
}

// mobyArchs are the names moby has for architectures in rules (goToNative,
// profiles/seccomp/seccomp_linux.go), where they are not libseccomp's.
var mobyArchs = map[arch.Arch]string{
	arch.X86_64: "amd64", arch.AArch64: "arm64", arch.MIPSel64N32: "mips3l64n32",
}

func mobyArch(a arch.Arch) string {
	if name, ok := mobyArchs[a]; ok {
		return name
	}
	return a.String()
}

// flags of seccomp(2) that a profile may ask for, and whether every filter of
// this library is loaded that way.
var flags = map[string]bool{
	"SECCOMP_FILTER_FLAG_TSYNC":              true,
	"SECCOMP_FILTER_FLAG_LOG":                false,
	"SECCOMP_FILTER_FLAG_SPEC_ALLOW":         false,
	"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV": false,
}
