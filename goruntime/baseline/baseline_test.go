package baseline_test

import (
	"fmt"
	"maps"
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

// vars are the values of what is known only at run time.
var vars = map[string]uint32{"epfd": 1005, "evfd": 1006, "pid": 123456}

// params are the same under the names the fragments use.
var params = map[string]uint32{"go_epoll_fd": vars["epfd"], "go_event_fd": vars["evfd"], "go_pid": vars["pid"]}

func TestFragment(t *testing.T) {
	for _, name := range baseline.Names() {
		text, ok := baseline.Fragment(name)
		if !ok || !strings.HasPrefix(string(text), "# "+name+": ") || !strings.Contains(string(text), "measured on Go "+baseline.Minor) {
			t.Errorf("fragment %s (%v) does not begin with its name, or lacks its release", name, ok)
		}
		if ident, ok := baseline.Ident(name); !ok || ident == "" {
			t.Errorf("no constant for %s", name)
		}
	}
	for _, name := range []string{"", "cores", "go/core", "../go1.26/core", "core.seccomppolicy"} {
		if _, ok := baseline.Fragment(name); ok {
			t.Errorf("there is a fragment %q", name)
		}
	}
}

// Every fragment allows what was measured and nothing else: every system call
// with arguments at and beside every measured value, in one argument and with
// the upper halves of the registers clean and dirty.
func TestFragmentsAreTheMeasurements(t *testing.T) {
	levels := measured.Load(t)
	for _, name := range baseline.Names() {
		for _, a := range []arch.Arch{arch.X86_64, arch.X86, arch.AArch64} {
			t.Run(fmt.Sprintf("%s/%v", name, a), func(t *testing.T) {
				rows := levels[name][a.GOARCH()]
				if len(rows) == 0 {
					t.Fatal("nothing was measured")
				}
				f := load(t, name, a)
				for nr := range uint32(1000) {
					f.compare(t, rows, nr, [6]uint64{})
				}
				for _, r := range rows {
					f.around(t, rows, r)
				}
				if f.allowed == 0 || f.denied == 0 {
					t.Errorf("%d calls allowed, %d denied", f.allowed, f.denied)
				}
			})
		}
	}
}

// A fragment is a level's policy for one architecture, and a count of verdicts.
type fragment struct {
	policy          *rule.Policy
	params          []uint64
	allowed, denied int
}

func load(t *testing.T, name string, a arch.Arch) *fragment {
	t.Helper()
	text, _ := baseline.Fragment(name)
	file, errs := gen.Parse("go/"+name, string(text), gen.Tileseal)
	if err := errs.Err(); err != nil {
		t.Fatal(err)
	}
	resolved, errs := gen.Resolve(file, a, compile.Plain)
	if len(errs) != 0 { // warnings too
		t.Fatal(errs)
	}
	f := &fragment{policy: resolved.Policy}
	for _, p := range f.policy.Params {
		v, ok := params[p.Name]
		if !ok {
			t.Fatalf("parameter %s is none of the runtime's", p.Name)
		}
		f.params = append(f.params, uint64(v))
	}
	return f
}

// around compares on calls that meet r, and that miss it in one argument.
func (f *fragment) around(t *testing.T, rows []measured.Row, r measured.Row) {
	t.Helper()
	const junk = 0xdeadbeef_0badf00d
	args := [6]uint64{junk, junk, junk, junk, junk, junk}
	indexes := slices.Sorted(maps.Keys(r.Args))
	for _, n := range indexes {
		args[n] = r.Args[n].Values(t, vars)[0]
	}
	f.compare(t, rows, r.Nr, args)
	for _, n := range indexes {
		for _, v := range values(t, rows) {
			for _, near := range []uint64{v, v + 1, v - 1, v ^ 1<<31, v ^ 1<<32, v | 0xffffffff<<32, v &^ (0xffffffff << 32)} {
				try := args
				try[n] = near
				f.compare(t, rows, r.Nr, try)
			}
		}
	}
}

// values lists every value some row has for some argument.
func values(t *testing.T, rows []measured.Row) []uint64 {
	t.Helper()
	set := map[uint64]bool{0: true, 1<<64 - 1: true}
	for _, r := range rows {
		for _, c := range r.Args {
			for _, v := range c.Values(t, vars) {
				set[v] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// compare holds the fragment's verdict against the rows'.
func (f *fragment) compare(t *testing.T, rows []measured.Row, nr uint32, args [6]uint64) {
	t.Helper()
	target := f.policy.Target
	if target.Bits == 32 {
		for i := range args {
			args[i] &= 1<<32 - 1
		}
	}
	want := slices.ContainsFunc(rows, func(r measured.Row) bool { return r.Nr == nr && meets(t, r, args, target.Bits) })
	got := f.policy.Eval(rule.Data{Nr: nr, Arch: target.Audit, Args: args}, f.params)
	if (got == rule.Allow) != want || got != rule.Allow && got != rule.KillProcess {
		t.Errorf("call %d%#x: %v, measured: %v", nr, args, got, want)
	}
	if want {
		f.allowed++
	} else {
		f.denied++
	}
}

func meets(t *testing.T, r measured.Row, args [6]uint64, bits int) bool {
	for n, c := range r.Args {
		mask := c.Mask(bits)
		if r.Syscall == "clone" && n == 0 {
			// Measured with both words; the kernel drops the high one
			// (lower_32_bits, kernel/fork.c), so the language compares the low.
			mask = 1<<32 - 1
		}
		if !slices.ContainsFunc(c.Values(t, vars), func(v uint64) bool { return v&mask == args[n]&mask }) {
			return false
		}
	}
	return true
}
