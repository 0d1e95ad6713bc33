package policytest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/rule"
)

// Performance are the names of the policies that programs are measured with.
var Performance = []string{"A", "B", "C", "D"}

// A Sample is a call of a workload and how often it was made.
type Sample struct {
	Nr   uint32
	Args [6]uint64
	N    int
}

// Data is the call as a filter of x86_64 sees it.
func (s Sample) Data() rule.Data {
	return rule.Data{Nr: s.Nr, Arch: arch.X86_64.Audit(), Args: s.Args}
}

// PerformancePolicy reads policy-NAME.json from ../shared/performance, beside
// the repository, and skips the test where there is none. The policy is about
// x86_64, its descriptors are constants, and as in the figures that come with
// it calls of x32 get the default: set Target.X32Shares to have them killed.
func PerformancePolicy(t testing.TB, name string) *rule.Policy {
	t.Helper()
	var from struct {
		Default string
		Rules   []struct {
			Name   string
			Nr     uint32
			Action string
			Any    [][]jsonTerm
		}
	}
	sharedJSON(t, "policy-"+name+".json", &from)
	p := &rule.Policy{
		Name:    name,
		Target:  rule.Target{Name: "x86_64", Audit: arch.X86_64.Audit(), Bits: 64},
		Default: jsonAction(t, from.Default),
	}
	for _, r := range from.Rules {
		k := rule.Case{When: jsonWhen(t, r.Any), Action: jsonAction(t, r.Action)}
		p.Calls = append(p.Calls, rule.Call{Name: r.Name, Nr: r.Nr, Cases: []rule.Case{k}})
	}
	return p
}

// Workload reads workload-NAME.json from the same place.
func Workload(t testing.TB, name string) []Sample {
	t.Helper()
	var w []Sample
	sharedJSON(t, "workload-"+name+".json", &w)
	return w
}

func sharedJSON(t testing.TB, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(Root(t), "..", "shared", "performance", file))
	if err != nil {
		t.Skipf("the measured policies and workloads are not beside this checkout: %v", err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// A jsonTerm compares W bits of an argument with a constant; of op meq, those
// that Mask keeps.
type jsonTerm struct {
	Arg, W    int
	Op        string
	Val, Mask uint64
}

// jsonWhen is a condition written as an or of ands; an empty one always holds.
func jsonWhen(t testing.TB, alternatives [][]jsonTerm) rule.Expr {
	t.Helper()
	var or rule.Or
	for _, terms := range alternatives {
		var and rule.And
		for _, term := range terms {
			and = append(and, term.expr(t))
		}
		if len(and) == 1 {
			or = append(or, and[0])
		} else {
			or = append(or, and)
		}
	}
	switch len(or) {
	case 0:
		return nil
	case 1:
		return or[0]
	}
	return or
}

func (j jsonTerm) expr(t testing.TB) rule.Expr {
	t.Helper()
	ops := map[string]rule.Op{"eq": rule.Eq, "ne": rule.Eq, "meq": rule.Eq, "lt": rule.Lt, "gt": rule.Gt}
	op, ok := ops[j.Op]
	if !ok || j.W != 32 && j.W != 64 {
		t.Fatalf("comparison %+v is of no known kind", j)
	}
	c := &rule.Cmp{Op: op, Arg: j.Arg, Width: j.W, Mask: 1<<j.W - 1,
		X: rule.Operand{Param: -1, Value: j.Val, Text: fmt.Sprint(j.Val)}}
	switch j.Op {
	case "meq":
		c.Mask, c.MaskText = j.Mask, fmt.Sprintf("%#x", j.Mask)
	case "ne":
		return rule.Not{X: c}
	}
	return c
}

func jsonAction(t testing.TB, text string) rule.Action {
	t.Helper()
	switch text {
	case "ALLOW":
		return rule.Allow
	case "KILL_PROCESS":
		return rule.KillProcess
	}
	var errno uint16
	if _, err := fmt.Sscanf(strings.TrimPrefix(text, "ERRNO"), "(%d)", &errno); err != nil {
		t.Fatalf("action %q is of no known kind: %v", text, err)
	}
	return rule.Errno | rule.Action(errno)
}
