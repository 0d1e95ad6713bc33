//go:build linux

package gotile_test

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/goruntime"
	"github.com/tileseal/tileseal/internal/kerneltest"
	"github.com/tileseal/tileseal/internal/policytest"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/policy/gotile"
	"github.com/tileseal/tileseal/vm"
	"golang.org/x/sys/unix"
)

// Values are what a program is populated with.
type values struct{ epoll, event, pid, log, archive int }

func (v values) populate(out []unix.SockFilter) {
	rt := goruntime.Simulated(gotile.ArchiverWriterLevels, v.epoll, v.event, v.pid)
	gotile.PopulateArchiverWriter(out, rt, v.log, v.archive)
}

// instance is the program with these values, compiled anew.
func (v values) instance(t *testing.T, a arch.Arch) *policytest.Instance {
	t.Helper()
	named := map[string]int{"go_epoll_fd": v.epoll, "go_event_fd": v.event, "go_pid": v.pid,
		"logfile_fd": v.log, "archive_fd": v.archive}
	in := &policytest.Instance{Target: archiverWriter(t).On(a)}
	for _, p := range in.Target.Params {
		value, ok := named[p.Name]
		if !ok {
			t.Fatalf("no value for parameter %s", p.Name)
		}
		in.Params = append(in.Params, uint64(value))
	}
	return in
}

func archiverWriter(t *testing.T) *policytest.Policy {
	t.Helper()
	policies := policytest.Read(t, ".")
	if len(policies) != 1 || policies[0].Name != "archiver_writer" {
		t.Fatal("this package has more policies than these tests know")
	}
	return policies[0]
}

var assignments = []values{
	{1000, 1037, 1074, 1111, 1148},
	{3, 4, 5, 6, 7},
	{7, 7, 7, 7, 7},
	{4, 5, 1, 2, 2},
	{4, 5, 99, -1, 3},
	{4, 5, 99, 3, -1},
	{math.MaxInt32, math.MaxInt32 - 1, math.MaxInt32 - 2, math.MaxInt32 - 3, math.MaxInt32 - 4},
}

// Populate writes what the compiler makes of the policy, every value in every
// place it has, and leaves the rest of out alone.
func TestPopulate(t *testing.T) {
	for _, v := range assignments {
		want := v.instance(t, arch.Native()).Filled()
		if len(want) != gotile.ArchiverWriterLen {
			t.Fatalf("Len is %d, want %d", gotile.ArchiverWriterLen, len(want))
		}
		want = append(want, marked(3)...)
		got := marked(len(want))
		v.populate(got)
		if !slices.Equal(got, want) {
			t.Errorf("%+v:\n%v\nwant\n%v", v, got, want)
		}
	}
}

// marked is a filter that no program writes.
func marked(n int) []unix.SockFilter {
	return slices.Repeat([]unix.SockFilter{{Code: 0xabcd, Jt: 0xef, Jf: 0x98, K: 0x76543210}}, n)
}

// Populate panics with a word on what is wrong, and leaves out as it was.
func TestPopulatePanics(t *testing.T) {
	const length = gotile.ArchiverWriterLen
	rt := goruntime.Simulated(gotile.ArchiverWriterLevels, 3, 4, 5)
	lacking := func(l goruntime.Levels) goruntime.Runtime {
		return goruntime.Simulated(gotile.ArchiverWriterLevels&^l, 3, 4, 5)
	}
	type test struct {
		name         string
		length       int
		rt           goruntime.Runtime
		log, archive int
		want         string
	}
	tests := []test{
		{"short", length - 1, rt, 6, 7, "cannot convert slice with length"},
		{"empty", 0, rt, 6, 7, "cannot convert slice with length"},
		{"log below", length, rt, -2, 7, "PopulateArchiverWriter: logfileFD is not from -1 to 2147483647"},
		{"archive below", length, rt, 6, math.MinInt, "PopulateArchiverWriter: archiveFD is not from -1 to 2147483647"},
		{"unprepared", length, goruntime.Runtime{}, 6, 7, gotile.ArchiverWriterLevels.String()},
		{"no netpoll", length, lacking(goruntime.Netpoll), 6, 7, "but netpoll was not prepared"},
		{"no crash", length, lacking(goruntime.Crash | goruntime.CrashCore), 6, 7, "but crash|crash_core was not prepared"},
		{"another release", length, lacking(goruntime.Go126), 6, 7, "but go1.26 was not prepared"},
	}
	if bits.UintSize == 64 {
		above := math.MaxInt32
		above++
		tests = append(tests,
			test{"log above", length, rt, above, 7, "logfileFD"},
			test{"archive above", length, rt, 6, 2*above + 3, "archiveFD"}) // 3 in its low half
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out := marked(length)
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, tt.want) {
					t.Errorf("panics with %q, want %q", got, tt.want)
				}
				if !slices.Equal(out, marked(length)) {
					t.Error("wrote before it panicked")
				}
			}()
			gotile.PopulateArchiverWriter(out[:tt.length], tt.rt, tt.log, tt.archive)
		})
	}
}

