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
	"github.com/tileseal/tileseal/internal/proto"
	"github.com/tileseal/tileseal/internal/rule"
	"golang.org/x/sys/unix"
)

// vars are the values of what is known only at run time.
var vars = map[string]uint32{"epfd": 1005, "evfd": 1006, "pid": 123456, "cgquota": 7, "cgperiod": 8}

// params are the same under the names the fragments use.
var params = map[string]uint32{"go_epoll_fd": vars["epfd"], "go_event_fd": vars["evfd"], "go_pid": vars["pid"],
	"go_cgroup_quota_fd": vars["cgquota"], "go_cgroup_period_fd": vars["cgperiod"]}

func TestFragment(t *testing.T) {
	measuredOn := "measured on Go " + strings.Join(baseline.Minors(), " and ")
	for _, name := range baseline.Names() {
		text, ok := baseline.Fragment(name)
		if !ok || !strings.HasPrefix(string(text), "# "+name+": ") || !strings.Contains(strings.ReplaceAll(string(text), "\n# ", " "), measuredOn) {
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
				rows := slices.DeleteFunc(slices.Clone(levels[name][a.GOARCH()]), func(r measured.Row) bool {
					return slices.Contains(ownCalls, name+" "+r.Syscall) || slices.Contains(beyond, name+" "+r.Syscall)
				})
				f := load(t, name, a)
				f.policy.Calls = slices.DeleteFunc(f.policy.Calls, func(c rule.Call) bool { return slices.Contains(beyond, name+" "+c.Name) })
				if len(rows)+len(f.policy.Calls) == 0 {
					return // a level of other architectures
				}
				if len(rows) == 0 {
					if levels[name] == nil {
						t.Skip("only our own measurements have this level")
					}
					t.Fatal("nothing was measured")
				}
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

// ownCalls are calls that were measured together with a level and that policies
// list themselves.
var ownCalls = []string{"allthreads setgid", "allthreads setgid32", "allthreads getgid", "allthreads getgid32"}

// beyond are calls, or further values of their arguments, that our own
// measurements found a level to need and those beside the checkout lack.
var beyond = []string{
	"files uname",                // io.Copy from file to file
	"exec fcntl", "exec fcntl64", // F_SETFD goes by fcntl64 on 386
	"cgo futex", // a wait on a condition variable
	"cgo read",  // of a byte, as free makes the heap of a thread smaller
	"net shutdown", "net sendto", "net recvfrom", "net sendmsg", "net recvmsg", "net writev", "net fcntl", "net socketcall",
}

// A fragment is a level's policy for one architecture, and a count of verdicts.
type fragment struct {
	arch            arch.Arch
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
	f := &fragment{arch: a, policy: resolved.Policy}
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
	want := slices.ContainsFunc(rows, func(r measured.Row) bool { return r.Nr == nr && f.meets(t, r, args) })
	got := f.policy.Eval(rule.Data{Nr: nr, Arch: target.Audit, Args: args}, f.params)
	if (got == rule.Allow) != want || got != rule.Allow && got != rule.KillProcess && got != rule.Errno|rule.Action(unix.ENOSYS) {
		t.Errorf("call %d%#x: %v, measured: %v", nr, args, got, want)
	}
	if want {
		f.allowed++
	} else {
		f.denied++
	}
}

// meets reports whether a call is one of those a row is about. Of each argument
// counts what the kernel looks at, whatever the width of the measurement.
func (f *fragment) meets(t *testing.T, r measured.Row, args [6]uint64) bool {
	t.Helper()
	types, ok := proto.Of(f.arch, r.Syscall)
	if !ok {
		t.Fatalf("%s is not known", r.Syscall)
	}
	for n, c := range r.Args {
		mask := uint64(1<<types[n].Bits - 1)
		if !slices.ContainsFunc(c.Values(t, vars), func(v uint64) bool { return v&mask == args[n]&mask }) {
			return false
		}
	}
	return true
}
