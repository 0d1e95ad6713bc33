// Package policytest holds the policies of this module in the VM against what a
// server may do and what it must not.
package policytest

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/vm"
	"golang.org/x/sys/unix"
)

// Compiled judges the calls of a table by the policy in a file, on each
// architecture there is a program for. params are the parameters of the policy
// and those of its levels.
func Compiled(t *testing.T, file string, params map[string]int, table func(*vm.Program) []vm.Case) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []arch.Arch{arch.X86_64, arch.AArch64} {
		t.Run(a.String(), func(t *testing.T) {
			p, err := vm.Compile(file, string(text), a, params)
			if err != nil {
				t.Fatal(err)
			}
			vm.Test(t, p, table(p))
		})
	}
}

// Generated judges the calls of a table by a filter of the package, which is
// for the architecture the test runs on.
func Generated(t *testing.T, filter []unix.SockFilter, table func(*vm.Program) []vm.Case) {
	t.Helper()
	p, err := vm.New(filter, arch.Native())
	if err != nil {
		t.Fatal(err)
	}
	vm.Test(t, p, table(p))
}

// Fresh fails when the policy in a file was changed and its Go was not.
func Fresh(t *testing.T, file string) {
	t.Helper()
	out, err := exec.Command("go", "tool", "tileseal", "gen", "-check",
		"-layout", "optimized", "-target", "amd64,arm64", file).CombinedOutput()
	if err != nil {
		t.Errorf("go generate is due: %v\n%s", err, out)
	}
}

// Not386 fails if the package can be built for 386, whose socket calls cannot be
// checked, or if the compiler does not say why it cannot.
func Not386(t *testing.T) {
	t.Helper()
	cmd := exec.Command("go", "build", "-o", os.DevNull, ".")
	cmd.Env = append(os.Environ(), "GOARCH=386", "CGO_ENABLED=0", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	if want := "socketcall_hides_the_arguments"; err == nil || !strings.Contains(string(out), want) {
		t.Errorf("GOARCH=386 go build: error %v, without %q:\n%s", err, want, out)
	}
}
