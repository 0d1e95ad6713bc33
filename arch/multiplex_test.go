package arch_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tileseal/tileseal/arch"
)

func TestMultiplexed(t *testing.T) {
	for _, c := range []struct {
		a     arch.Arch
		name  string
		call  string
		index uint32
	}{
		{arch.X86, "socket", "socketcall", 1},
		{arch.X86, "semtimedop", "ipc", 4}, // has no number of its own
		{arch.MIPSel, "sendmmsg", "socketcall", 20},
		{arch.S390X, "shmctl", "ipc", 24},
		{arch.PPC64LE, "accept4", "socketcall", 18},
		{arch.X86, "read", "", 0},
		{arch.X86, "socketcall", "", 0},
		{arch.X86, "", "", 0},
		{arch.X86_64, "socket", "", 0},
		{arch.X32, "socket", "", 0},
		{arch.MIPS64, "socket", "", 0},
		{arch.MIPS64N32, "semop", "", 0},
		{arch.PARISC, "socket", "", 0},
		{arch.ARM, "socket", "", 0},
		{0, "socket", "", 0},
	} {
		call, index, ok := c.a.Multiplexed(c.name)
		if call != c.call || index != c.index || ok != (c.call != "") {
			t.Errorf("%v.Multiplexed(%q) = %q, %d, %v; want %q, %d", c.a, c.name, call, index, ok, c.call, c.index)
		}
	}
}

// TestLibseccompMultiplexed compares with what libseccomp does for every call
// and architecture, and which calls have no number of their own.
func TestLibseccompMultiplexed(t *testing.T) {
	var shared struct {
		Multiplexed struct {
			Arches  []string
			Number  map[string]map[string]uint32
			SubCall map[string]map[string]uint32 `json:"sub_call"`
			Without map[string][]string          `json:"no_direct_syscall"`
		}
		Syscalls map[string]any
	}
	readShared(t, "libseccomp/syscalls.json", &shared)
	want := shared.Multiplexed
	if len(want.Arches) != 11 || len(want.SubCall["socketcall"])+len(want.SubCall["ipc"]) != 32 {
		t.Fatalf("%d architectures, %d calls; want 11, 32", len(want.Arches), len(want.SubCall))
	}
	for _, a := range arch.All() {
		var without []string
		for name := range shared.Syscalls {
			wantCall := ""
			for call, indices := range want.SubCall {
				if _, ok := indices[name]; ok && slices.Contains(want.Arches, a.String()) {
					wantCall = call
				}
			}
			call, index, ok := a.Multiplexed(name)
			if call != wantCall || ok != (wantCall != "") || index != want.SubCall[wantCall][name] {
				t.Errorf("%v %s: %q, %d, %v; libseccomp: %q, %d", a, name, call, index, ok, wantCall, want.SubCall[wantCall][name])
			}
			if !ok {
				continue
			}
			if nr, ok := a.Number(call); !ok || nr != want.Number[a.String()][call] {
				t.Errorf("%v %s: %d, %v; libseccomp: %d", a, call, nr, ok, want.Number[a.String()][call])
			}
			if _, ok := a.Number(name); !ok {
				without = append(without, name)
			}
		}
		listed := want.Without[a.String()]
		slices.Sort(without)
		slices.Sort(listed)
		if !slices.Equal(without, listed) {
			t.Errorf("%v: no number for %q, libseccomp: %q", a, without, listed)
		}
	}
}

func ExampleArch_Multiplexed() {
	for _, a := range []arch.Arch{arch.X86, arch.X86_64} {
		nr, _ := a.Number("bind")
		call, index, ok := a.Multiplexed("bind")
		fmt.Println(a, nr, call, index, ok)
	}
	// Output:
	// x86 361 socketcall 2 true
	// x86_64 49  0 false
}

func TestKnown(t *testing.T) {
	for name, want := range map[string]bool{
		"read":          true,
		"cacheflush":    true, // of arm and mips alone
		"clock_gettime": true,
		"shmget":        true, // through ipc too
		"wirte":         false,
		"":              false,
	} {
		if got := arch.Known(name); got != want {
			t.Errorf("Known(%q) = %v", name, got)
		}
	}
}
