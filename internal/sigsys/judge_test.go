package sigsys

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"math/rand/v2"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
)

// resolve is what a policy text means.
func resolve(t testing.TB, name, text string, a arch.Arch) *rule.Policy {
	t.Helper()
	f, errs := gen.Parse(name, text, gen.Tileseal)
	res, list := gen.Resolve(f, a, compile.Plain)
	if err := append(errs, list...).Err(); err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return res.Policy
}

// judged is a policy for inputs of any kind.
var judged = &rule.Policy{
	Target:  rule.Target{Name: "x86_64", Audit: arch.X86_64.Audit(), Bits: 64, X32Shares: true},
	Default: rule.KillProcess,
	Params:  []rule.Param{{Name: "fd", Bits: 32, Min: -1, Max: 1<<31 - 1}},
	Calls: []rule.Call{{Name: "openat", Nr: 257, Cases: []rule.Case{{Action: rule.Allow, When: rule.Not{X: rule.Or{
		&rule.Cmp{Op: rule.Eq, Arg: 0, Width: 32, Mask: 1<<32 - 1, X: rule.Operand{Param: 0, Text: "fd"}},
		&rule.Cmp{Op: rule.Lt, Arg: 2, Width: 32, Mask: 0xff, MaskText: "0xff", X: rule.Operand{Param: -1, Value: 7, Text: "7"}},
	}}}}}},
}

const conditions = `uint fd, ulong big, uint log
read: (eq (arg 0) fd)
write: (and (in (arg 0) 1 2 fd) (<= (arg 2) 512))
openat: (or (and (eq (arg 0) AT_FDCWD) (eq (mask (arg 2) "O_ACCMODE") O_RDONLY)) (and (eq (arg 0) fd) (ne (arg 2) 0)))
mmap: (and (not (eq (mask (arg 2) PROT_EXEC) PROT_EXEC)) (eq (arg 4) -1))
lseek: (and (> (arg 1) big) (range (arg 2) 1 2))
close: (not (or (eq (arg 0) 2) (eq (arg 0) fd)))
brk: (eq (arg 0) big)
fsync: (eq (arg 0) log)
`

func TestWhy(t *testing.T) {
	p := resolve(t, "p.seccomppolicy", conditions, arch.X86_64)
	const unknown = -2
	for _, tc := range []struct {
		call string
		args []uint64
		fd   int64
		want Truth
		why  string // joined by ;
	}{
		{"read", []uint64{7}, 7, Yes, ""},
		{"read", []uint64{7}, 3, No, "arg 0 (fd) is 7, and must be fd (3)"},
		{"read", []uint64{7}, unknown, Depends, "arg 0 (fd) is 7, and must be fd (not given; 7 would do)"},
		{"fsync", []uint64{1<<32 - 1}, unknown, Depends, "arg 0 (fd) is -1, and must be log (not given; -1 would do)"},
		{"read", []uint64{1<<32 - 1}, unknown, No, "arg 0 (fd) is -1, and must be fd (which cannot be -1)"}, // it is a dirfd, too
		{"read", []uint64{1<<32 - 5}, unknown, No, "arg 0 (fd) is -5, and must be fd (which cannot be -5)"},
		{"write", []uint64{7, 0, 1024}, 3, No, "arg 0 (fd) is 7, and must be 1 or 2 or fd (3);arg 2 (count) is 1024, and must be at most 512"},
		{"write", []uint64{1, 0, 1024}, unknown, No, "arg 2 (count) is 1024, and must be at most 512"},
		{"write", []uint64{7, 0, 1024}, unknown, No, "arg 2 (count) is 1024, and must be at most 512"},
		{"write", []uint64{7, 0, 10}, unknown, Depends, "arg 0 (fd) is 7, and must be 1 or 2 or fd (not given; 7 would do)"},
		{"openat", []uint64{1<<64 - 100, 0, 1}, 3, No, "either: arg 2 (flags) & O_ACCMODE is O_WRONLY, and must be O_RDONLY;or: arg 0 (dfd) is AT_FDCWD, and must be fd (3)"},
		{"openat", []uint64{9, 0, 0x41}, 3, No, "either: arg 0 (dfd) is 9, and must be AT_FDCWD;  and: arg 2 (flags) & O_ACCMODE is 0x1, and must be O_RDONLY;or: arg 0 (dfd) is 9, and must be fd (3)"},
		{"mmap", []uint64{0, 0, 5, 0, 1<<32 - 1}, 3, No, "arg 2 (prot) & PROT_EXEC is 0x4, and must not be PROT_EXEC"},
		{"lseek", []uint64{3, 5, 9}, 3, No, "arg 2 (whence) is 9, and must be at most 2"},
		{"lseek", []uint64{3, 5, 1}, 3, Depends, "arg 1 (offset) is 5, and must be above big"},
		{"close", []uint64{2}, 3, No, "arg 0 (fd) is 2, and must not be 2"},
		{"close", []uint64{3}, 3, No, "arg 0 (fd) is 3, and must not be fd (3)"},
		{"close", []uint64{3}, unknown, Depends, "arg 0 (fd) is 3, and must not be fd (not given; any but 3 would do)"},
		{"close", []uint64{1<<32 - 5}, unknown, Yes, ""},
		{"brk", []uint64{1 << 40}, 3, Depends, "arg 0 (brk) is 0x10000000000, and must be big (not given; 1099511627776 would do)"},
	} {
		j := Judge{Policy: p, Params: map[int]uint64{}}
		if tc.fd != unknown {
			j.Params[0] = uint64(tc.fd)
		}
		got := j.Judge(stopped(t, arch.X86_64, tc.call, tc.args...))
		if len(got.Findings) != 1 {
			t.Fatalf("%s: %+v", tc.call, got)
		}
		f := got.Findings[0]
		if why := strings.Join(f.Why, ";"); f.Holds != tc.want || why != tc.why {
			t.Errorf("%s%v, fd %d: %v, %s\nwant %v, %s", tc.call, tc.args, tc.fd, f.Holds, why, tc.want, tc.why)
		}
	}
}

