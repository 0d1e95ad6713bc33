package policytest

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/kerneltest"
	"github.com/tileseal/tileseal/internal/rule"
)

// A Shot is a call to be struck, and what is to come of it by the policy's
// meaning: it "returns", "ends the thread", "exits", "dies", or fails with an
// errno.
type Shot struct {
	kerneltest.Shot
	What, Want string
}

// Shot is the call under this program.
func (in *Instance) Shot(what string, d rule.Data) Shot {
	call := kerneltest.Call{Nr: d.Nr, Args: d.Args}
	want := "returns"
	switch action := in.Eval(d); {
	case action.Kind() == rule.Errno:
		want = failsWith(syscall.Errno(action.Data()))
	case action != rule.Allow:
		want = "dies"
	default:
		switch name, _ := in.Arch.Name(d.Nr); name {
		case "exit":
			want = "ends the thread"
		case "exit_group":
			want = "exits"
		}
	}
	return Shot{kerneltest.Shot{Arch: in.Arch, Prog: in.Program.Fill(in.Params), Call: call}, what, want}
}

func failsWith(e syscall.Errno) string { return fmt.Sprintf("fails with errno %d", int(e)) }

// Shots are the calls of a vector: the one its rule is about and those that
// differ from it in one argument.
func (in *Instance) Shots(v Vector) []Shot {
	shots := []Shot{in.Shot(v.Rule, v.Allowed)}
	for _, d := range v.Denied {
		shots = append(shots, in.Shot(v.Rule, d))
	}
	return shots
}

// Strangers are calls no rule is about: one in no policy, and on x86_64 the x32
// twin of one that is allowed.
func (in *Instance) Strangers(t testing.TB, allowed rule.Data) []Shot {
	t.Helper()
	const harmless = "getppid"
	nr, ok := in.Arch.Number(harmless)
	if !ok {
		t.Fatalf("no number for %s on %v", harmless, in.Arch)
	}
	calls := []rule.Data{{Nr: nr, Arch: in.Arch.Audit()}}
	if in.Arch == arch.X86_64 {
		allowed.Nr |= arch.X32Bit
		calls = append(calls, allowed)
	}
	var shots []Shot
	for _, d := range calls {
		s := in.Shot(fmt.Sprintf("%s: call %#x", in.Name, d.Nr), d)
		s.Want = "dies"
		shots = append(shots, s)
	}
	return shots
}

// Foreigners are calls that another architecture's process makes, of a number and
// with arguments that the program allows on its own: one for each caller that is
// foreign to the program.
func (in *Instance) Foreigners(allowed rule.Data, callers []arch.Arch) []Shot {
	var shots []Shot
	for _, a := range callers {
		if a != in.Arch {
			s := in.Shot(fmt.Sprintf("%s on %v: %v's call %d", in.Name, in.Arch, a, allowed.Nr), allowed)
			s.Arch, s.Want = a, "dies"
			shots = append(shots, s)
		}
	}
	return shots
}

// struck are the programs under which this process has struck calls; those of
// some policies are the same.
var struck = map[string]bool{}

// Strike fires the shots, each at a process of its own.
func Strike(t *testing.T, shots []Shot) {
	t.Helper()
	bare := make([]kerneltest.Shot, len(shots))
	for i, s := range shots {
		bare[i] = s.Shot
	}
	count, programs, before := map[string]int{}, map[string]bool{}, len(struck)
	for i, o := range kerneltest.Strikes(t, bare) {
		got, want := o.String(), shots[i].Want
		switch {
		case o.Killed():
			got = "dies"
		case o.Returned && want == failsWith(o.Errno):
			got = want
		case o.Returned:
			got = "returns"
		case o.Ended:
			got = "ends the thread"
		case o.Exited:
			got = "exits"
		}
		if got != want {
			t.Errorf("%s: %+v %s (%v), want that it %s", shots[i].What, shots[i].Call, got, o, want)
		}
		count[got]++
		program := fmt.Sprint(shots[i].Prog)
		programs[program], struck[program] = true, true
	}
	// Package internal/kernels/console reads this.
	t.Logf("%d calls under %d programs, %d of them new: %v", len(shots), len(programs), len(struck)-before, count)
}
