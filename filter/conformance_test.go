package filter_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/vm"
)

// A vector is a set of calls and the verdict on all of them.
type vector struct {
	Arch   string
	Nr     span
	Args   [6]span
	Expect string
}

// A span is one number, or all from a low to a high one.
type span struct{ low, high uint64 }

func (s *span) UnmarshalJSON(text []byte) error {
	var both [2]json.Number
	if text[0] == '[' {
		if err := json.Unmarshal(text, &both); err != nil {
			return err
		}
	} else {
		both[0], both[1] = json.Number(text), json.Number(text)
	}
	var err error
	if s.low, err = unsigned(both[0]); err == nil {
		s.high, err = unsigned(both[1])
	}
	return err
}

// unsigned reads an unsigned number, or a negative one as what it is unsigned.
func unsigned(n json.Number) (uint64, error) {
	if strings.HasPrefix(string(n), "-") {
		i, err := n.Int64()
		return uint64(i), err
	}
	var u uint64
	err := json.Unmarshal([]byte(n), &u)
	return u, err
}

// calls lists the calls of v, every combination of what it spans.
func (v vector) calls() []vm.Call {
	a, err := arch.ByName(v.Arch)
	if err != nil {
		panic(err)
	}
	var calls []vm.Call
	for n := v.Nr.low; ; n++ {
		calls = append(calls, vm.Call{Nr: uint32(n), Arch: a.Audit()})
		if n == v.Nr.high {
			break
		}
	}
	for i, s := range v.Args {
		var more []vm.Call
		for _, c := range calls {
			for x := s.low; ; x++ {
				c.Args[i] = x
				more = append(more, c)
				if x == s.high {
					break
				}
			}
		}
		calls = more
	}
	return calls
}

// verdict is an action as recordings write it.
func verdict(a vm.Action) string {
	switch a.Kind() {
	case vm.KillThread:
		return "KILL"
	case vm.UserNotif:
		return "NOTIFY"
	case vm.Errno, vm.Trace:
		return strings.ToUpper(a.String())
	case vm.Trap:
		if a.Data() != 0 {
			return fmt.Sprintf("TRAP+%d", a.Data())
		}
	}
	return strings.ToUpper(a.String())
}

// read reads a recording.
func read(t *testing.T, name string) *recording {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	r := new(recording)
	if err := json.Unmarshal(text, r); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return r
}

// A tally counts what was compared.
type tally struct{ sessions, calls, other, vectors, points int }

func (n tally) String() string {
	return fmt.Sprintf("%d sessions: %d calls replayed, %d about the kernel or the resolver left out, %d vectors of %d points", n.sessions, n.calls, n.other, n.vectors, n.points)
}

// replay makes the calls of a recording and compares what they return, and
// what the programs say of its vectors.
func replay(t *testing.T, r *recording) (n tally) {
	t.Helper()
	for _, s := range r.Tests {
		t.Run(s.Name, func(t *testing.T) {
			native, err := arch.ByName(cmp.Or(s.Native, r.Native))
			if err != nil {
				t.Fatal(err)
			}
			l := &lseccomp{native: native, main: strings.HasPrefix(s.Since, "main"), level: 7, ctxs: map[int]*lctx{}}
			n.sessions++
			for i, c := range s.Calls {
				if l.same(t, i, c) {
					n.calls++
				} else {
					n.other++
				}
			}
			for _, v := range s.Vectors {
				n.vectors++
				n.points += l.judge(t, s.Name, v)
			}
		})
	}
	return n
}

// same makes one call and compares. It is false for calls that are not
// replayed.
func (l *lseccomp) same(t *testing.T, i int, c lcall) bool {
	t.Helper()
	switch c.Fn {
	case "init":
		x := l.start(c.ActionRaw)
		if (x != nil) != (c.RetCtx != 0) {
			t.Errorf("call %d, %v: %v, want context %d", i, c, x, c.RetCtx)
		}
		if x != nil {
			l.ctxs[c.RetCtx] = x
		}
		return true
	case "arch_resolve_name", "arch_native":
		var want uint32
		if err := json.Unmarshal(c.Ret, &want); err != nil || l.resolves(c) != want {
			t.Errorf("call %d, %v: %#x, want %s", i, c, l.resolves(c), c.Ret)
		}
		return true
	}
	rc, known := l.do(c)
	if known && rc != c.RC {
		t.Errorf("call %d, %v: %d, want %d", i, c, rc, c.RC)
	}
	return known
}

// judge compares the verdicts of the exported program on all points of a
// vector, and says how many they are.
func (l *lseccomp) judge(t *testing.T, name string, v vector) int {
	t.Helper()
	if l.exported == nil {
		t.Errorf("there is no program for %+v", v)
		return 0
	}
	p, err := vm.New(l.exported.Insns(), l.archs.All()[0])
	if err != nil {
		t.Fatal(err)
	}
	calls := v.calls()
	for _, c := range calls {
		got := verdict(p.Run(c))
		if got == v.Expect {
			continue
		}
		if why := deviates(name, v); why != "" {
			t.Logf("%v: %s, and libseccomp says %s: %s", c, got, v.Expect, why)
			continue
		}
		t.Errorf("%v: %s, want %s", c, got, v.Expect)
		return len(calls)
	}
	return len(calls)
}

// deviations are the sessions in which verdicts of libseccomp 2.6.1 are not
// what its rules mean, as found by running it. Everywhere else every verdict
// is to be libseccomp's.
var deviations = []struct{ session, arch, why string }{
	{"45-sim-chain_code_coverage", "x86", "the word a comparison expects is not the one that was loaded last (a0 to a4 = 0, 1, 3, 10, 11 is allowed, and no rule says so)"},
}

// deviates is why a verdict need not be libseccomp's, or "".
func deviates(session string, v vector) string {
	for _, d := range deviations {
		if d.session == session && d.arch == v.Arch {
			return d.why
		}
	}
	return ""
}

// TestConformance replays what the tests of libseccomp do: the recording that
// TILESEAL_CONFORMANCE names, or ../shared/libseccomp/conformance.json beside
// the repository. It also replays a recording of our own; the sessions native-* of
// that are written from what libseccomp's manual says of other machines.
func TestConformance(t *testing.T) {
	t.Run("own", func(t *testing.T) {
		t.Log(replay(t, read(t, filepath.Join("testdata", "conformance.json"))))
	})
	t.Run("libseccomp", func(t *testing.T) {
		name := os.Getenv("TILESEAL_CONFORMANCE")
		if name == "" {
			name = filepath.Join("..", "..", "shared", "libseccomp", "conformance.json")
			if _, err := os.Stat(name); err != nil {
				t.Skipf("no recording of libseccomp beside the repository (%s), and TILESEAL_CONFORMANCE names none", name)
			}
		}
		t.Log(replay(t, read(t, name)))
	})
}
