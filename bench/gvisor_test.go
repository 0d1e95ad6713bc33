//go:build linux && amd64

package main

import (
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/seccomp/precompiledseccomp"
)

// TestGVisorMeaning: gVisor's programs are not ones of another policy. What it
// precompiles is proven for every call and every value of the parameters, and
// with the measured ones filled in is what it builds.
func TestGVisorMeaning(t *testing.T) {
	for _, name := range []string{"A", "B", "C", "D"} {
		p := readTestPolicy(t, name, sharedDir)
		meaning, _ := p.sparingX32()
		for _, hot := range [][]uintptr{nil, p.hot()} {
			ready, err := precompileGVisor(p, hot)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if _, err := prove.Equal(provable(t, p, ready), meaning); err != nil {
				t.Errorf("%s, hot %v: %v", name, hot, err)
			}
			values := precompiledseccomp.Values{}
			for i, q := range p.Params {
				values[q.Name] = uint32(p.params[i])
			}
			filled, err := ready.RenderInstructions(values)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			built, err := buildGVisor(p, hot)
			if err != nil || !slices.Equal(insnsOf(filled), built) {
				t.Errorf("%s, hot %v: filled in %v, built %v, %v", name, hot, filled, built, err)
			}
		}
	}
}

// provable is a precompiled program whose operands are parameters where
// gVisor puts their values: VarOffsets counts words of 32 bits, of which an
// instruction has two, the second its operand.
func provable(t *testing.T, p *policy, ready precompiledseccomp.Program) *prove.Program {
	t.Helper()
	out := &prove.Program{Params: p.Params}
	for i := 0; i < len(ready.Bytecode32); i += 2 {
		head := ready.Bytecode32[i]
		out.Insns = append(out.Insns, prove.Insn{Insn: bpf.Insn{
			Code: uint16(head), Jt: uint8(head >> 16), Jf: uint8(head >> 24), K: ready.Bytecode32[i+1],
		}})
	}
	for n, q := range p.Params {
		for _, offset := range ready.VarOffsets[q.Name] {
			if offset%2 == 0 {
				t.Fatalf("%s in place of an opcode, at %d", q.Name, offset)
			}
			out.Insns[offset/2].Slot = &prove.Slot{Param: n}
		}
	}
	return out
}

// TestGVisorX32: the difference that the note is about, and no other, is that
// between the policy and what gVisor's program is held against.
func TestGVisorX32(t *testing.T) {
	for _, name := range []string{"A", "C"} {
		p := readTestPolicy(t, name, t.TempDir())
		for _, c := range peers(p) {
			if !strings.HasPrefix(c.name, "gVisor") {
				continue
			}
			if wrong := p.differences(c); wrong != "" {
				t.Errorf("%s, %s: %s", name, c.name, wrong)
			}
			strict := c
			strict.meaning = nil
			differs := p.differences(strict) != ""
			if differs != (name == "C") || differs != (c.note != "") {
				t.Errorf("%s, %s: differs %t, note %q", name, c.name, differs, c.note)
			}
		}
	}
}

// TestGVisorHot: the list is ordered by weight, and does what it is for.
func TestGVisorHot(t *testing.T) {
	p := readTestPolicy(t, "A", t.TempDir())
	p.work = []sample{{Nr: unix.SYS_WRITE, N: 2, Args: [6]uint64{5}}, {Nr: unix.SYS_FSYNC, N: 3, Args: [6]uint64{5}}, {Nr: unix.SYS_WRITE, N: 2, Args: [6]uint64{7}}}
	if got := p.hot(); !slices.Equal(got, []uintptr{unix.SYS_WRITE, unix.SYS_FSYNC}) {
		t.Errorf("hot calls %v", got)
	}
	p.work[1].N = 30
	if got := p.hot(); !slices.Equal(got, []uintptr{unix.SYS_FSYNC, unix.SYS_WRITE}) {
		t.Errorf("hot calls %v", got)
	}
	fsyncs := []sample{{Nr: unix.SYS_FSYNC, N: 1, Args: [6]uint64{5}}}
	least := math.Inf(1)
	for _, hot := range [][]uintptr{{unix.SYS_WRITE, unix.SYS_FSYNC}, {unix.SYS_FSYNC, unix.SYS_WRITE}} {
		prog, err := buildGVisor(p, hot)
		if err != nil {
			t.Fatal(err)
		}
		n, _ := executed(prog, fsyncs)
		if n >= least {
			t.Errorf("hot %v: fsync takes %v, not less than %v", hot, n, least)
		}
		least = n
	}
}

// TestGVisorShared are figures that ../shared/performance has for gVisor,
// measured by others.
func TestGVisorShared(t *testing.T) {
	if _, err := os.Stat(sharedDir); err != nil {
		t.Skipf("the workloads are not beside this checkout: %v", err)
	}
	type means struct{ all, uncached float64 }
	for name, want := range map[string]struct{ plain, hot means }{
		"A": {means{9.65, 9.65}, means{8.70, 8.70}},
		"B": {means{11.32, 11.76}, means{11.76, 11.01}},
		"C": {means{11.05, 8.00}, means{11.58, 7.00}},
		"D": {means{12.66, 9.52}, means{13.42, 7.55}},
	} {
		p := readTestPolicy(t, name, sharedDir)
		for i, hot := range [][]uintptr{nil, p.hot()} {
			prog, err := buildGVisor(p, hot)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			all, uncached := executed(prog, p.work)
			w := []means{want.plain, want.hot}[i]
			if math.Abs(all-w.all) > 0.005 || math.Abs(uncached-w.uncached) > 0.005 {
				t.Errorf("%s, hot %v: executed %.2f, uncached %.2f, want %v", name, hot, all, uncached, w)
			}
		}
	}
}

// TestGVisorCannot: what is not translated is an error, never another meaning.
func TestGVisorCannot(t *testing.T) {
	eq := &rule.Cmp{Op: rule.Eq, Width: 32, Mask: 1<<32 - 1, X: rule.Operand{Param: -1}}
	order := &rule.Cmp{Op: rule.Lt, Width: 32, Mask: 1<<32 - 1, X: rule.Operand{Param: -1, Value: 3}}
	allow := func(x rule.Expr) []rule.Case { return []rule.Case{{When: x, Action: rule.Allow}} }
	for want, cases := range map[string][]rule.Case{
		"a comparison in order":                          allow(order),
		"an alternative to what an argument must not be": allow(rule.Or{eq, rule.Not{X: eq}}),
		"more than one case":                             append(allow(eq), allow(nil)...),
		"no counterpart of action":                       {{Action: rule.Trap}},
	} {
		p := &policy{Policy: &rule.Policy{Default: rule.KillProcess, Calls: []rule.Call{{Name: "write", Nr: 1, Cases: cases}}}}
		if _, err := gvisorProgram(p, nil); err == nil || !strings.Contains(err.Error(), "write: "+want) {
			t.Errorf("error %v, want %q", err, want)
		}
		for _, b := range gvisor(p)[:2] {
			if _, err := b.build(); err == nil {
				t.Errorf("%s: %s builds", want, b.name)
			}
		}
		if b := gvisor(p)[2]; b.build != nil || b.why == "" {
			t.Errorf("%s: %s builds, or does not say why not", want, b.name)
		}
	}
	p := readTestPolicy(t, "A", t.TempDir())
	p.Params[0].Bits = 64
	if _, err := precompileGVisor(p, nil); err == nil || !strings.Contains(err.Error(), "has 64 bits") {
		t.Errorf("a wide parameter: %v", err)
	}
}
