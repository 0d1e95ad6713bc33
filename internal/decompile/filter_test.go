package decompile_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/filter"
	"github.com/tileseal/tileseal/internal/bpf"
)

// TestFilters decompiles programs of random filters for several architectures,
// in both arrangements: they mean the same.
func TestFilters(t *testing.T) {
	values := []uint64{0, 1, 2, 5, 4095, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<32 + 5, 1<<63 + 1, 1<<64 - 1}
	masks := []uint64{1, 3, 0xff, 0x7e020000, 1<<32 - 1, 1 << 33, 0xf0000000f, 1<<64 - 1}
	calls := []string{"read", "write", "close", "mprotect", "clone", "exit_group", "clone3"}
	sets := [][]arch.Arch{{arch.X86_64}, {arch.X86_64, arch.X86, arch.X32}, {arch.AArch64, arch.ARM}, {arch.S390X, arch.S390}, {arch.X32}}
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		archs := sets[int(seed)%len(sets)]
		f, err := filter.New([]filter.Action{filter.KillProcess, filter.Allow, filter.Errno | 1}[rng.IntN(3)], archs...)
		if err != nil {
			t.Fatal(err)
		}
		for range 1 + rng.IntN(8) {
			r := filter.Rule{Call: calls[rng.IntN(len(calls))], Action: []filter.Action{filter.Allow, filter.Trap, filter.Errno | 38}[rng.IntN(3)]}
			for arg := range 6 {
				if rng.IntN(4) > 0 {
					continue
				}
				op := []filter.Op{filter.EQ, filter.NE, filter.LT, filter.LE, filter.GT, filter.GE, filter.MaskedEQ}[rng.IntN(7)]
				c := filter.Cond{Arg: arg, Op: op, Value: values[rng.IntN(len(values))]}
				if op == filter.MaskedEQ {
					c.Mask = masks[rng.IntN(len(masks))]
				}
				r.When = append(r.When, c)
			}
			_ = f.Add(r) // it may conflict with one before, and is left out
		}
		means := ""
		for _, tree := range []bool{false, true} {
			f.Tree = tree
			p, err := f.Program()
			if errors.Is(err, filter.ErrTooLarge) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			var insns []bpf.Insn
			for _, in := range p.Insns() {
				insns = append(insns, bpf.Insn(in))
			}
			got := meant(roundTrip(t, insns, archs[0]))
			// What bits of a word say twice is not always seen to be the same.
			if means != "" && got != means && !strings.Contains(got, "mask") {
				t.Errorf("seed %d: as a tree it means\n%s\notherwise\n%s", seed, got, means)
			}
			means = got
		}
	}
}

// TestEveryArchitecture decompiles the same filter of every architecture.
func TestEveryArchitecture(t *testing.T) {
	for _, a := range arch.All() {
		f, err := filter.New(filter.Errno|1, a)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []filter.Rule{
			{Call: "getpid", Action: filter.Allow},
			{Call: "write", Action: filter.Allow, When: []filter.Cond{{Arg: 0, Op: filter.EQ, Value: 2}, {Arg: 2, Op: filter.LE, Value: 512}}},
		} {
			if err := f.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		p, err := f.Program()
		if err != nil {
			t.Fatal(err)
		}
		var insns []bpf.Insn
		for _, in := range p.Insns() {
			insns = append(insns, bpf.Insn(in))
		}
		m := roundTrip(t, insns, a)
		name := a.String()
		for _, want := range []string{
			fmt.Sprintf("%s: errno(1)\n", name),
			"  write allow (and (eq (arg 0) 2) (<= (arg 2) 512))\n",
			"  getpid allow\n",
		} {
			if got := meant(m); !strings.Contains(got, want) {
				t.Errorf("%v means\n%s\nwithout %q", a, got, want)
			}
		}
	}
}
