package decompile_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/decompile"
	"github.com/tileseal/tileseal/internal/program"
	"github.com/tileseal/tileseal/internal/prove"
)

// assembled is a listing as a program.
func assembled(t testing.TB, text string) []bpf.Insn {
	t.Helper()
	p, err := program.Parse("listing", []byte(text), arch.X86_64)
	if err != nil {
		t.Fatal(err)
	}
	return p.Fill(nil)
}

// TestListings decompiles programs written by hand in the manners of others.
func TestListings(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"numbers in a tree, x32 by its bit", `
			ld [4]
			jeq #AUDIT_ARCH_X86_64, 1, 0
			ret #SECCOMP_RET_TRAP
			ld [0]
			jset #0x40000000, 0, 1
			ret #SECCOMP_RET_ERRNO|ENOSYS
			jge #60, high, 0
			jge #3, 0, allow	; read, write, open
			jge #41, 0, deny
			jge #42, deny, socket
		high:	jge #62, 0, allow	; exit, wait4
			jge #334, newer, deny
		socket:	ld [16]
			and #0xfffffffe
			jeq #2, allow, deny
		allow:	ret #SECCOMP_RET_ALLOW
		deny:	ret #SECCOMP_RET_ERRNO|EPERM
		newer:	ret #SECCOMP_RET_ERRNO|ENOSYS`, `x86_64: errno(1)
  read allow
  write allow
  open allow
  socket allow (in (arg 0) 2 3)
  exit allow
  wait4 allow
  #-1 errno(38)
x32: errno(38)
foreign: trap
`},
		{"arguments before numbers, and twice", `
			ld [24]
			jeq #7, 0, kill
			ld [28]
			jeq #0, 0, kill
			ld [0]
			jeq #1, 0, kill
			ld [24]
			jgt #5, 0, kill
			ld [4]
			jeq #AUDIT_ARCH_X86_64, 0, kill
			ret #SECCOMP_RET_ALLOW
		kill:	ret #SECCOMP_RET_KILL_PROCESS`, `x86_64: kill_process
  write allow (eq (arg 1) 7)
foreign: kill_process
`},
		{"bits that must and must not be set", `
			ld [4]
			jeq #AUDIT_ARCH_AARCH64, 0, kill
			ld [0]
			jeq #222, 0, kill
			ld [32]
			jset #4, kill, 0
			and #3
			jeq #3, kill, 0
			ld [40]
			jset #0x20, 0, kill
			ret #SECCOMP_RET_ALLOW
		kill:	ret #SECCOMP_RET_KILL_PROCESS`, `aarch64: kill_process
  mmap allow (and (ne (mask (arg 2) 0x3) 3) (eq (mask (arg 2) 0x4) 0) (eq (mask (arg 3) 0x20) 0x20))
foreign: kill_process
`},
		{"three verdicts on one call, one on the rest", `
			ld [4]
			jeq #AUDIT_ARCH_X86_64, 0, kill
			ld [0]
			jeq #41, 0, allow
			ld [16]
			jeq #16, deny, 0
			jgt #40, log, allow
		allow:	ret #SECCOMP_RET_ALLOW
		log:	ret #SECCOMP_RET_LOG
		deny:	ret #SECCOMP_RET_ERRNO|EPERM
		kill:	ret #SECCOMP_RET_KILL_PROCESS`, `x86_64: allow
  socket log (>= (arg 0) 41) errno(1) (eq (arg 0) 16)
x32: allow
foreign: kill_process
`},
		{"one argument or another", `
			ld [4]
			jeq #AUDIT_ARCH_X86_64, 0, kill
			ld [0]
			jeq #0, 0, kill
			ld [16]
			jeq #3, allow, 0
			ld [24]
			jeq #4, allow, kill
		allow:	ret #SECCOMP_RET_ALLOW
		kill:	ret #SECCOMP_RET_KILL_PROCESS`, `x86_64: kill_process
  read allow (or (eq (arg 0) 3) (eq (arg 1) 4))
foreign: kill_process
`},
		{"one verdict", "ret #SECCOMP_RET_KILL_PROCESS", "foreign: kill_process\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := meant(roundTrip(t, assembled(t, tc.text), arch.X86_64)); got != tc.want {
				t.Errorf("it means\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

// TestBlind decompiles programs that do not test the architecture, or not for
// all.
func TestBlind(t *testing.T) {
	rest := `
		ld [0]
		jeq #1, 0, 1
		ret #SECCOMP_RET_ERRNO|EPERM
		ret #SECCOMP_RET_ALLOW`
	m, err := decompile.Decompile(assembled(t, rest), arch.AArch64)
	if err != nil || !m.Blind || !strings.HasPrefix(meant(m), "aarch64: allow\n  io_destroy errno(1)\n") {
		t.Errorf("%+v, %v", m, err)
	}
	m, err = decompile.Decompile(assembled(t, "ld [4]\njeq #AUDIT_ARCH_I386, 0, 1\nret #0"+rest), arch.X86_64)
	want := "x86: kill_thread\nx86_64: allow\n  write errno(1)\nx32: allow\n"
	if err != nil || !m.Blind || !strings.HasPrefix(meant(m), want) {
		t.Errorf("%v, %v\n%s", m.Blind, err, meant(m))
	}
	// The one named cannot stand for the others.
	m, err = decompile.Decompile(assembled(t, "ld [4]\njeq #AUDIT_ARCH_X86_64, 0, 1\nret #0"+rest), arch.X86_64)
	if err != nil || !m.Blind || len(m.Multi.Parts) < 2 || m.Multi.Parts[0].Policy.Name != "x86_64" || m.Multi.Parts[2].Policy.Name == "x86_64" {
		t.Errorf("%+v, %v\n%s", m, err, meant(m))
	}
}

// TestUndecided has programs it says nothing about, and why.
func TestUndecided(t *testing.T) {
	for text, want := range map[string]string{
		"ld [16]\ntax\nret #0":                                               "instruction 1, tax, is none of those that judge a call by comparing words of it",
		"ld [16]\nrsh #1\njeq #1, 0, 0\nret a":                               "instruction 1, rsh #0x1, is none of those that judge a call by comparing words of it",
		"ld [8]\njeq #1, 0, 1\nret #0\nret #1":                               "it judges calls by where they come from, which no policy says",
		"ld [0]\njset #1, 0, 1\nret #0\nret #0x7fff0000":                     "it tests bits of the architecture or the number in too many ways",
		"ld [4]\njge #9, 0, 1\nret #0\nret #0x7fff0000":                      "it tells architectures apart by ranges of their values",
		"ld [16]\njge #9, 0, 1\nret #0\nret #0x7fff0000":                     "it judges the arguments of calls that it does not tell apart by number, from 0 on",
		"ld [0]\njgt #9, 0, 2\njge #0xffffff, 1, 0\nret #0\nret #0x7fff0000": "it has a verdict of its own for the 16777205 numbers from 10 to 16777214, too many to list",
	} {
		m, err := decompile.Decompile(assembled(t, text), arch.X86_64)
		un := (*prove.Undecided)(nil)
		if !errors.As(err, &un) || un.Reason != want {
			t.Errorf("%s:\n%v, %v, want\n%s", text, m, err, want)
		}
	}
	var refused *bpf.Error
	if _, err := decompile.Decompile(nil, arch.X86_64); !errors.As(err, &refused) {
		t.Errorf("of no program: %v", err)
	}
}
