package main

// A suite is a package of ours and the tests that hold it.
type suite struct {
	dir string

	// slow is a regexp of the tests that a mutant meets only if the others let it
	// live: those that build and start children, or take a second.
	slow string

	// full says that what lives under the short tests meets the full ones too.
	full bool

	// every is n to try each n-th mutant only, by its place in the source.
	every int
}

var suites = []suite{
	{dir: "vm", slow: "^TestKernel|^TestRandom", full: true, every: 1},
	{dir: "install", slow: "^TestAttack|^TestBusy|^TestProcess|Kernel|^TestExec|^TestLaunch", full: true, every: 1},
	{dir: "internal/prove", slow: "^TestMutants|^TestPolicies|^TestKernel|^TestDecompiled|^TestRandom|^TestLarge|^TestStack", every: 1},
	{dir: "internal/compile", slow: "^TestFarJumps|^TestAgree|^TestMulti$|^TestPerformance$|^TestPerformanceMeaning|^TestDeterministic|^TestSplit$", full: true, every: 1},
}

// A stage is one way of running the tests of a suite.
type stage struct {
	name string
	args []string // of the test binary
}

// stages are those of a suite in the order in which a mutant meets them.
func (s *suite) stages() []stage {
	all := []stage{
		{"quick", []string{"-test.short", "-test.skip=" + s.slow}},
		{"short", []string{"-test.short", "-test.run=" + s.slow}},
	}
	if s.full {
		all = append(all, stage{"full", nil})
	}
	return all
}
