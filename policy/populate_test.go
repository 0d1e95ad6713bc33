//go:build linux

package policy_test

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/policytest"
	"golang.org/x/sys/unix"
)

// notMinusOne are the parameters at which -1 would mean more than nothing: a
// directory's descriptor (AT_FDCWD and absolute paths), a process id (any
// child), and the ends of ranges (the highest number there is).
var notMinusOne = []string{
	"genesi out_dir_fd",
	"main pid_namespace",
	"snapct dir_fd", "snapct min_ping_fd", "snapct max_ping_fd",
	"snapmk dir_fd", "snapmk pool_min_fd", "snapmk pool_max_fd",
	"snapsv pool_min_fd", "snapsv pool_max_fd",
	"snapzp pool_min_fd", "snapzp pool_max_fd",
	"sock rx_fd0", "sock rx_fd1",
}

// notOnLoongArch are more of them there, where statx does the work of fstat: to it
// the descriptor is a directory's.
var notOnLoongArch = []string{"genesi in_genesis_fd", "tower restore_fd"}

func mayBeMinusOne(r row, a arch.Arch, param string) bool {
	name := r.name + " " + param
	return !slices.Contains(notMinusOne, name) && (a != arch.LoongArch64 || !slices.Contains(notOnLoongArch, name))
}

// filled is the program that the compiler makes of the policy for these
// parameters.
func filled(target gen.Target, fd []int) []unix.SockFilter {
	return (&policytest.Instance{Target: target, Params: words(fd)}).Filled()
}

func words(fd []int) []uint64 {
	values := make([]uint64, len(fd))
	for i, v := range fd {
		values[i] = uint64(v)
	}
	return values
}

// assignments are values for n parameters: distinct ones, neighbours up and
// down, equal ones, and the largest there is.
func assignments(n int) [][]int {
	var list [][]int
	for _, at := range []func(i int) int{
		func(i int) int { return 1000 + 37*i },
		func(i int) int { return 3 + i },
		func(i int) int { return 20 - i },
		func(int) int { return 0 },
		func(int) int { return 7 },
		func(i int) int { return math.MaxInt32 - i },
		func(int) int { return math.MaxInt32 },
	} {
		fd := make([]int, n)
		for i := range fd {
			fd[i] = at(i)
		}
		list = append(list, fd)
	}
	return list
}

// Populate writes what the compiler makes of the policy, every parameter in
// every place it has.
func TestPopulate(t *testing.T) {
	for i, p := range policies(t) {
		r, target := table[i], native(t, p)
		cases := assignments(len(target.Params))
		for n, param := range target.Params {
			if mayBeMinusOne(r, arch.Native(), param.Name) {
				for _, fd := range assignments(len(target.Params)) {
					fd[n] = -1
					cases = append(cases, fd)
				}
			}
		}
		for _, fd := range cases {
			got := make([]unix.SockFilter, r.length)
			r.call(got, fd)
			if want := filled(target, fd); !slices.Equal(got, want) {
				t.Errorf("%s%v:\n%v\nwant\n%v", r.function(), fd, got, want)
			}
		}
	}
}

// marked is a filter that no program writes.
func marked(n int) []unix.SockFilter {
	return slices.Repeat([]unix.SockFilter{{Code: 0xabcd, Jt: 0xef, Jf: 0x98, K: 0x76543210}}, n)
}

// panics calls the row's function and answers what it panics with, as text.
func panics(r row, out []unix.SockFilter, fd []int) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprint(v)
		}
	}()
	r.call(out, fd)
	return ""
}

// Outside its range each parameter is a panic that names it, and leaves out as
// it was.
func TestPopulateRange(t *testing.T) {
	for i, p := range policies(t) {
		r, params := table[i], native(t, p).Params
		for n, param := range params {
			least := 0
			outside := []int{-2, -3, math.MinInt32, math.MinInt}
			if mayBeMinusOne(r, arch.Native(), param.Name) {
				least = -1
			} else {
				outside = append(outside, -1)
			}
			if bits.UintSize == 64 {
				above := math.MaxInt32
				above++
				outside = append(outside, above, 2*above-1, 2*above, 2*above+3, math.MaxInt) // some fit when cut to 32 bits
			}
			for _, v := range outside {
				fd := assignments(len(params))[0]
				fd[n] = v
				out := marked(r.length)
				got := panics(r, out, fd)
				want := fmt.Sprintf("%s: %s is not from %d to 2147483647", r.function(), paramIdent(param.Name), least)
				if got != want {
					t.Errorf("%s%v panics with %q, want %q", r.function(), fd, got, want)
				}
				if !slices.Equal(out, marked(r.length)) {
					t.Errorf("%s%v panics after writing", r.function(), fd)
				}
			}
		}
	}
}

// A slice that is too short is a panic and stays as it was; of a longer one
// the rest does.
func TestPopulateLength(t *testing.T) {
	for i, p := range policies(t) {
		r, target := table[i], native(t, p)
		fd := assignments(len(target.Params))[0]
		for _, n := range []int{0, 1, r.length - 1} {
			out := marked(r.length)
			if panics(r, out[:n:n], fd) == "" {
				t.Errorf("%s takes a slice of %d", r.function(), n)
			}
			if panics(r, out[:n], fd) == "" {
				t.Errorf("%s takes a slice of length %d for its capacity", r.function(), n)
			}
			if !slices.Equal(out, marked(r.length)) {
				t.Errorf("%s writes to a slice of %d", r.function(), n)
			}
		}
		const more = 3
		out := marked(r.length + more)
		r.call(out, fd)
		if want := append(filled(target, fd), marked(more)...); !slices.Equal(out, want) {
			t.Errorf("%s on a longer slice:\n%v\nwant\n%v", r.function(), out, want)
		}
	}
}

// Populate allocates nothing.
func TestPopulateAllocates(t *testing.T) {
	for i, p := range policies(t) {
		r := table[i]
		out, fd := make([]unix.SockFilter, r.length), assignments(len(native(t, p).Params))[0]
		if n := testing.AllocsPerRun(20, func() { r.call(out, fd) }); n != 0 {
			t.Errorf("%s allocates %v times", r.function(), n)
		}
	}
}
