package sandbox

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
)

// The startup policies compile for every architecture there is an executable of.
func TestStartupPolicies(t *testing.T) {
	for a := range machines {
		for _, name := range []string{"libc", "loader", "go"} {
			text, err := Text(name)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, errs := gen.Read(name, string(text), gen.Tileseal, []arch.Arch{a}, compile.Plain); errs.Err() != nil {
				t.Errorf("%s: %v", a, errs)
			}
		}
	}
	if _, err := Policies([]string{"nobody"}); err == nil {
		t.Error("there is a startup policy nobody")
	}
}

// What is added is allowed, and the policy's own verdicts on all else stay.
func TestAdd(t *testing.T) {
	text := func(s string) *rule.Policy {
		f, errs := gen.Parse("test", s, gen.Tileseal)
		res, list := gen.Resolve(f, arch.X86_64, compile.Plain)
		if err := append(errs, list...).Err(); err != nil {
			t.Fatal(err)
		}
		return res.Policy
	}
	p := text("uint a_fd, uint b_fd\nread: (eq (arg 0) a_fd)\nread -> errno(EPERM)\nwrite: (eq (arg 0) b_fd)\ngetpid -> errno(EPERM)\ndefault -> trap\n")
	sum := clone(p)
	add(sum, text("uint b_fd, uint c_fd\nread: (eq (arg 0) b_fd)\nclose: (eq (arg 0) c_fd)\ngetpid\n"))
	params := map[string]uint64{"a_fd": 3, "b_fd": 4, "c_fd": 5}
	for _, tt := range []struct {
		call string
		fd   uint64
		want rule.Action
	}{
		{"read", 3, rule.Allow}, {"read", 4, rule.Allow}, {"read", 5, rule.Errno | 1},
		{"write", 4, rule.Allow}, {"write", 3, rule.Trap},
		{"close", 5, rule.Allow}, {"close", 3, rule.Trap},
		{"getpid", 0, rule.Allow}, {"getppid", 0, rule.Trap},
	} {
		var values []uint64
		for _, q := range sum.Params {
			values = append(values, params[q.Name])
		}
		nr, _ := arch.X86_64.Number(tt.call)
		if got := sum.Eval(rule.Data{Nr: nr, Arch: arch.X86_64.Audit(), Args: [6]uint64{tt.fd}}, values); got != tt.want {
			t.Errorf("%s(%d): %v, want %v", tt.call, tt.fd, got, tt.want)
		}
	}
	if len(p.Params) != 2 || len(p.Calls) != 3 || len(p.Calls[0].Cases) != 2 {
		t.Errorf("the policy was changed: %+v", p)
	}
}

// A policy that tells a listener of its own cannot tell ours.
func TestNotify(t *testing.T) {
	p := &rule.Policy{Default: rule.UserNotif}
	for mode, ok := range map[Mode]bool{Enforce: true, Explain: false, Log: false} {
		if _, err := inMode(p, mode); (err == nil) != ok {
			t.Errorf("mode %d: %v", mode, err)
		}
	}
}

func TestStartupErrors(t *testing.T) {
	dir := t.TempDir()
	for name, tt := range map[string]struct{ text, want string }{
		"text":  {"hello\n", "is neither an ELF file nor a script"},
		"empty": {"#!\n", "#! names no interpreter"},
		"self":  {"#!" + filepath.Join(dir, "self") + "\n", "too many interpreters"},
		"none":  {"#!/no/such/interpreter\n", "no such file"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(tt.text), 0o777); err != nil {
			t.Fatal(err)
		}
		if got, err := Startup(path); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, %v, want %s", name, got, err, tt.want)
		}
	}
}