func TestJudge(t *testing.T) {
	p := resolve(t, "p.seccomppolicy", "uint fd\nread: (eq (arg 0) fd)\nwrite -> errno(EIO): (eq (arg 0) fd)\nnewer -> errno(ENOSYS)\n", arch.X86_64)
	j := Judge{Policy: p}
	for _, tc := range []struct {
		name    string
		report  Report
		verdict rule.Action
		open    bool
		killed  string
	}{
		{"no entry", Report{Arch: arch.X86_64, Nr: 2, HasArgs: true}, rule.KillProcess, false, ""},
		{"an entry that may hold", Report{Arch: arch.X86_64, Nr: 0, HasArgs: true}, rule.KillProcess, true, ""},
		{"no arguments", Report{Arch: arch.X86_64, Nr: 1}, rule.KillProcess, true, ""},
		{"newer", Report{Arch: arch.X86_64, Nr: 5000, HasArgs: true}, rule.Errno | 38, false, ""},
		{"skipped by a tracer", Report{Arch: arch.X86_64, Nr: 1<<32 - 1, HasArgs: true}, rule.KillProcess, false, ""},
		{"x32", Report{Arch: arch.X86_64, Nr: 0x40000000, HasArgs: true}, rule.KillProcess, false, "x32"},
		{"foreign", Report{Arch: arch.X86, Nr: 0, HasArgs: true}, rule.KillProcess, false, "a program for x86_64 may make no call of i386"},
	} {
		got := j.Judge(&tc.report)
		if got.Verdict != tc.verdict || got.Open != tc.open || !strings.Contains(got.Killed, tc.killed) || (got.Killed == "") != (tc.killed == "") {
			t.Errorf("%s: %+v", tc.name, got)
		}
	}
}

// texts are the policies of this repository, by file.
func texts(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{"conditions": conditions}
	for _, pattern := range []string{"../../policy/*.seccomppolicy", "../../policy/gotile/*.seccomppolicy", "../../testdata/sigsys/*.seccomppolicy"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all[file] = string(text)
		}
	}
	if len(all) < 20 {
		t.Fatalf("%d policies", len(all))
	}
	return all
}

// near are values about those a policy compares with, and some others.
func near(p *rule.Policy, params []uint64) []uint64 {
	values := []uint64{0, 1, 2, 1 << 31, 1<<32 - 1, 1 << 32, 1<<64 - 1}
	for _, c := range p.Calls {
		for _, k := range c.Cases {
			rule.Walk(k.When, func(c *rule.Cmp) {
				v := c.X.Value
				if c.X.Param >= 0 {
					v = params[c.X.Param]
				}
				values = append(values, v, v+1, v-1, v|1<<32)
			})
		}
	}
	return values
}

