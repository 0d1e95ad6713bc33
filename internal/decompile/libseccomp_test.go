package decompile_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/decompile"
	"github.com/tileseal/tileseal/internal/program"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/internal/sigsys"
)

// libseccomp has the library of this machine make a program of a script.
func libseccomp(t *testing.T) func(t *testing.T, script string) []bpf.Insn {
	t.Helper()
	file := filepath.Join(t.TempDir(), "libseccomp")
	out, err := exec.Command("cc", "-o", file, filepath.Join("testdata", "libseccomp.c"), "-lseccomp").CombinedOutput()
	if err != nil {
		t.Skipf("libseccomp cannot be asked here; it takes cc and libseccomp-dev: %v\n%s", err, out)
	}
	return func(t *testing.T, script string) []bpf.Insn {
		t.Helper()
		var stdout, stderr bytes.Buffer
		cmd := exec.Command(file)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(script), &stdout, &stderr
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v: %s\n%s", err, stderr.Bytes(), script)
		}
		prog, err := program.Read("exported", stdout.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		return prog
	}
}

// meant is what a program means, a line a call.
func meant(m *decompile.Meaning) string {
	var b strings.Builder
	for _, p := range m.Multi.Parts {
		fmt.Fprintf(&b, "%s: %v\n", p.Policy.Name, p.Policy.Default)
		for _, c := range p.Policy.Calls {
			b.WriteString("  " + c.Name)
			for _, k := range c.Cases {
				fmt.Fprintf(&b, " %v", k.Action)
				if k.When != nil {
					b.WriteString(" " + sigsys.ExprText(k.When))
				}
			}
			b.WriteString("\n")
		}
	}
	fmt.Fprintf(&b, "foreign: %v\n", m.Multi.Foreign)
	return b.String()
}

const (
	kill  = uint32(rule.KillProcess)
	allow = uint32(rule.Allow)
	eperm = uint32(rule.Errno) | 1
)

// TestLibseccomp has libseccomp make programs, by both of its layouts, and
// recovers the rules they were made of.
func TestLibseccomp(t *testing.T) {
	export := libseccomp(t)
	for _, tc := range []struct {
		name, script, want string
		arch               arch.Arch
	}{
		{"comparisons", fmt.Sprintf("filter %d\n", kill) +
			"rule 0x7fff0000 read 0 eq 3\n" +
			"rule 0x7fff0000 write 0 ne 2\n" +
			"rule 0x7fff0000 close 0 lt 0x100000007\n" +
			"rule 0x7fff0000 dup 0 ge 0x7ffffffff\n" +
			"rule 0x7fff0000 mmap 2 meq 0 4 3 eq 0x22\n" +
			"rule 0x7fff0000 clone 0 meq 0x100000001 0xf0000000f\n" +
			"rule 0x7fff0000 ioctl 1 eq 0x5401\nrule 0x7fff0000 ioctl 1 eq 0x5413\n" +
			"rule 0x7fff0000 lseek 0 gt 2 2 le 1\n" +
			"rule 0x7fff0000 exit_group\n",
			`x86_64: kill_process
  read allow (eq (arg 0) 3)
  write allow (ne (arg 0) 2)
  close allow (<= (arg 0) 0x100000006)
  lseek allow (and (>= (arg 0) 3) (in (arg 2) 0 1))
  mmap allow (and (eq (mask (arg 2) 0x4) 0) (eq (arg 3) 34))
  ioctl allow (in (arg 1) 0x5401 0x5413)
  dup allow (>= (arg 0) 0x7ffffffff)
  clone allow (eq (mask (arg 0) 0xf0000000f) 0x100000001)
  exit_group allow
foreign: kill_thread
`, arch.X86_64},
		{"several architectures", fmt.Sprintf("filter %d\n", eperm) +
			"arch x86\narch x32\n" +
			"rule 0x7fff0000 getpid\nrule 0x7fff0000 write 0 eq 1\nrule 0x50026 clone3\n",
			`x86: errno(1)
  write allow (eq (arg 0) 1)
  getpid allow
  clone3 errno(38)
x86_64: errno(1)
  write allow (eq (arg 0) 1)
  getpid allow
  clone3 errno(38)
x32: errno(1)
  write allow (eq (arg 0) 1)
  getpid allow
  clone3 errno(38)
foreign: kill_thread
`, arch.X86_64},
		{"deny-list", fmt.Sprintf("filter %d\n", allow) +
			"rule 0x80000000 ptrace\nrule 0x50001 socket 0 eq 16\nrule 0x50001 socket 0 eq 40\n",
			`x86_64: allow
  socket errno(1) (in (arg 0) 16 40)
  ptrace kill_process
foreign: kill_thread
`, arch.X86_64},
		{"a foreign machine", fmt.Sprintf("filter %d\nonly s390x\n", kill) +
			"rule 0x7fff0000 write 0 eq 0x100000002\nrule 0x7fff0000 close\n",
			`s390x: kill_process
  write allow (eq (arg 0) 0x100000002)
  close allow
foreign: kill_thread
`, arch.X86_64},
	} {
		for level := 1; level <= 2; level++ {
			t.Run(fmt.Sprintf("%s/optimize %d", tc.name, level), func(t *testing.T) {
				prog := export(t, fmt.Sprintf("%soptimize %d\n", tc.script, level))
				m := roundTrip(t, prog, tc.arch)
				if got := meant(m); got != tc.want {
					t.Errorf("it means\n%s\nwant\n%s\n%s", got, tc.want, bpf.List(prog, nil, nil))
				}
			})
		}
	}
}

