//go:build linux && (386 || amd64 || arm64 || tileseal_experimental)

package gotile_test

import (
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/goruntime"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/policytest"
	"github.com/tileseal/tileseal/internal/policytest/tiles"
)

var compiled struct {
	sync.Once
	policies []*policytest.Policy
}

// policies are the policies of this package, compiled anew, in alphabetical
// order. That takes 10 s for all architectures, so on 386 and in short mode it is
// done for this machine's alone.
func policies(t testing.TB) []*policytest.Policy {
	t.Helper()
	compiled.Do(func() {
		archs := policytest.Archs
		if nativeOnly() {
			archs = []arch.Arch{arch.Native()}
		}
		compiled.policies = policytest.ReadFor(t, ".", archs)
	})
	return compiled.policies
}

func nativeOnly() bool { return runtime.GOARCH == "386" || testing.Short() }

// needsAll skips a test of the programs for every architecture where only this
// machine's were compiled.
func needsAll(t *testing.T) {
	t.Helper()
	if nativeOnly() {
		t.Skip("needs the programs of every architecture: not in short mode, not on 386")
	}
}

// A tile is what the package exports for a policy, and the policy.
type tile struct {
	tiles.Tile
	policy *policytest.Policy
}

// table are the tiles of this GOARCH.
func table(t testing.TB) []tile {
	t.Helper()
	var list []tile
	all := tiles.All()
	for _, p := range policies(t) {
		if !p.Has(arch.Native()) {
			continue
		}
		i := slices.IndexFunc(all, func(x tiles.Tile) bool { return x.Name == p.Name })
		if i < 0 {
			t.Fatalf("%s is not in package tiles; see TestTable", p.Name)
		}
		list = append(list, tile{all[i], p})
	}
	return list
}

// TestTable wants every strict policy to have its like here, all of them on every
// architecture but for those with sockets where Go has socketcall, and package tiles to know them.
func TestTable(t *testing.T) {
	var want, have []string
	for _, p := range policytest.ReadFor(t, "..", []arch.Arch{arch.Native()}) {
		if !slices.Contains(tiles.NoSockets, runtime.GOARCH) || !slices.Contains(tiles.WithSockets, p.Name) {
			want = append(want, p.Name)
		}
	}
	for _, x := range tiles.All() {
		have = append(have, x.Name)
	}
	if !slices.Equal(have, want) {
		t.Fatalf("package tiles has:\n%s\nwant:\n%s", have, want)
	}
	for _, p := range policies(t) {
		if nativeOnly() {
			break
		}
		if got, want := p.Has(arch.X86), !slices.Contains(tiles.WithSockets, p.Name); got != want {
			t.Errorf("%s: for 386 %v, want %v", p.Name, got, want)
		}
	}
	for _, x := range table(t) {
		target := x.policy.On(arch.Native())
		if x.Len != len(target.Program.Insns) {
			t.Errorf("%s: Len is %d, want %d", x.Name, x.Len, len(target.Program.Insns))
		}
		if got, want := x.Params(), len(own(target)); got != want {
			t.Errorf("%s has %d parameters of its own, want %d", x.Function(), got, want)
		}
		if want := levels(t, target); x.Levels != want {
			t.Errorf("%s: Levels is %v, want %v", x.Name, x.Levels, want)
		}
	}
}

// usual are the levels that every tile includes.
const usual = goruntime.Go126 | goruntime.Go127 | goruntime.Core | goruntime.CoreVMAName | goruntime.Netpoll |
	goruntime.Crash | goruntime.CrashCore

// levels are those a tile needs: the usual ones, and rand where it has getrandom.
func levels(t *testing.T, target gen.Target) goruntime.Levels {
	t.Helper()
	for _, c := range target.Calls {
		if c.Name == "getrandom" {
			return usual | goruntime.Rand
		}
	}
	return usual
}

// own are the names of a program's parameters that are not the Go runtime's.
func own(target gen.Target) []string {
	var names []string
	for _, p := range target.Params {
		if !strings.HasPrefix(p.Name, "go_") {
			names = append(names, p.Name)
		}
	}
	return names
}

// Values are what a program is populated with.
type values struct {
	epoll, event, pid int
	fd                []int // the tile's own
}

// instance is the program with these values, compiled anew.
func (v values) instance(t testing.TB, target gen.Target) *policytest.Instance {
	t.Helper()
	in := &policytest.Instance{Target: target}
	fd := v.fd
	for _, p := range target.Params {
		value := 0
		switch p.Name {
		case "go_epoll_fd":
			value = v.epoll
		case "go_event_fd":
			value = v.event
		case "go_pid":
			value = v.pid
		default:
			value, fd = fd[0], fd[1:]
		}
		in.Params = append(in.Params, uint64(value))
	}
	return in
}

// runtime is what Prepare would have found out.
func (v values) runtime(l goruntime.Levels) goruntime.Runtime {
	return goruntime.Simulated(l, v.epoll, v.event, v.pid)
}

// nobody is a process id that no process has.
const nobody = math.MaxInt32 - 1

// distinct are values that all differ, for n parameters of the tile's own:
// descriptors that no process of these tests has.
func distinct(n int) values {
	v := values{epoll: 900, event: 937, pid: nobody}
	for i := range n {
		v.fd = append(v.fd, 974+37*i)
	}
	return v
}

// assignments are distinct values, neighbours up and down, equal ones, and the
// largest there are.
func assignments(n int) []values {
	list := []values{distinct(n)}
	for _, at := range []func(i int) int{
		func(i int) int { return 3 + i },
		func(i int) int { return 20 - i },
		func(int) int { return 7 },
		func(i int) int { return math.MaxInt32 - i },
	} {
		v := values{epoll: at(0), event: at(1), pid: at(2)}
		for i := range n {
			v.fd = append(v.fd, at(3+i))
		}
		list = append(list, v)
	}
	return list
}

// off are distinct values with -1 wherever it may be.
func off(target gen.Target) values {
	v := distinct(len(own(target)))
	for i, name := range own(target) {
		if least(target, name) == -1 {
			v.fd[i] = -1
		}
	}
	return v
}

// least is the least value of a parameter: -1, or 0 where -1 would mean more than
// nothing, which the strict policies' own tests list.
func least(target gen.Target, name string) int {
	for _, p := range target.Params {
		if p.Name == name {
			return int(p.Min)
		}
	}
	panic("no parameter " + name)
}
