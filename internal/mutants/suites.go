package main

import "strings"

// A suite is a package of ours and the tests that hold it.
type suite struct {
	dir string

	// slow are regexps of the tests that a mutant meets only if the others let it
	// live, one after the other: those that build and start children, or take a
	// second.
	slow []string
}

var suites = []suite{
	{dir: "vm", slow: []string{"^TestKernel|^TestRandom"}},
	{dir: "install", slow: []string{"^TestProcess$|^TestThread|^TestExec$|^TestStagingKernel", "^TestProcess|^TestExec|^TestLaunch|^TestStaging|^TestVerify", "^TestAttack"}},
	{dir: "internal/prove", slow: []string{"^TestPolicies|^TestRandom|^TestLarge|^TestStack", "^TestMutants|^TestKernel|^TestDecompiled"}},
	{dir: "internal/compile", slow: []string{"^TestOptimizedGolden", "^TestAgree|^TestMulti$|^TestPerformance|^TestSplit$", "^TestFarJumps|^TestDeterministic"}},
}

// A stage is one way of running the tests of a suite.
type stage struct {
	name string
	args []string // of the test binary
}

// stages are those of a suite in the order in which a mutant meets them. Tests are
// run in their short form where they have one (internal/compile, internal/prove):
// the long one draws more random policies, which told no mutant more apart.
func (s *suite) stages() []stage {
	all := []stage{{"quick", []string{"-test.short", "-test.skip=" + strings.Join(s.slow, "|")}}}
	for i, run := range s.slow {
		slow := []string{"-test.short", "-test.run=" + run}
		if before := strings.Join(s.slow[:i], "|"); before != "" {
			slow = append(slow, "-test.skip="+before)
		}
		all = append(all, stage{"slow", slow})
	}
	return all
}
