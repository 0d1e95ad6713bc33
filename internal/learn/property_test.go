package learn

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
)

// Whatever calls were seen, the policy is one that resolves, allows each of them, and
// allows no call of another number.
func TestAllows(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	values := []uint64{0, 1, 2, 3, 4, 7, 9, 15, 100, 0x5401, 0x80000, 1 << 31, 1<<31 - 1, 1<<32 - 1, 1<<32 - 100, 1 << 32, 1<<63 - 1, ^uint64(0), 0x7f0012345678}
	for _, a := range arch.All() {
		calls := maps.Collect(a.Syscalls())
		names := slices.Sorted(maps.Keys(calls))
		for range 6 {
			tr := NewTrace(a)
			tr.Names[9] = "nine_fd"
			var seen []Call
			for range 60 {
				c := Call{Arch: arch.Arch(a.Audit()), Nr: calls[names[rnd.IntN(len(names))]], PID: 7}
				for range 1 + rnd.IntN(20) {
					for i := range c.Args {
						c.Args[i] = values[rnd.IntN(len(values))]
						c.Missing[i] = Told
						if rnd.IntN(10) == 0 {
							c.Missing[i] = Missing(rnd.IntN(3))
						}
					}
					tr.Add(c)
					seen = append(seen, c)
				}
			}
			holdsAll(t, a, tr, seen)
		}
	}
}

func holdsAll(t *testing.T, a arch.Arch, tr *Trace, seen []Call) {
	t.Helper()
	text := tr.Policy("property")
	f, errs := gen.Parse("learned", text, gen.Tileseal)
	res, list := gen.Resolve(f, a, compile.Plain)
	if err := append(errs, list...).Err(); err != nil {
		t.Fatalf("%v: %v\n%s", a, err, text)
	}
	params := map[string]int64{"nine_fd": 9}
	for _, p := range res.Params {
		var fd int64
		if _, err := fmt.Sscanf(p.Name, "fd%d", &fd); err == nil {
			params[p.Name] = fd
		}
	}
	numbers := map[uint32]bool{}
	for _, c := range seen {
		numbers[c.Nr] = true
		if _, known := arch.Arch(a.Audit()).Name(c.Nr); !known {
			continue
		}
		if got := judge(res.Policy, &c, params); got != rule.Allow {
			t.Fatalf("%v: %v for %s\n%s", a, got, Alike(c), text)
		}
	}
	if len(res.Calls) == 0 && a == arch.Arch(a.Audit()) { // x32 shares x86_64's calls, by other numbers
		t.Errorf("%v: nothing was learned", a)
	}
	for _, c := range res.Calls {
		if !numbers[c.Nr] {
			t.Errorf("%v: %s was never seen", a, c.Name)
		}
	}
}
