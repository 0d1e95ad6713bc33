//go:build linux

package everything

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
)

func target(t *testing.T, name string, layout compile.Layout) gen.Target {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	_, targets, errs := gen.Read(name, string(text), gen.Tileseal, []arch.Arch{arch.Native()}, layout)
	if err := errs.Err(); err != nil {
		t.Fatal(err)
	}
	return targets[0]
}

// TestPopulate holds the generated function against the compiler's own
// program with the same parameters.
func TestPopulate(t *testing.T) {
	want := target(t, "everything.seccomppolicy", compile.Plain).Program
	for _, v := range [][6]int{{1, 2, 3, 4, 5, 6}, {-1, 0, 0, 0, -1, 0}, {1<<31 - 1, 7, 7, 1<<31 - 1, 9, 7}} {
		var got [EverythingLen]unix.SockFilter
		PopulateEverything(got[:], v[0], v[1], v[2], uint64(v[3]), v[4], v[5])
		params := make([]uint64, len(v))
		for i := range v {
			params[i] = uint64(v[i])
		}
		for pc, in := range want.Fill(params) {
			if bpf.Insn(got[pc]) != in {
				t.Errorf("%v: instruction %d is %v, want %v", v, pc, got[pc], in)
			}
		}
	}
}

// TestSorted does the same for operands that are sorted first.
func TestSorted(t *testing.T) {
	want := target(t, "sorted.seccomppolicy", compile.Optimized).Program
	sorts := 0
	for _, in := range want.Insns {
		if in.Ref.Sort != nil {
			sorts++
		}
	}
	if sorts == 0 {
		t.Fatal("nothing is sorted")
	}
	for _, v := range [][4]int{{5, 6, 7, 8}, {6, 5, 1, 0}, {-1, 0, 3, 9}, {2, 2, 2, 2}, {1, 1<<31 - 1, 4, 1<<31 - 1}} {
		var got [SortedLen]unix.SockFilter
		PopulateSorted(got[:], v[0], v[1], v[2], uint64(v[3]))
		params := []uint64{uint64(v[0]), uint64(v[1]), uint64(v[2]), uint64(v[3])}
		for pc, in := range want.Fill(params) {
			if bpf.Insn(got[pc]) != in {
				t.Errorf("%v: instruction %d is %v, want %v", v, pc, got[pc], in)
			}
		}
		if n := testing.AllocsPerRun(100, func() { PopulateSorted(got[:], v[0], v[1], v[2], uint64(v[3])) }); n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
}

func TestHighWordOfParameter(t *testing.T) {
	if arch.Native().Bits() == 32 {
		t.Skip("parameters have 32 bits here")
	}
	const size = 7<<32 | 5
	var got [EverythingLen]unix.SockFilter
	PopulateEverything(got[:], 1, 2, 3, size, 5, 6)
	for pc, in := range target(t, "everything.seccomppolicy", compile.Plain).Program.Fill([]uint64{1, 2, 3, size, 5, 6}) {
		if bpf.Insn(got[pc]) != in {
			t.Errorf("instruction %d is %v, want %v", pc, got[pc], in)
		}
	}
}

func TestPanics(t *testing.T) {
	for _, tc := range []struct {
		n      int
		params [6]int
		want   string
	}{
		{EverythingLen - 1, [6]int{}, "cannot convert slice"},
		{EverythingLen, [6]int{0: -2}, "logFD is not from -1 to 2147483647"},
		{EverythingLen, [6]int{1: -1}, "firstFD is not from 0 to 2147483647"},
		{EverythingLen, [6]int{2: -1}, "lastFD is not from 0 to 2147483647"},
		{EverythingLen, [6]int{4: -2}, "typeParam is not from -1 to 2147483647"},
		{EverythingLen, [6]int{5: -1}, "dirFD is not from 0 to 2147483647"},
	} {
		func() {
			out := make([]unix.SockFilter, tc.n)
			defer func() {
				got := ""
				switch r := recover().(type) {
				case string:
					got = r
				case error:
					got = r.Error()
				}
				if !strings.Contains(got, tc.want) {
					t.Errorf("%v: panic %q, want %q", tc.params, got, tc.want)
				}
				if out[0] != (unix.SockFilter{}) {
					t.Errorf("%v: wrote before it panicked", tc.params)
				}
			}()
			v := tc.params
			PopulateEverything(out, v[0], v[1], v[2], uint64(v[3]), v[4], v[5])
		}()
	}
}
