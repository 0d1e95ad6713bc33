//go:build linux

package policy_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/policytest"
)

// The tests that are about the generated Go alone, on this kernel's other
// architecture.
func TestOn386(t *testing.T) {
	t.Parallel()
	policytest.On386(t, "TestTable", "TestPopulate", "TestPopulateRange", "TestPopulateLength", "TestPopulateAllocates", "TestUpstream")
}

// What the Go compiler makes of the arrays for arm64, read from a binary that
// nobody has to run: the programs with zeros for parameters.
func TestOnARM64(t *testing.T) {
	if testing.Short() {
		t.Skip("builds for another architecture")
	}
	t.Parallel()
	list := policies(t)
	bin := policytest.BuildTest(t, "arm64")
	for i, p := range list {
		target := p.On(arch.AArch64)
		in := policytest.Instance{Target: target, Params: make([]uint64, len(target.Params))}
		name := arrayOf(table[i])
		if got, want := bin.Array(t, name, len(target.Program.Insns)), in.Filled(); !slices.Equal(got, want) {
			t.Errorf("%s:\n%v\nwant\n%v", name, got, want)
		}
	}
}

// arrayOf is the name of a row's array in a binary.
func arrayOf(r row) string {
	ident := strings.TrimPrefix(r.function(), "Populate")
	return "github.com/tileseal/tileseal/policy." + strings.ToLower(ident[:1]) + ident[1:] + "Program"
}

// An import builds for three architectures of Linux, and anywhere else fails
// with a line that says why.
func TestPlatforms(t *testing.T) {
	if testing.Short() {
		t.Skip("builds for other architectures")
	}
	t.Parallel()
	const why = "this_package_has_seccomp_programs_for_linux_386_amd64_and_arm64_only"
	for _, p := range []struct {
		goos, goarch string
		args         string
		builds       bool
	}{
		{"linux", "386", "vet . ./gotile", true},
		{"linux", "amd64", "vet . ./gotile", true},
		{"linux", "arm64", "vet . ./gotile", true},
		{"linux", "riscv64", "build .", false},
		{"linux", "riscv64", "build ./gotile", false},
		{"darwin", "arm64", "vet .", false},
		{"darwin", "arm64", "vet ./gotile", false},
		{"windows", "amd64", "build .", false},
	} {
		t.Run(p.goos+"/"+p.goarch+" "+p.args, func(t *testing.T) {
			out, err := policytest.Go(p.goos, p.goarch, strings.Fields(p.args)...).CombinedOutput()
			switch {
			case p.builds && err != nil:
				t.Errorf("%v\n%s", err, out)
			case !p.builds && err == nil:
				t.Error("builds")
			case !p.builds && !bytes.Contains(out, []byte(why)):
				t.Errorf("fails without the line that says why:\n%s", out)
			}
		})
	}
}