// Populate allocates nothing.
func TestPopulateAllocates(t *testing.T) {
	var filter [gotile.ArchiverWriterLen]unix.SockFilter
	rt := goruntime.Simulated(gotile.ArchiverWriterLevels, 3, 4, 5)
	if n := testing.AllocsPerRun(100, func() { gotile.PopulateArchiverWriter(filter[:], rt, 6, 7) }); n != 0 {
		t.Errorf("allocates %v times", n)
	}
}

// TestGoldens compares the program with the digests and the listing checked in.
func TestGoldens(t *testing.T) {
	policytest.Goldens(t, "gotile", []*policytest.Policy{archiverWriter(t)})
}

// The generated Go on this kernel's other architecture.
func TestOn386(t *testing.T) {
	t.Parallel()
	policytest.On386(t, "TestPopulate", "TestPopulatePanics", "TestPopulateAllocates")
}

// What the Go compiler makes of the array for arm64, with zeros for parameters.
func TestOnARM64(t *testing.T) {
	if testing.Short() {
		t.Skip("builds for another architecture")
	}
	t.Parallel()
	want := values{}.instance(t, arch.AArch64).Filled()
	got := policytest.BuildTest(t, "arm64").Array(t,
		"github.com/tileseal/tileseal/policy/gotile.archiverWriterProgram", len(want))
	if !slices.Equal(got, want) {
		t.Errorf("%v\nwant\n%v", got, want)
	}
}

// In package vm the program does, on three architectures, what its policy
// means.
func TestMeaning(t *testing.T) {
	for _, a := range policytest.Archs {
		calls := 0
		for _, v := range assignments {
			// Rules of the tile and of the runtime overlap: some branches
			// nothing can take.
			calls += policytest.Meaning(t, v.instance(t, a), false)
		}
		t.Logf("%v: %d calls", a, calls)
	}
}

// Kernel, vm and meaning agree.
func TestKernelJudges(t *testing.T) {
	for _, a := range policytest.KernelArchs() {
		t.Run(a.String(), func(t *testing.T) {
			for _, v := range assignments[:4] {
				policytest.Judge(t, v.instance(t, a), 3000)
			}
		})
	}
}

// Every rule of the runtime's and of the tile's allows a call, and denies what
// differs from it in one argument, in package vm and in the kernel.
func TestRules(t *testing.T) {
	for _, a := range policytest.KernelArchs() {
		t.Run(a.String(), func(t *testing.T) {
			in := assignments[0].instance(t, a)
			prog := in.Program.Fill(in.Params)
			p, err := vm.New(prog, a)
			if err != nil {
				t.Fatal(err)
			}
			var calls []kerneltest.Call
			var cases []vm.Case
			add := func(d rule.Data, want vm.Action) {
				calls = append(calls, kerneltest.Call{Nr: d.Nr, Args: d.Args})
				cases = append(cases, vm.Case{Call: vm.Call(d), Want: want})
			}
			for _, v := range in.Vectors(t) {
				add(v.Allowed, vm.Allow)
				for _, d := range v.Denied {
					add(d, vm.KillProcess)
				}
			}
			vm.Test(t, p, cases)
			for i, pc := range kerneltest.Judge(t, a, prog, calls) {
				if got := vm.Action(prog[pc].K); got != cases[i].Want {
					t.Errorf("the kernel: %v: %v, want %v", cases[i].Call, got, cases[i].Want)
				}
			}
			t.Logf("%d calls", len(calls))
		})
	}
}
