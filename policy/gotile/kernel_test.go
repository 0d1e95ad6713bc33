//go:build linux && (386 || amd64 || arm64 || tileseal_experimental)

package gotile_test

import (
	"strings"
	"testing"

	"github.com/tileseal/tileseal/internal/kerneltest"
	"github.com/tileseal/tileseal/internal/policytest"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/vm"
	"golang.org/x/sys/unix"
)

// skipBeside64Bit skips what a 64-bit test does for 386 too, unless this kernel has
// 32-bit programs only.
func skipBeside64Bit(t *testing.T) {
	t.Helper()
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		t.Fatal(err)
	}
	if unix.ByteSliceToString(name.Machine[:]) != "i686" {
		skipOn386(t)
	}
}

// judged runs f for every program whose calls this machine's kernels take, with
// distinct values for its parameters. In short mode those are every tenth.
func judged(t *testing.T, f func(t *testing.T, in *policytest.Instance)) {
	skipBeside64Bit(t)
	for _, a := range policytest.KernelArchs() {
		t.Run(a.String(), func(t *testing.T) {
			for i, p := range policies(t) {
				if p.Has(a) && (i%10 == 0 || !testing.Short()) {
					target := p.On(a)
					f(t, distinct(len(own(target))).instance(t, target))
				}
			}
		})
	}
}

// Kernel, vm and meaning agree.
func TestKernelJudges(t *testing.T) {
	judged(t, func(t *testing.T, in *policytest.Instance) { policytest.Judge(t, in, 1500) })
}

// They agree on random calls: by default some thousand, with -args -calls=1000000 a
// million for each program.
func TestKernelOracle(t *testing.T) {
	skipBeside64Bit(t)
	for _, a := range policytest.KernelArchs() {
		t.Run(a.String(), func(t *testing.T) {
			var list []*policytest.Instance
			for _, p := range policies(t) {
				if p.Has(a) {
					target := p.On(a)
					list = append(list, distinct(len(own(target))).instance(t, target))
				}
			}
			policytest.Oracle(t, list)
		})
	}
}

// Every rule of the runtime's and of the tiles' decides a call, and another way
// one that differs from it in one argument, in package vm and in the kernel.
func TestRules(t *testing.T) {
	judged(t, func(t *testing.T, in *policytest.Instance) {
		prog := in.Program.Fill(in.Params)
		p, err := vm.New(prog, in.Arch)
		if err != nil {
			t.Fatal(err)
		}
		var calls []kerneltest.Call
		var cases []vm.Case
		add := func(d rule.Data) {
			calls = append(calls, kerneltest.Call{Nr: d.Nr, Args: d.Args})
			cases = append(cases, vm.Case{Call: vm.Call(d), Want: vm.Action(in.Eval(d))})
		}
		for _, v := range in.Vectors(t) {
			add(v.Allowed)
			for _, d := range v.Denied {
				add(d)
			}
		}
		vm.Test(t, p, cases)
		for i, pc := range kerneltest.Judge(t, in.Arch, prog, calls) {
			if got := vm.Action(prog[pc].K); got != cases[i].Want {
				t.Errorf("%s in the kernel: %v: %v, want %v", in.Name, cases[i].Call, got, cases[i].Want)
			}
		}
	})
}

// unsafe are rules of the runtime whose allowed call cannot be struck, and why.
// That they are needed and enough is shown by whole programs: TestSurvival, and
// the runs without them in goruntime/measure.
var unsafe = map[string]string{
	"clone":        "a thread without a stack of its own writes over its parent's",
	"rt_sigreturn": "without the frame of a signal handler there is nowhere to return to",
}

// ofRuntime reports whether a rule is one of the Go runtime's levels.
func ofRuntime(v policytest.Vector) bool { return strings.HasPrefix(v.Src.File, "go/") }

// Real calls return, or end the process by SIGSYS: one for each of a tile's own
// rules, and ones that differ from it in one argument.
func TestTileRulesKill(t *testing.T) {
	skipBeside64Bit(t)
	for _, a := range policytest.KernelArchs() {
		t.Run(a.String(), func(t *testing.T) {
			var shots []policytest.Shot
			struck := map[string]bool{} // rules, by name and place
			for i, p := range policies(t) {
				if !p.Has(a) || testing.Short() && i%10 != 0 {
					continue
				}
				target := p.On(a)
				in := distinct(len(own(target))).instance(t, target)
				for _, v := range in.Vectors(t) {
					if !ofRuntime(v) {
						shots = append(shots, in.Shots(v)...)
						struck[v.Rule] = true
					}
				}
				write, _ := a.Number("write")
				toStderr := rule.Data{Nr: write, Arch: a.Audit(), Args: [6]uint64{2}}
				shots = append(shots, in.Strangers(t, toStderr)...)
			}
			policytest.Strike(t, shots)
			t.Logf("%d rules", len(struck))
		})
	}
}

// The same of the runtime's own rules, which are those of every tile: struck
// once, under a tile that has all levels.
func TestRuntimeRulesKill(t *testing.T) {
	skipBeside64Bit(t)
	const withRand = "votor"
	for _, a := range policytest.KernelArchs() {
		t.Run(a.String(), func(t *testing.T) {
			var in *policytest.Instance
			for _, p := range policies(t) {
				if p.Name == withRand && p.Has(a) {
					in = distinct(len(own(p.On(a)))).instance(t, p.On(a))
				}
			}
			if in == nil {
				t.Skip("in short mode this machine's own architecture has to do")
			}
			var shots []policytest.Shot
			for _, v := range in.Vectors(t) {
				if !ofRuntime(v) {
					continue
				}
				of := in.Shots(v)
				if why, skip := unsafe[v.Call]; skip {
					t.Logf("%s is not struck: %s", v.Rule, why)
					of = of[1:]
				}
				shots = append(shots, of...)
			}
			policytest.Strike(t, shots)
		})
	}
}
