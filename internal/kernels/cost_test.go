package main

import (
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/kernels/console"
	"github.com/tileseal/tileseal/internal/peers"
	"github.com/tileseal/tileseal/internal/trust"
)

var moduleDir = filepath.Join("..", "..")

// Each target that costs are measured on has programs that a kernel takes, made
// the same every time; a program that is missing says why, and no two have one
// name.
func TestContenders(t *testing.T) {
	chosen, err := choose(costTargets)
	if err != nil {
		t.Fatal(err)
	}
	for i, target := range chosen {
		if got, err := arch.ByGOARCH(target.goarch); err != nil || !slices.Contains(peers.Archs, got) {
			t.Errorf("%s: the peers have no programs for it", target.name)
		}
		list, err := contenders(moduleDir, target.goarch)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := contenders(moduleDir, target.goarch); i == 0 && !reflect.DeepEqual(again, list) {
			t.Errorf("%s: other programs the second time (%v)", target.name, err)
		}
		names := map[string]bool{}
		for _, c := range list {
			switch err := bpf.Check(c.prog); {
			case names[c.name()] || strings.Contains(c.name(), " "):
				t.Errorf("%s: %s is no name of its own", target.name, c.name())
			case c.call == "":
				t.Errorf("%s: %s: no call to make", target.name, c.name())
			case c.maker == unfiltered || c.why != "":
				if c.prog != nil {
					t.Errorf("%s: %s has a program", target.name, c.name())
				}
			case err != nil:
				t.Errorf("%s: %s: %v", target.name, c.name(), err)
			}
			names[c.name()] = true
		}
		for _, want := range []string{"A/no-filter", "A/layout-current", "A/layout-plain", "D/layout-optimized", "A/libseccomp-level-2", "A/gVisor-optimized"} {
			if !names[want] {
				t.Errorf("%s: no %s", target.name, want)
			}
		}
	}
}

// measured is a target on which three programs of A were measured, in two boots.
func measured() *cost {
	figures := func(floor, ours, peer float64) []console.Figure {
		return []console.Figure{
			{JIT: "on", Order: "A/no-filter", Least: floor},
			{JIT: "on", Order: "A/layout-optimized", Least: floor + ours},
			{JIT: "on", Order: "A/libseccomp-level-1", Least: floor + peer},
		}
	}
	prog := make([]bpf.Insn, 13)
	return &cost{
		target: &target{name: "arm64-old", goarch: "arm64"}, release: "6.1.0",
		list: []contender{
			{policy: "A", maker: unfiltered},
			{policy: "A", maker: "layout optimized", prog: prog},
			{policy: "A", maker: "libseccomp, level 1", prog: prog[:9], note: "without x32"},
			{policy: "A", maker: "gVisor, optimized", why: "it does not know arm64"},
		},
		boots: [][]console.Figure{figures(724, 200.4, 260.6), figures(724, 200.4, 261.1)},
	}
}

func TestCostTable(t *testing.T) {
	table := measured().markdown()
	got := table.Markdown()
	const dashes = " - | - | - |"
	for _, want := range []string{
		"arm64, Linux 6.1.0: instructions over",
		"| program | A, JIT | B, JIT | C, JIT | D, JIT |",
		"| no filter: the whole call | 724 |" + dashes,
		"| layout optimized | 200 (13) |" + dashes,
		"| libseccomp, level 1 | 261 (9) |" + dashes,
		"| gVisor, optimized | - |" + dashes,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestDescribe(t *testing.T) {
	skipped := &cost{target: &target{name: "s390x-old"}, skipped: skip{"there is no QEMU"}}
	failed := &cost{target: &target{name: "amd64-old"}, err: errors.New("it\nbroke")}
	var rec trust.Record
	describe(&rec, []*cost{measured(), skipped, failed})
	if want := "3 programs on 1 of 3 kernels; layout optimized costs no more than any peer's program in 1 of 1 comparisons"; rec.Result != want {
		t.Errorf("%s, want %s", rec.Result, want)
	}
	want := []string{
		"arm64-old: over 2 boots no figure differs by more than 0.50 instructions (A/libseccomp-level-1, JIT on).",
		"s390x-old: SKIP: there is no QEMU",
		"amd64-old: FAIL: it",
		"policy A, libseccomp, level 1: without x32 (arm64)",
		"policy A, gVisor, optimized: it does not know arm64 (arm64)",
	}
	if !slices.Equal(rec.Notes, want) {
		t.Errorf("notes\n%s\nwant\n%s", strings.Join(rec.Notes, "\n"), strings.Join(want, "\n"))
	}
}

// A peer's program that costs less is counted as such.
func TestAhead(t *testing.T) {
	c := measured()
	c.boots[0][2].Least = c.boots[0][1].Least - 1
	if n, of := c.ahead(); n != 0 || of != 1 {
		t.Errorf("ahead in %d of %d, want 0 of 1", n, of)
	}
}

func TestCounting(t *testing.T) {
	amd64 := &target{goarch: "amd64", extra: "syscall.x32=y"}
	if got := counting(amd64).extra; !strings.HasPrefix(got, "syscall.x32=y nokaslr ") || !strings.Contains(got, "clocksource=tsc") || amd64.extra != "syscall.x32=y" {
		t.Errorf("the command line of amd64 has %q, and the target now %q", got, amd64.extra)
	}
	if got := counting(&target{goarch: "s390x"}).extra; strings.Contains(got, "tsc") || !strings.Contains(got, "mitigations=off") {
		t.Errorf("the command line of s390x has %q", got)
	}
}
