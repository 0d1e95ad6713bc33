//go:build linux

package policy_test

import (
	"runtime"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/kerneltest"
	"github.com/tileseal/tileseal/internal/policytest"
	"github.com/tileseal/tileseal/internal/rule"
)

// closed is a program whose parameters are descriptors, or process ids, that
// the struck process does not have.
func closed(p *policytest.Policy, a arch.Arch) *policytest.Instance {
	in := &policytest.Instance{Target: p.On(a)}
	for i := range in.Target.Params {
		in.Params = append(in.Params, 900+uint64(i))
	}
	return in
}

// Kernel, vm and meaning agree on every program.
func TestKernelJudges(t *testing.T) {
	calls := 3000
	if testing.Short() {
		calls = 300
	}
	for _, a := range policytest.KernelArchs() {
		t.Run(a.String(), func(t *testing.T) {
			for i, p := range policies(t) {
				policytest.Judge(t, instances(table[i], p.On(a))[0], calls)
			}
		})
	}
}

// Under the strict programs real calls return, or end the process by SIGSYS:
// one that each rule allows, and ones that differ from it in one argument; a
// call without a rule, and one of x32.
func TestKernelKills(t *testing.T) {
	for _, a := range policytest.KernelArchs() {
		t.Run(a.String(), func(t *testing.T) {
			var shots []shot
			for i, p := range policies(t) {
				if testing.Short() && i%10 != 0 {
					continue
				}
				in := closed(p, a)
				vectors := in.Vectors(t)
				shots = append(append(shots, ruled(in, vectors)...), unruled(t, in, vectors[0].Allowed)...)
			}
			strike(t, shots)
		})
	}
}

// A call by int 0x80 ends a 64-bit process even if a 64-bit call of that number
// and with these arguments is allowed.
func TestKernelKillsInt80(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("there is no int 0x80 from 64-bit code on " + runtime.GOARCH)
	}
	var shots []shot
	for _, p := range policies(t) {
		in := closed(p, arch.X86_64)
		s := newShot(p.Name, in, in.Vectors(t)[0].Allowed, "dies")
		s.Via80 = true
		shots = append(shots, s)
	}
	strike(t, shots)
}

// A shot is a call to be struck and what is to come of it: it "returns", "ends
// the thread", "exits" or "dies".
type shot struct {
	kerneltest.Shot
	what, want string
}

func newShot(what string, in *policytest.Instance, d rule.Data, want string) shot {
	call := kerneltest.Call{Nr: d.Nr, Args: d.Args}
	return shot{kerneltest.Shot{Arch: in.Arch, Prog: in.Program.Fill(in.Params), Call: call}, what, want}
}

// ruled are the calls that try every rule of a program.
func ruled(in *policytest.Instance, vectors []policytest.Vector) []shot {
	var shots []shot
	for _, v := range vectors {
		want := "returns"
		switch v.Call {
		case "exit":
			want = "ends the thread"
		case "exit_group":
			want = "exits"
		}
		shots = append(shots, newShot(v.Rule, in, v.Allowed, want))
		for _, d := range v.Denied {
			shots = append(shots, newShot(v.Rule, in, d, "dies"))
		}
	}
	return shots
}

// unruled are calls that no rule of a program is about: one in no policy, and
// on x86_64 the x32 twin of one that is allowed.
func unruled(t *testing.T, in *policytest.Instance, allowed rule.Data) []shot {
	t.Helper()
	const call = "getppid" // harmless
	nr, ok := in.Arch.Number(call)
	if !ok {
		t.Fatalf("no number for %s on %v", call, in.Arch)
	}
	shots := []shot{newShot(in.Name+": "+call, in, rule.Data{Nr: nr}, "dies")}
	if in.Arch == arch.X86_64 {
		allowed.Nr |= arch.X32Bit
		shots = append(shots, newShot(in.Name+": x32", in, allowed, "dies"))
	}
	return shots
}

// strike fires the shots, each at a process of its own.
func strike(t *testing.T, shots []shot) {
	t.Helper()
	bare := make([]kerneltest.Shot, len(shots))
	for i, s := range shots {
		bare[i] = s.Shot
	}
	count := map[string]int{}
	for i, o := range kerneltest.Strikes(t, bare) {
		got := o.String()
		switch {
		case o.Killed():
			got = "dies"
		case o.Returned:
			got = "returns"
		case o.Ended:
			got = "ends the thread"
		case o.Exited:
			got = "exits"
		}
		if s := shots[i]; got != s.want {
			t.Errorf("%s: %+v %s (%v), want that it %s", s.what, s.Call, got, o, s.want)
		}
		count[got]++
	}
	t.Logf("%d calls: %v", len(shots), count)
}
