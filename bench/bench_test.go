//go:build linux && amd64

package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/rule"
	"golang.org/x/sys/unix"
)

// TestMain also is the child that measures one filter.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == childArg {
		child()
	}
	os.Exit(m.Run())
}

const (
	textDir   = "../testdata/performance"
	sharedDir = "../../shared/performance"
)

func readTestPolicy(t *testing.T, name, workloads string) *policy {
	t.Helper()
	p, err := readPolicy(name, textDir, workloads)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestRun measures the smallest policy with every peer and table there is.
func TestRun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bench.json")
	var out bytes.Buffer
	if err := run(&out, []string{"-short", "-policies", "A", "-json", file}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var rep report
	if err := json.Unmarshal(text, &rep); err != nil {
		t.Fatal(err)
	}
	for _, m := range []metric{readyTime, readyAllocs, size, executedAll, executedUncached, installSteps, installTime, checkedCall, userSpace, proofTime} {
		measured := false
		for _, x := range rep.Results {
			measured = measured || x.Metric == m && strings.HasPrefix(x.Contender, "tileseal") && x.Absent == ""
		}
		if !measured {
			t.Errorf("no figure of ours for %q", m)
		}
		if !strings.Contains(out.String(), "| "+string(m)) {
			t.Errorf("no table for %q", m)
		}
	}
	for contender, metrics := range map[string][]metric{
		"gVisor, optimized":                        {readyTime, readyAllocs, size, executedAll, executedUncached, installSteps, installTime, checkedCall},
		"gVisor, optimized with hot list":          {readyTime, readyAllocs, size, executedAll, executedUncached, installSteps, installTime, checkedCall},
		"gVisor, precompiled with hot list":        {readyTime, readyAllocs, size, executedAll, executedUncached, installSteps},
		"tileseal optimized, unc, package vm":      {userSpace},
		"tileseal optimized, unc, x/net/bpf":       {userSpace},
		"tileseal optimized, unc, gVisor bpf.Exec": {userSpace},
	} {
		for _, m := range metrics {
			if !slices.ContainsFunc(rep.Results, func(x result) bool { return x.Metric == m && x.Contender == contender && x.Absent == "" }) {
				t.Errorf("no %q of %q", m, contender)
			}
		}
	}
	for _, x := range rep.Results {
		if x.Absent == "" && x.Metric != readyAllocs && x.Value <= 0 {
			t.Errorf("%s of %s is %v", x.Metric, x.Contender, x.Value)
		}
	}
	for _, x := range rep.Notes {
		if strings.HasPrefix(x.Contender, "tileseal") {
			t.Errorf("%s: %s", x.Contender, x.Absent)
		}
	}
}

// TestCounts is about figures that can be worked out by hand. Of the 942
// numbers, 471 of i386 take 3 steps (load, compare, kill); of x86_64's, 469
// take 6 (the same and the number, two comparisons, kill), write 5, fsync 6.
func TestCounts(t *testing.T) {
	p := readTestPolicy(t, "A", t.TempDir())
	if p.given || len(p.work) != 2 {
		t.Errorf("without a file the workload is %v", p.work)
	}
	c := layout(p, compile.Plain, "plain")
	if n := steps(c.prog); n != 471*3+469*6+5+6 {
		t.Errorf("%d steps", n)
	}
	write := sample{Nr: unix.SYS_WRITE, Args: [6]uint64{2}, N: 3}
	getpid := sample{Nr: unix.SYS_GETPID, N: 1}
	all, unc := executed(c.prog, []sample{write, getpid})
	// write: two loads and three jumps to its argument, load, test, return.
	if want := (3*7 + 6) / 4.0; all != want || unc != want {
		t.Errorf("executed %v and %v, want %v", all, unc, want)
	}
	allow := []bpf.Insn{{Code: bpf.RetK, K: uint32(rule.Allow)}}
	if all, unc = executed(allow, []sample{write}); all != 1 || unc != 0 {
		t.Errorf("a program that allows everything executes %v, uncached %v", all, unc)
	}
}

// TestSharedFigures are figures that ../shared/performance has for linear
// programs, measured by others.
func TestSharedFigures(t *testing.T) {
	if _, err := os.Stat(sharedDir); err != nil {
		t.Skipf("the workloads are not beside this checkout: %v", err)
	}
	for name, want := range map[string]struct {
		size  int
		all   float64
		steps int
	}{"A": {19, 10.35, 4238}, "B": {77, 14.3, 0}} {
		p := readTestPolicy(t, name, sharedDir)
		c := layout(p, compile.Current, "current")
		all, _ := executed(c.prog, p.work)
		if diff := all - want.all; len(c.prog) != want.size || diff > 0.05 || diff < -0.05 {
			t.Errorf("%s: %d instructions, executed %.2f; want %+v", name, len(c.prog), all, want)
		}
		if n := steps(c.prog); want.steps != 0 && n != want.steps {
			t.Errorf("%s: %d steps, want %d", name, n, want.steps)
		}
	}
}

// TestDifferences: a program that is not the policy's is noticed.
func TestDifferences(t *testing.T) {
	p := readTestPolicy(t, "A", t.TempDir())
	c := layout(p, compile.Plain, "plain")
	if wrong := p.differences(c); wrong != "" {
		t.Errorf("the right program: %s", wrong)
	}
	for pc, in := range c.prog {
		broken := contender{prog: append([]bpf.Insn(nil), c.prog...)}
		broken.prog[pc].K ^= 1 // another constant, offset or action
		if p.differences(broken) == "" && in.Code != bpf.RetK {
			t.Errorf("instruction %d %v with another operand is not noticed", pc, in)
		}
	}
}

// TestAlternatives holds the rewritten conditions against the meaning of the
// policies.
func TestAlternatives(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{"A", "B", "C", "D"} {
		p := readTestPolicy(t, name, t.TempDir())
		for _, c := range p.Calls {
			if c.Cases[0].When == nil {
				continue
			}
			list := alternatives(c.Cases[0].When, false)
			rewritten := &policy{Policy: &rule.Policy{Target: p.Target, Params: p.Params, Default: p.Default,
				Calls: []rule.Call{{Nr: c.Nr, Cases: []rule.Case{{When: expr(list), Action: rule.Allow}}}}}}
			split := *rewritten.Policy
			split.Calls = []rule.Call{{Nr: c.Nr, Cases: []rule.Case{{When: expr(splitSets(p, list)), Action: rule.Allow}}}}
			for range 2000 {
				d := rule.Data{Nr: c.Nr, Arch: arch.X86_64.Audit()}
				for i := range d.Args {
					d.Args[i] = []uint64{0, 1, 2, 3, 4, 5, 6, 7, 8, 34, 38, 40, 50, 128, 0x4000, 0x50f00, 0x80800, 1 << 31}[r.IntN(18)]
				}
				want := p.Eval(d, p.params)
				if got := rewritten.Eval(d, p.params); got != want {
					t.Fatalf("%s %s%v: %v, want %v", name, c.Name, d.Args, got, want)
				}
				if got := split.Eval(d, p.params); got != want {
					t.Fatalf("%s %s%v: split, %v, want %v", name, c.Name, d.Args, got, want)
				}
			}
		}
	}
}

// expr is the condition that alternatives stand for.
func expr(list [][]term) rule.Expr {
	var or rule.Or
	for _, terms := range list {
		var and rule.And
		for _, t := range terms {
			if t.not {
				and = append(and, rule.Not{X: t.Cmp})
			} else {
				and = append(and, t.Cmp)
			}
		}
		or = append(or, and)
	}
	return or
}

// TestKernelFaults: a filter that does not let the measured call through ends
// the run, with a reason.
func TestKernelFaults(t *testing.T) {
	ret := func(a rule.Action) []bpf.Insn { return []bpf.Insn{{Code: bpf.RetK, K: uint32(a)}} }
	for name, tc := range map[string]struct {
		prog []bpf.Insn
		want string
	}{
		"killed":  {ret(rule.KillProcess), "bad system call"},
		"denied":  {ret(rule.Errno | 1), "call 1 returned -1"},
		"refused": {[]bpf.Insn{{Code: bpf.LdAbs}}, "prctl returned 0, seccomp -22"},
	} {
		_, err := ask(order{"A", tc.prog, 1, 1})
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
	a, err := ask(order{"B", ret(rule.Allow), 3, 10})
	if err != nil || a.Install == 0 || len(a.Calls) != 2 || len(a.Calls[0]) != 3 || a.Calls[1][2] <= 0 {
		t.Errorf("allowed: %+v, %v", a, err)
	}
}

// TestReady holds the generated programs, and that they are not stale.
func TestReady(t *testing.T) {
	for name, g := range populates {
		p := readTestPolicy(t, name, t.TempDir())
		got := make([]unix.SockFilter, g.insns)
		g.do(got)
		want := layout(p, readyLayout, "ready").prog
		if len(got) != len(want) {
			t.Errorf("%s has %d instructions, want %d; run go generate ./ready", name, len(got), len(want))
			continue
		}
		for pc := range got {
			if bpf.Insn(got[pc]) != want[pc] {
				t.Errorf("%s, instruction %d: %v, want %v; run go generate ./ready", name, pc, got[pc], want[pc])
			}
		}
	}
}

func TestReport(t *testing.T) {
	rep := &report{Date: "2026-01-02", Machine: "a machine", Peers: []string{"a peer"}}
	a, b := &policy{name: "A"}, &policy{name: "B"}
	rep.absent(a, size, "first", "it rains")
	rep.add(a, size, "second", 4)
	rep.add(a, size, "third", 6)
	rep.absent(b, size, "first", "it rains")
	rep.add(b, size, "third", 1234.5)
	rep.note(b, "third", "means something else")
	var out strings.Builder
	rep.print(&out)
	want := `2026-01-02; a machine; a peer
In parentheses: the ratio to the first row that has a figure.

| size, instructions |       A |    B |
|--------------------|--------:|-----:|
| first              |       - |    - |
| second             |       4 |      |
| third              | 6 (1.5) | 1234 |

- A, B: first: it rains
- B: third: means something else
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