// TestAgreement: with all parameters known the judgment is the evaluator's
// verdict, and with some unknown it is that for every value of them, or open.
func TestAgreement(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, text := range texts(t) {
		f, _ := gen.Parse(name, text, gen.Tileseal)
		res, errs := gen.Resolve(f, arch.X86_64, compile.Plain)
		if errs.Err() != nil {
			continue // of other architectures, or another dialect
		}
		p := res.Policy
		for range 12 {
			params := make([]uint64, len(p.Params))
			known, partly := map[int]uint64{}, map[int]uint64{}
			for i := range params {
				params[i] = uint64(r.IntN(12))
				if known[i] = params[i]; r.IntN(2) == 0 {
					partly[i] = params[i]
				}
			}
			values := near(p, params)
			for range 25 {
				report := Report{Arch: arch.X86_64, HasArgs: true, Nr: uint32(r.IntN(450))}
				if len(p.Calls) > 0 && r.IntN(8) > 0 {
					report.Nr = p.Calls[r.IntN(len(p.Calls))].Nr
				}
				for i := range report.Args {
					report.Args[i] = values[r.IntN(len(values))]
				}
				want := p.Eval(report.Data(), params)
				if got := (Judge{p, known}).Judge(&report); got.Open || got.Verdict != want {
					t.Fatalf("%s: %s with %v: %+v, the policy says %v", name, report.String(), params, got, want)
				}
				if got := (Judge{p, partly}).Judge(&report); !got.Open && got.Verdict != want {
					t.Fatalf("%s: %s with %v of %v: %+v, the policy says %v", name, report.String(), partly, params, got, want)
				}
				blind := Report{Arch: report.Arch, Nr: report.Nr}
				if got := (Judge{p, known}).Judge(&blind); !got.Open && got.Verdict != want {
					t.Fatalf("%s: %s without arguments: %+v, the policy says %v", name, report.String(), got, want)
				}
			}
		}
	}
}

// TestExprText: what ExprText writes means what it was given.
func TestExprText(t *testing.T) {
	entries := 0
	for name, text := range texts(t) {
		f, _ := gen.Parse(name, text, gen.Tileseal)
		res, errs := gen.Resolve(f, arch.X86_64, compile.Plain)
		if errs.Err() != nil {
			continue
		}
		var params []string
		for _, p := range res.Params {
			params = append(params, map[int]string{32: "uint ", 64: "ulong "}[p.Bits]+strings.Replace(p.Name, "go_", "the_", 1))
		}
		head := strings.Join(params, ", ") + "\n"
		if len(params) == 0 {
			head = "noarg\n"
		}
		for _, c := range res.Calls {
			for _, k := range c.Cases {
				if k.When == nil {
					continue
				}
				entries++
				line := Entry(c.Name, []string{"x86_64"}, k.When)
				f, _ := gen.Parse("again", head+strings.ReplaceAll(line, "go_", "the_")+"\n", gen.Tileseal)
				again, errs := gen.Resolve(f, arch.X86_64, compile.Plain)
				errs = slices.DeleteFunc(errs, func(e *gen.Error) bool { return strings.Contains(e.Msg, "is never used") })
				if errs.Err() != nil {
					t.Fatalf("%s: %s\n%v", name, line, errs)
				}
				one := *res.Policy
				one.Default, one.Newer, one.Params = rule.KillProcess, nil, again.Params
				one.Calls = []rule.Call{{Name: c.Name, Nr: c.Nr, Cases: []rule.Case{{When: k.When, Action: rule.Allow}}}}
				if _, err := prove.SameMeaning(again.Policy, &one); err != nil {
					t.Errorf("%s: %s\n%v", name, line, err)
				}
			}
		}
	}
	if entries < 100 {
		t.Errorf("only %d entries", entries)
	}
}

// TestSuggest: the condition suggested for a call can be written as it is, and
// allows the call.
func TestSuggest(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	values := []uint64{0, 1, 2, 3, 7, 100, 0o640, 0x80000, 0x22, 1 << 31, 1<<32 - 100, 1<<32 - 1, 0x7f0000000000, 1<<64 - 100, 1<<64 - 1}
	for _, a := range []arch.Arch{arch.X86, arch.X86_64, arch.AArch64} {
		for name, nr := range a.Syscalls() {
			for range 3 {
				report := Report{Arch: a, Nr: nr, HasArgs: true}
				for i := range report.Args {
					if report.Args[i] = values[r.IntN(len(values))]; a.Bits() == 32 {
						report.Args[i] &= 1<<32 - 1
					}
				}
				s := Judge{Policy: &rule.Policy{}}.Suggest(&report)
				text := "noarg\n" + Entry(name, nil, s.When) + "\n"
				p := resolve(t, "p.seccomppolicy", text, a)
				if got := p.Eval(report.Data(), nil); got != rule.Allow {
					t.Errorf("%s\n%s is not allowed", text, report.String())
				}
			}
		}
	}
}
