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

// What the Go compiler makes of the arrays for other architectures, of either word
// size and byte order, read from binaries that nobody has to run: the programs
// with zeros for parameters.
func TestElsewhere(t *testing.T) {
	if testing.Short() {
		t.Skip("builds for other architectures")
	}
	t.Parallel()
	list := policies(t)
	for _, a := range []arch.Arch{arch.AArch64, arch.S390X, arch.MIPS} {
		bin := policytest.BuildTest(t, a.GOARCH())
		for i, p := range list {
			target := p.On(a)
			in := policytest.Instance{Target: target, Params: make([]uint64, len(target.Params))}
			name := arrayOf(table[i])
			if got, want := bin.Array(t, name, len(target.Program.Insns)), in.Filled(); !slices.Equal(got, want) {
				t.Errorf("%s on %v:\n%v\nwant\n%v", name, a, got, want)
			}
		}
	}
}

// arrayOf is the name of a row's array in a binary.
func arrayOf(r row) string {
	ident := strings.TrimPrefix(r.function(), "Populate")
	return "github.com/tileseal/tileseal/policy." + strings.ToLower(ident[:1]) + ident[1:] + "Program"
}

// An import builds where there are programs, and anywhere else fails with a line
// that says why.
func TestPlatforms(t *testing.T) {
	if testing.Short() {
		t.Skip("builds for other architectures")
	}
	t.Parallel()
	const (
		strict = "_for_linux_386_amd64_arm_arm64_loong64_mips_mips64_mips64le_mipsle_ppc64_ppc64le_riscv64_and_s390x_only"
		tag    = "_for_linux_386_amd64_and_arm64_only__with_the_build_tag_tileseal_experimental_also_for_"
	)
	for _, p := range []struct {
		goos, goarch string
		args         string
		why          string // what the error says; "": builds
	}{
		{"linux", "386", "vet . ./gotile", ""},
		{"linux", "amd64", "vet . ./gotile", ""},
		{"linux", "arm64", "vet . ./gotile", ""},
		{"linux", "s390x", "vet .", ""},
		{"linux", "riscv64", "vet -tags tileseal_experimental . ./gotile", ""},
		{"linux", "riscv64", "vet ./...", ""}, // gotile is empty
		{"darwin", "arm64", "vet .", strict},
		{"darwin", "arm64", "vet ./gotile", tag},
		{"windows", "amd64", "build .", strict},
	} {
		t.Run(p.goos+"/"+p.goarch+" "+p.args, func(t *testing.T) {
			out, err := policytest.Go(p.goos, p.goarch, strings.Fields(p.args)...).CombinedOutput()
			switch {
			case p.why == "" && err != nil:
				t.Errorf("%v\n%s", err, out)
			case p.why != "" && err == nil:
				t.Error("builds")
			case !bytes.Contains(out, []byte(p.why)):
				t.Errorf("fails without the line that says why:\n%s", out)
			}
		})
	}
}
