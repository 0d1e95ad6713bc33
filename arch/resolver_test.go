package arch_test

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
)

// TestResolver asks the installed libseccomp for the number of every call of
// every architecture it knows. An older one knows fewer calls: for those it
// answers below zero, as for multiplexed calls.
func TestResolver(t *testing.T) {
	tool, err := exec.LookPath("scmp_sys_resolver")
	if err != nil {
		t.Skip("not compared with the installed libseccomp: ", err)
	}
	if testing.Short() {
		t.Skip("runs a program some 10,000 times")
	}
	for _, a := range arch.All() {
		compared := 0
		for name, nr := range a.Syscalls() {
			out, err := exec.Command(tool, "-a", a.String(), name).Output()
			if err != nil {
				break // this libseccomp lacks the architecture
			}
			got, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
			if err != nil {
				t.Fatalf("%s -a %v %s: %v", tool, a, name, err)
			}
			if got < 0 {
				continue
			}
			if compared++; uint32(got) != nr {
				t.Errorf("%v: %s is %d, libseccomp says %d", a, name, nr, got)
			}
		}
		if compared < 250 {
			t.Logf("%v: %d calls compared", a, compared)
		}
	}
}
