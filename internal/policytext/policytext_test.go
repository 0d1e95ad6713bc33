package policytext_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/policytext"
	"github.com/tileseal/tileseal/internal/rule"
)

func resolve(t *testing.T, text string, archs ...arch.Arch) []*rule.Policy {
	t.Helper()
	f, errs := gen.Parse("p", text, gen.Tileseal)
	var ps []*rule.Policy
	for _, a := range archs {
		res, list := gen.Resolve(f, a, compile.Plain)
		if err := append(errs, list...).Err(); err != nil {
			t.Fatal(err)
		}
		ps = append(ps, res.Policy)
	}
	return ps
}

// TestWrite: a text written of what a text means is the same text, if that was
// written as this package does.
func TestWrite(t *testing.T) {
	for _, text := range []string{
		"read\n",
		"default -> errno(EPERM)\nnewer -> errno(ENOSYS)\n\nread\n",
		"read\nnewfstatat on x86_64\nchown32 on i386\n",
		"write: (in (arg 0) 1 2)\nwrite -> errno(EBADF)\n",
		"write -> log: (or (eq (arg 0) 1) (> (arg 2) 0x1000))\n",
		"close: (not (or (range (arg 0) 3 9) (eq (mask (arg 0) 0xf0) 16)))\n",
		"mprotect: (eq (mask (arg 2) 4) 0)\nlseek: (and (ne (arg 0) 5) (<= (arg 1) 10))\n",
		"socket on x86_64: (eq (arg 0) 1)\nsocket on i386: (eq (arg 0) 5)\n",
	} {
		ps := resolve(t, "noarg\n\n"+text, arch.X86_64, arch.X86)
		got, err := policytext.Write(nil, ps)
		if got = strings.TrimPrefix(got, "noarg\n\n"); err != nil || got != text {
			t.Errorf("%v\n got %s\nwant %s", err, got, text)
		}
	}
}

// TestUnsaid: what the language has no words for is an error where it is from.
func TestUnsaid(t *testing.T) {
	eq := func(v uint64) rule.Expr {
		return &rule.Cmp{Arg: 0, Width: 32, Mask: 1<<32 - 1, X: rule.Operand{Param: -1, Value: v}}
	}
	src := rule.Src{File: "f", Line: 3, Col: 4}
	for want, cases := range map[string][]rule.Case{
		"f:3:4: close on x86_64 cannot be said: [allow log] under conditions of their own, beside the default kill_process": {
			{When: eq(1), Action: rule.Allow, Src: src}, {When: eq(2), Action: rule.Log, Src: src}},
		"f:3:4: on x86_64: close: these conditions can never hold": {
			{When: rule.And{eq(1), &rule.Cmp{Op: rule.Lt, Arg: 0, Width: 32, Mask: 1<<32 - 1, X: rule.Operand{Param: -1}}}, Action: rule.Allow, Src: src}},
	} {
		p := resolve(t, "noarg\nread", arch.X86_64)[0]
		p.Calls = []rule.Call{{Name: "close", Nr: 3, Cases: cases}}
		_, err := policytext.Write(nil, []*rule.Policy{p})
		var list gen.ErrorList
		if !errors.As(err, &list) || !strings.HasPrefix(list.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestCond: of an argument is compared what the kernel reads.
func TestCond(t *testing.T) {
	const all = 1<<64 - 1
	for _, tc := range []struct {
		arch arch.Arch
		call string
		cond policytext.Cond
		want string // of the text made of it; "always", "never", or an error
	}{
		{arch.X86_64, "close", policytext.Cond{Op: policytext.EQ, Value: 5}, "(eq (arg 0) 5)"},
		{arch.X86_64, "close", policytext.Cond{Op: policytext.EQ, Value: all}, "(eq (arg 0) 0xffffffff)"},
		{arch.X86_64, "close", policytext.Cond{Op: policytext.LT, Value: all}, "argument 0 has 32 bits, and 0xffffffffffffffff does not fit them"},
		{arch.X86_64, "close", policytext.Cond{Op: policytext.LE, Value: 1<<32 - 1}, "always"},
		{arch.X86_64, "close", policytext.Cond{Op: policytext.GT, Value: 1<<32 - 1}, "never"},
		{arch.X86_64, "close", policytext.Cond{Op: policytext.MaskedEQ, Mask: 0xff << 32}, "always"},
		{arch.X86_64, "close", policytext.Cond{Op: policytext.MaskedEQ, Mask: all, Value: all}, "(eq (arg 0) 0xffffffff)"},
		{arch.X86_64, "lseek", policytext.Cond{Arg: 1, Op: policytext.EQ, Value: all}, "(eq (arg 1) 0xffffffffffffffff)"},
		{arch.X86_64, "lseek", policytext.Cond{Arg: 1, Op: policytext.GE}, "always"},
		{arch.X86_64, "lseek", policytext.Cond{Arg: 1, Op: policytext.LT}, "never"},
		{arch.X86, "lseek", policytext.Cond{Arg: 1, Op: policytext.EQ, Value: all}, "(eq (arg 1) 0xffffffff)"},
		{arch.X32, "lseek", policytext.Cond{Arg: 1, Op: policytext.NE, Value: 5}, "(ne (mask (arg 1) 0xffffffff) 5)"},
		{arch.X86_64, "read", policytext.Cond{Arg: 1, Op: policytext.NE}, "(ne (arg 1) 0)"},
		{arch.X86_64, "read", policytext.Cond{Arg: 1, Op: policytext.GT, Value: 5}, "argument 1 is a pointer"},
		{arch.X86_64, "read", policytext.Cond{Arg: 3}, "argument 3: it takes 3"},
	} {
		x, never, err := tc.cond.On(tc.arch, tc.call)
		got := "always"
		switch {
		case err != nil:
			got = err.Error()
		case never:
			got = "never"
		case x != nil:
			nr, _ := tc.arch.Number(tc.call)
			p := resolve(t, "noarg\ngetpid", tc.arch)[0]
			p.Calls = []rule.Call{{Name: tc.call, Nr: nr, Cases: []rule.Case{{When: x, Action: rule.Allow}}}}
			text, err := policytext.Write(nil, []*rule.Policy{p})
			if err != nil {
				t.Fatal(err)
			}
			got = strings.TrimSuffix(strings.TrimPrefix(text, "noarg\n\n"+tc.call+": "), "\n")
		}
		if !strings.HasPrefix(got, tc.want) {
			t.Errorf("%s on %v, %+v: %s, want %s", tc.call, tc.arch, tc.cond, got, tc.want)
		}
	}
}

func TestPseudo(t *testing.T) {
	got := policytext.Pseudo(resolve(t, "uint fd\nnewer -> errno(ENOSYS)\nwrite: (or (eq (arg 0) fd) (and (ne (arg 0) 3) (< (arg 2) 9)))\ngetpid", arch.AArch64))
	const want = `aarch64:
	call 64, write if (low arg0 == fd) || (!(low arg0 == 0x3) && (arg2 < 0x9)): allow
	call 64, write: kill_process
	call 172, getpid: allow
	calls above 471, but for -1: errno(38)
	else: kill_process
other architectures: kill_process
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// Calls of x32 are killed unless it is one of the architectures.
	const killed = "calls from 0x40000000 on"
	one := policytext.Pseudo(resolve(t, "noarg\ngetpid", arch.X86_64))
	two := policytext.Pseudo(resolve(t, "noarg\ngetpid", arch.X86_64, arch.X32))
	if !strings.Contains(one, killed) || strings.Contains(two, killed) {
		t.Errorf("got\n%s\nand\n%s", one, two)
	}
}
