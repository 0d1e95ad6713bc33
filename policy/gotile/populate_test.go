//go:build linux && (386 || amd64 || arm64 || tileseal_experimental)

package gotile_test

import (
	"fmt"
	"math"
	"math/bits"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/goruntime"
	"github.com/tileseal/tileseal/internal/policytest"
	"golang.org/x/sys/unix"
)

// notMinusOne are the parameters at which -1 would mean more than nothing.
var notMinusOne = []string{
	"genesi out_dir_fd",
	"main pid_namespace",
	"snapct dir_fd", "snapct min_ping_fd", "snapct max_ping_fd",
	"snapmk dir_fd", "snapmk pool_min_fd", "snapmk pool_max_fd",
	"snapsv pool_min_fd", "snapsv pool_max_fd",
	"snapzp pool_min_fd", "snapzp pool_max_fd",
	"sock rx_fd0", "sock rx_fd1",
}

// marked is a filter that no program writes.
func marked(n int) []unix.SockFilter {
	return slices.Repeat([]unix.SockFilter{{Code: 0xabcd, Jt: 0xef, Jf: 0x98, K: 0x76543210}}, n)
}

// Populate writes what the compiler makes of the policy, every value in every
// place it has, and leaves the rest of out alone.
func TestPopulate(t *testing.T) {
	for _, x := range table(t) {
		target := x.policy.On(arch.Native())
		cases := append(assignments(x.Params()), off(target))
		for i, name := range own(target) {
			if least(target, name) == -1 {
				v := distinct(x.Params())
				v.fd[i] = -1
				cases = append(cases, v)
			}
		}
		for _, v := range cases {
			want := append(v.instance(t, target).Filled(), marked(3)...)
			got := marked(len(want))
			x.Populate(got, v.runtime(x.Levels), v.fd)
			if !slices.Equal(got, want) {
				t.Errorf("%s(%+v):\n%v\nwant\n%v", x.Function(), v, got, want)
			}
		}
	}
}

// panics calls the tile's function and answers what it panics with, as text.
func (x tile) panics(out []unix.SockFilter, rt goruntime.Runtime, fd []int) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprint(v)
		}
	}()
	x.Populate(out, rt, fd)
	return ""
}

// wantPanic wants a panic with the text, and out as it was.
func (x tile) wantPanic(t *testing.T, out []unix.SockFilter, rt goruntime.Runtime, fd []int, want string) {
	t.Helper()
	if got := x.panics(out, rt, fd); want == "" && got == "" || !strings.Contains(got, want) {
		t.Errorf("%s%v panics with %q, want %q", x.Function(), fd, got, want)
	}
	if !slices.Equal(out, marked(len(out))) {
		t.Errorf("%s%v wrote before it panicked", x.Function(), fd)
	}
}

// Outside its range each parameter is a panic that names it, and leaves out as
// it was.
func TestPopulateRange(t *testing.T) {
	for _, x := range table(t) {
		target := x.policy.On(arch.Native())
		good := distinct(x.Params())
		rt := good.runtime(x.Levels)
		for i, name := range own(target) {
			low := -1
			outside := []int{-2, -3, math.MinInt32, math.MinInt}
			if slices.Contains(notMinusOne, x.Name+" "+name) {
				low = 0
				outside = append(outside, -1)
			}
			if bits.UintSize == 64 {
				above := math.MaxInt32
				above++
				outside = append(outside, above, 2*above-1, 2*above, 2*above+3, math.MaxInt) // some fit when cut to 32 bits
			}
			for _, value := range outside {
				fd := slices.Clone(good.fd)
				fd[i] = value
				x.wantPanic(t, marked(x.Len), rt, fd, fmt.Sprintf(" is not from %d to 2147483647", low))
			}
		}
	}
}

// A slice that is too short is a panic; so is a runtime that lacks a level.
func TestPopulatePanics(t *testing.T) {
	for _, x := range table(t) {
		v := distinct(x.Params())
		rt := v.runtime(x.Levels)
		for _, n := range []int{0, 1, x.Len - 1} {
			out := marked(x.Len)
			x.wantPanic(t, out[:n:n], rt, v.fd, "cannot convert slice with length")
			x.wantPanic(t, out[:n], rt, v.fd, "cannot convert slice with length") // its capacity does not count
		}
		out := marked(x.Len)
		x.wantPanic(t, out, goruntime.Runtime{}, v.fd, x.Levels.String())
		for bit := range 64 {
			if l := goruntime.Levels(1) << bit; x.Levels&l != 0 {
				x.wantPanic(t, out, v.runtime(x.Levels&^l), v.fd, "but "+l.String()+" was not prepared")
			}
		}
	}
}

// Populate allocates nothing.
func TestPopulateAllocates(t *testing.T) {
	for _, x := range table(t) {
		out, v := make([]unix.SockFilter, x.Len), distinct(x.Params())
		rt := v.runtime(x.Levels)
		if n := testing.AllocsPerRun(20, func() { x.Populate(out, rt, v.fd) }); n != 0 {
			t.Errorf("%s allocates %v times", x.Function(), n)
		}
	}
}

// The generated Go on this kernel's other architecture.
func TestOn386(t *testing.T) {
	t.Parallel()
	policytest.On386(t, "TestTable", "TestPopulate", "TestPopulateRange", "TestPopulatePanics", "TestPopulateAllocates")
}

// A program for 386 that uses a tile with sockets does not build, and says which
// name it misses; without one it does.
func TestNoSocketsOn386(t *testing.T) {
	if testing.Short() {
		t.Skip("builds for another architecture")
	}
	for _, goarch := range []string{"amd64", "arm64"} {
		if out, err := policytest.Go("linux", goarch, "build", "-o", os.DevNull, "./testdata/sockets").CombinedOutput(); err != nil {
			t.Errorf("for %s: %v\n%s", goarch, err, out)
		}
	}
	out, err := policytest.Go("linux", "386", "build", "-o", os.DevNull, "./testdata/sockets").CombinedOutput()
	if want := "undefined: gotile.MetricLen"; err == nil || !strings.Contains(string(out), want) {
		t.Errorf("for 386: %v, want %q in\n%s", err, want, out)
	}
	if out, err := policytest.Go("linux", "386", "build", ".").CombinedOutput(); err != nil {
		t.Errorf("the package for 386: %v\n%s", err, out)
	}
}

// What the Go compiler makes of the arrays for arm64, with zeros for parameters.
func TestOnARM64(t *testing.T) {
	if testing.Short() {
		t.Skip("builds for another architecture")
	}
	t.Parallel()
	bin := policytest.BuildTest(t, "arm64")
	for _, x := range table(t) {
		target := x.policy.On(arch.AArch64)
		in := policytest.Instance{Target: target, Params: make([]uint64, len(target.Params))}
		ident := strings.TrimPrefix(x.Function(), "Populate")
		name := "github.com/tileseal/tileseal/policy/gotile." + strings.ToLower(ident[:1]) + ident[1:] + "Program"
		want := in.Filled()
		for pc, insn := range target.Program.Insns {
			if insn.Ref.Sort != nil { // Populate sorts these, the array has none
				want[pc].K = insn.K
			}
		}
		if got := bin.Array(t, name, len(want)); !slices.Equal(got, want) {
			t.Errorf("%s:\n%v\nwant\n%v", name, got, want)
		}
	}
}
