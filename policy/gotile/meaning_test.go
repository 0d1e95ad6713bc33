//go:build linux && (386 || amd64 || arm64 || tileseal_experimental)

package gotile_test

import (
	"errors"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/policytest"
	"github.com/tileseal/tileseal/internal/policytest/tiles"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
)

// TestGoldens compares the programs with the digests and the listings checked in.
func TestGoldens(t *testing.T) {
	needsAll(t)
	policytest.Goldens(t, "gotile", policies(t))
}

// skipOn386 skips what a 64-bit test does for 386 too.
func skipOn386(t *testing.T) {
	t.Helper()
	if runtime.GOARCH == "386" {
		t.Skip("the 64-bit test does it for 386 too")
	}
}

// In package vm the programs do, on three architectures, what their policies
// mean.
func TestMeaning(t *testing.T) {
	skipOn386(t)
	for _, a := range policytest.Archs {
		t.Run(a.String(), func(t *testing.T) {
			t.Parallel()
			calls := 0
			for i, p := range policies(t) {
				if !p.Has(a) || testing.Short() && i%10 != 0 {
					continue
				}
				target := p.On(a)
				cases := []values{distinct(len(own(target)))}
				if i%5 == 0 {
					cases = append(cases, off(target))
				}
				for _, v := range cases {
					// Rules of the tile and of the runtime overlap: some
					// branches nothing can take.
					calls += policytest.Meaning(t, v.instance(t, target), false)
				}
			}
			t.Logf("%d calls", calls)
		})
	}
}

// The same of programs for architectures where they are experimental: those of
// every fifth tile, each of which is compiled and proven for it.
func TestMeaningExperimental(t *testing.T) {
	needsAll(t)
	for n, a := range policytest.Others {
		t.Run(a.String(), func(t *testing.T) {
			t.Parallel()
			calls := 0
			for i, x := range tiles.All() {
				if i%5 != n%5 || slices.Contains(tiles.NoSockets, a.GOARCH()) && slices.Contains(tiles.WithSockets, x.Name) {
					continue
				}
				target := policytest.ReadFile(t, x.Name+gen.Ending, compile.Optimized, a).On(a)
				calls += policytest.Meaning(t, distinct(len(own(target))).instance(t, target), false)
			}
			t.Logf("%d calls", calls)
		})
	}
}

// narrow are the strict programs that allow more than their text says: layouts
// classic and current compare the low 32 bits of some arguments that have 64.
var narrow = []string{"cswtch x86_64", "cswtch aarch64"}

// Whatever a tile's strict policy allows it may do here too: proven of the text,
// and of the strict program where that compares no less.
func TestContainsStrict(t *testing.T) {
	skipOn386(t)
	strict := policytest.Read(t, "..")
	for _, p := range policies(t) {
		i := slices.IndexFunc(strict, func(s *policytest.Policy) bool { return s.Name == p.Name })
		if i < 0 {
			t.Errorf("%s has no strict policy", p.Name)
			continue
		}
		text := policytest.ReadFile(t, filepath.Join("..", p.Name+gen.Ending), compile.Optimized, policytest.Archs...)
		for _, target := range p.Targets {
			if err := contains(target, text.On(target.Arch)); err != nil {
				t.Errorf("%s on %v lacks what its strict policy allows: %v", p.Name, target.Arch, err)
			}
			err := contains(target, strict[i].On(target.Arch))
			if name := p.Name + " " + target.Arch.String(); (err != nil) != slices.Contains(narrow, name) {
				t.Errorf("%s: against the strict program: %v", name, err)
			}
			if less := (*prove.Undecided)(nil); errors.As(err, &less) {
				t.Errorf("%s on %v: %v", p.Name, target.Arch, err)
			}
		}
	}
}

// contains proves that a program's policy allows whatever a strict one allows,
// whose parameters are among its own.
func contains(target, strict gen.Target) error {
	strict.Renumber(func(n int) int {
		return slices.IndexFunc(target.Params, func(p rule.Param) bool { return p.Name == strict.Params[n].Name })
	})
	was := strict.Policy.Params
	strict.Policy.Params = target.Params
	_, err := prove.NoWider(target.Policy, strict.Policy)
	strict.Policy.Params = was
	strict.Renumber(func(n int) int {
		return slices.IndexFunc(was, func(p rule.Param) bool { return p.Name == target.Params[n].Name })
	})
	return err
}

// Nothing but the runtime's own eight bytes is written to its descriptors, what is
// added for connections included.
func TestNoWriteToTheRuntime(t *testing.T) {
	for _, p := range policies(t) {
		for _, target := range p.Targets {
			v := distinct(len(own(target)))
			in := v.instance(t, target)
			nr, _ := target.Arch.Number("write")
			for _, fd := range []int{v.epoll, v.event} {
				d := rule.Data{Nr: nr, Arch: target.Arch.Audit(), Args: [6]uint64{uint64(fd), 0, 9}}
				if got := in.Eval(d); got != rule.KillProcess {
					t.Errorf("%s on %v: write of 9 bytes to the runtime's descriptor %d: %v", p.Name, target.Arch, fd, got)
				}
			}
		}
	}
}