// TestContainer decompiles libseccomp's programs for the four policies of the
// performance study, one of them a container's with 306 calls.
func TestContainer(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "performance", "policy-*.json"))
	if err != nil || len(files) == 0 {
		t.Skip("the policies are not here: ../shared/performance beside the checkout")
	}
	export := libseccomp(t)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		script, calls := scriptOf(t, text)
		if script == "" {
			t.Logf("%s has rules that libseccomp does not take", filepath.Base(file))
			continue
		}
		for level := 1; level <= 2; level++ {
			prog := export(t, fmt.Sprintf("%soptimize %d\n", script, level))
			m := roundTrip(t, prog, arch.X86_64)
			t.Logf("%s, optimize %d: %d instructions, %d paths", filepath.Base(file), level, len(prog), m.Stats.Paths)
			if got := len(m.Multi.Parts[0].Policy.Calls); got != calls {
				t.Errorf("%s: %d calls, want %d", file, got, calls)
			}
		}
	}
}

// scriptOf makes a script of a policy, and tells how many calls it has.
func scriptOf(t *testing.T, text []byte) (script string, calls int) {
	t.Helper()
	var p struct {
		Default string
		Rules   []struct {
			Nr     uint32
			Action string
			Any    [][]struct {
				Arg       int
				Op        string
				Val, Mask json.Number
			}
		}
	}
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	action := func(s string) uint32 {
		var n uint32
		if _, err := fmt.Sscanf(s, "ERRNO(%d)", &n); err == nil {
			return uint32(rule.Errno) | n
		}
		return map[string]uint32{"ALLOW": allow, "KILL": kill, "KILL_PROCESS": kill}[s]
	}
	script = fmt.Sprintf("filter %d\n", action(p.Default))
	for _, r := range p.Rules {
		if len(r.Any) == 0 {
			script += fmt.Sprintf("rule %d %d\n", action(r.Action), r.Nr)
		}
		for _, all := range r.Any {
			script += fmt.Sprintf("rule %d %d", action(r.Action), r.Nr)
			for i, c := range all {
				if i > 0 && c.Arg == all[i-1].Arg {
					return "", 0 // one comparison an argument
				}
				script += fmt.Sprintf(" %d %s %s", c.Arg, c.Op, c.Val)
				if c.Op == "meq" {
					script += " " + string(c.Mask)
				}
			}
			script += "\n"
		}
	}
	return script, len(p.Rules)
}
