//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/goruntime/baseline"
	"github.com/tileseal/tileseal/goruntime/internal/measured"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
)

func archOf(t *testing.T, goarch string) arch.Arch {
	t.Helper()
	a, err := arch.ByGOARCH(goarch)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// parse resolves a policy with the parameters p and q for x86_64.
func parse(t *testing.T, entry string) *rule.Policy {
	t.Helper()
	file, errs := gen.Parse("test", "uint p, uint q\nclose: (in (arg 0) p q)\n"+entry+"\n", gen.Tileseal)
	if err := errs.Err(); err != nil {
		t.Fatal(err)
	}
	resolved, errs := gen.Resolve(file, arch.X86_64, compile.Plain)
	if err := errs.Err(); err != nil {
		t.Fatal(err)
	}
	return resolved.Policy
}

// String is c as the tests write it.
func (c condition) String() string {
	var parts []string
	for _, arg := range slices.Sorted(maps.Keys(c)) {
		var values []string
		for _, v := range c[arg].values {
			if v.Param >= 0 {
				values = append(values, "pq"[v.Param:v.Param+1])
			} else {
				values = append(values, fmt.Sprint(signed(c[arg].width, v.Value)))
			}
		}
		parts = append(parts, fmt.Sprintf("%d/%d=%s", arg, c[arg].width, strings.Join(values, "|")))
	}
	return strings.Join(parts, " ")
}

func TestConditions(t *testing.T) {
	for _, tc := range []struct{ entry, want, single string }{
		{"madvise", "", ""},
		{"madvise: (eq (arg 2) 4)", "2/32=4", "2/32=4"},
		{"madvise: (in (arg 2) 4 14 15)", "2/32=4|14|15", "2/32=4; 2/32=14; 2/32=15"},
		{"madvise: (or (eq (arg 2) 4) (and (eq (arg 2) 8) (eq (arg 1) 0)))", "2/32=4; 1/64=0 2/32=8", "2/32=4; 1/64=0 2/32=8"},
		{"madvise: (and (or (eq (arg 2) 4) (eq (arg 1) 9)) (eq (arg 0) 0))", "0/64=0 2/32=4; 0/64=0 1/64=9", "0/64=0 2/32=4; 0/64=0 1/64=9"},
		{"read: (and (in (arg 0) p q) (eq (arg 2) 8))", "0/32=p 2/64=8; 0/32=q 2/64=8", "0/32=p 2/64=8; 0/32=q 2/64=8"},
		{"mmap: (and (in (arg 2) 0 3) (in (arg 3) 34 50))", "2/64=0|3 3/64=34|50",
			"2/64=0 3/64=34; 2/64=0 3/64=50; 2/64=3 3/64=34; 2/64=3 3/64=50"},
		{"mmap: (eq (arg 4) \"(int)-1\")", "4/32=-1", "4/32=-1"},
	} {
		p := parse(t, tc.entry)
		ways, err := conditions(p.Calls[1].Cases[0].When)
		if err != nil {
			t.Errorf("%s: %v", tc.entry, err)
			continue
		}
		var got, single []string
		var back rule.Or
		free := false
		for _, w := range ways {
			got = append(got, w.String())
			for _, one := range w.single() {
				single = append(single, one.String())
				if x := one.expr(); x != nil {
					back = append(back, x)
				} else {
					free = true
				}
			}
		}
		if g := strings.Join(got, "; "); g != tc.want {
			t.Errorf("%s: %q, want %q", tc.entry, g, tc.want)
		}
		if g := strings.Join(single, "; "); g != tc.single {
			t.Errorf("%s: single %q, want %q", tc.entry, g, tc.single)
		}
		if !free {
			sameMeaning(t, tc.entry, p, back)
		}
	}
}

// sameMeaning holds a condition in parts against the policy's own.
func sameMeaning(t *testing.T, entry string, p *rule.Policy, parts rule.Or) {
	t.Helper()
	q := *p
	call := p.Calls[1]
	call.Cases = []rule.Case{{When: parts, Action: rule.Allow}}
	q.Calls = []rule.Call{call}
	values := []uint64{0, 3, 4, 8, 9, 14, 15, 34, 50, 100, 200, 1<<32 - 1, 1 << 32, 1<<32 + 4, 1<<64 - 1}
	params := []uint64{100, 200}
	n := 0
	for _, a := range values {
		for _, b := range values {
			for _, c := range values {
				for _, args := range [][6]uint64{{a, b, c, 34, 1<<64 - 1, 0}, {0, 0, a, b, c, 0}} {
					d := rule.Data{Nr: call.Nr, Arch: p.Target.Audit, Args: args}
					got, want := q.Eval(d, params), p.Eval(d, params)
					if got != want {
						t.Fatalf("%s: %v for %v, want %v", entry, got, args, want)
					}
					if want == rule.Allow {
						n++
					}
				}
			}
		}
	}
	if n == 0 {
		t.Errorf("%s: no call was allowed", entry)
	}
}

func TestConditionsRefuse(t *testing.T) {
	for _, entry := range []string{
		"madvise: (ne (arg 2) 4)",
		"madvise: (not (eq (arg 2) 4))",
		"madvise: (< (arg 2) 4)",
		"madvise: (eq (mask (arg 2) 4) 4)",
		"madvise: (and (in (arg 2) 4 5) (in (arg 2) 5 6))",
	} {
		if ways, err := conditions(parse(t, entry).Calls[1].Cases[0].When); err == nil {
			t.Errorf("%s: %v", entry, ways)
		}
	}
}

// Taking an atom out of a filter takes it out of every level, and nothing else.
func TestWithout(t *testing.T) {
	f, err := newFilter(arch.X86_64, []string{"core", "crash_core", "files"}, []string{says}, false)
	if err != nil {
		t.Fatal(err)
	}
	allows := func(f *filter, call string, args ...uint64) bool {
		d := rule.Data{Arch: arch.X86_64.Audit()}
		d.Nr, _ = arch.X86_64.Number(call)
		copy(d.Args[:], args)
		params := make([]uint64, len(f.policy.Params))
		for i := range params {
			params[i] = 100 + uint64(i)
		}
		return f.policy.Eval(d, params) == rule.Allow
	}
	for _, tc := range []struct {
		out   atom
		call  string
		args  []uint64
		after bool
	}{
		{"", "gettid", nil, true},
		{"gettid", "gettid", nil, false},
		{"gettid", "getpid", nil, true},
		{"madvise 2/32=0x4", "madvise", []uint64{0, 0, 4}, false},
		{"madvise 2/32=0x4", "madvise", []uint64{0, 0, 15}, true},
		{"read", "read", []uint64{55, 0, 9}, false},
		{"read", "read", []uint64{101, 0, 8}, true}, // core's own, of the eventfd
	} {
		if !allows(f, tc.call, tc.args...) {
			t.Fatalf("%s%v is not allowed to begin with", tc.call, tc.args)
		}
		if got := allows(f.without(tc.out), tc.call, tc.args...); got != tc.after {
			t.Errorf("without %q %s%v: %v", tc.out, tc.call, tc.args, got)
		}
	}
}

func TestNarrow(t *testing.T) {
	r := &run{harness: []string{says, "exit_group: (in (arg 0) 0 70)"}}
	f, err := newFilter(arch.X86_64, []string{"core", "crash"}, r.harness, true)
	if err != nil {
		t.Fatal(err)
	}
	nr, _ := arch.X86_64.Number("exit_group")
	for status, want := range map[uint64]bool{0: true, 2: true, 70: true, 1: false, 3: false} {
		d := rule.Data{Nr: nr, Arch: arch.X86_64.Audit(), Args: [6]uint64{status}}
		if got := f.policy.Eval(d, make([]uint64, len(f.policy.Params))) == rule.Allow; got != want {
			t.Errorf("exit_group(%d): %v", status, got)
		}
	}
}

func TestWhy(t *testing.T) {
	const text = `# level: head.

noarg

# First entry. More of it,
# on two lines.
first
second on i386:
  (eq (arg 0) 1)

# What the third
# is for
third

fourth
`
	for line, want := range map[int]string{7: "First entry", 8: "First entry", 13: "What the third is for", 15: ""} {
		if got := why(text, line); got != want {
			t.Errorf("line %d: %q, want %q", line, got, want)
		}
	}
}

// What is written is what go_runtime.json is: package measured reads it.
func TestWrite(t *testing.T) {
	res, err := results("go1.99.1", "6.1", nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := res.write(&b); err != nil {
		t.Fatal(err)
	}
	var again Results
	if err := json.Unmarshal(b.Bytes(), &again); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(&again, res) {
		t.Error("what was written reads differently")
	}
	var facts struct{ Levels measured.Levels }
	if err := json.Unmarshal(b.Bytes(), &facts); err != nil {
		t.Fatal(err)
	}
	vars := map[string]uint32{}
	for _, name := range variables {
		vars[name] = 1
	}
	for _, level := range baseline.Names() {
		for _, goarch := range goarchs {
			rows := facts.Levels[level][goarch]
			if len(rows) != len(res.Levels[level][goarch]) {
				t.Errorf("%s on %s: %d rows", level, goarch, len(rows))
			}
			for _, r := range rows {
				for _, c := range r.Args {
					if len(c.Values(t, vars)) == 0 {
						t.Errorf("%s on %s: %s has a constraint without values", level, goarch, r.Syscall)
					}
				}
			}
		}
	}
}
