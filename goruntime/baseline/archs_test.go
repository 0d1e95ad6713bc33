package baseline_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/goruntime/baseline"
	"github.com/tileseal/tileseal/internal/gen"
)

var update = flag.Bool("update", false, "write testdata/calls.golden")

// archs are the architectures of Go's Linux ports whose kernels have seccomp
// filters, as policies name them.
func archs(t *testing.T) []arch.Arch {
	t.Helper()
	var all []arch.Arch
	for goarch := range strings.FieldsSeq("386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x") {
		a, err := arch.ByGOARCH(goarch)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, a)
	}
	return all
}

// Every level resolves on every architecture, without a warning, and the calls it
// holds there are those of the golden file: an edit that adds one anywhere, or
// loses one, is seen in it. Architectures with the same calls share a line.
func TestCallsOfEveryArchitecture(t *testing.T) {
	var b strings.Builder
	b.WriteString("# The calls of each level, by architecture. go test ./goruntime/baseline -run TestCallsOfEveryArchitecture -update\n")
	for _, name := range baseline.Names() {
		fmt.Fprintf(&b, "\n%s\n", name)
		var lines []string // in the order of the architectures that are first to have them
		on := map[string][]string{}
		for _, a := range archs(t) {
			var calls []string
			for _, c := range load(t, name, a).policy.Calls {
				calls = append(calls, c.Name)
			}
			slices.Sort(calls)
			line := strings.Join(calls, " ")
			if len(calls) == 0 {
				line = "nothing"
			}
			if on[line] == nil {
				lines = append(lines, line)
			}
			on[line] = append(on[line], gen.ArchName(a))
		}
		for _, line := range lines {
			fmt.Fprintf(&b, "\t%s:\n\t\t%s\n", strings.Join(on[line], " "), line)
		}
	}
	golden := filepath.Join("testdata", "calls.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the calls of the levels are not those of %s; look at the difference after -update:\n%s", golden, b.String())
	}
}
