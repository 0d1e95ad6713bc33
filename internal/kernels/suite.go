package main

import "slices"

// A suite is a package whose tests are run in the guests: those that are about
// the kernel, or about what the Go compiler makes of the generated code.
type suite struct {
	pkg    string   // its directory in the module
	slow   bool     // not run unless asked for
	only   []string // GOARCHs that its tests build for; nil means all
	tags   string   // build tags
	short  bool     // the short form is enough
	partly bool     // subtests may be skipped
	tests  []string // every one has to pass; a skipped one fails the target
	amd64  []string // besides, where there are two more ways into the kernel: x32 and int 0x80
	beside []string // those that the 32-bit programs run which run there too
	once   bool     // those ask nothing of the kernel, so its compiler does not matter to them
	files  []string // what the tests read, as patterns below the directory
	built  []string // main packages they run: directories in the module
}

// suites are what runs in every guest.
var suites = []suite{
	{
		// That the machinery of the other tests can be believed here.
		pkg:    "internal/kerneltest",
		short:  true,
		tests:  []string{"TestJudge", "TestJudgeArguments", "TestJudgeStartsClean", "TestJudgeLongest", "TestErrnos", "TestAccepts", "TestStrike"},
		amd64:  []string{"TestX32", "TestStrike80", "TestJudge80"},
		beside: []string{"TestJudge", "TestStrike"},
	},
	{
		pkg:    "policy",
		tests:  []string{"TestTable", "TestPopulate", "TestKernelJudges", "TestKernelKills", "TestKernelKillsForeign"},
		amd64:  []string{"TestKernelKillsInt80"},
		beside: []string{"TestTable", "TestPopulate"},
		once:   true,
		files:  []string{"*.seccomppolicy", "doc.go"},
	},
	{
		// A tenth of the programs; the tests leave the 32-bit architecture beside a
		// machine's own to their long form. Compiling the policies takes minutes.
		pkg:    "policy/gotile",
		slow:   true,
		tags:   "tileseal_experimental",
		short:  true,
		partly: true,
		tests:  []string{"TestPopulate", "TestKernelJudges", "TestRules", "TestTileRulesKill", "TestRuntimeRulesKill"},
		beside: []string{"TestPopulate"},
		once:   true,
		files:  []string{"*.seccomppolicy", "doc.go", "../*.seccomppolicy"},
	},
	{
		// Go programs do each tile's work under its own program, with the runtime
		// under stress.
		pkg:   "goruntime/internal/tiles",
		slow:  true,
		tags:  "tileseal_experimental",
		tests: []string{"TestSurvival"},
		files: []string{"../../../policy/gotile/*.seccomppolicy"},
		built: []string{"goruntime/internal/tiles"},
	},
	{
		pkg:    "install",
		only:   []string{"386", "amd64", "arm64"},
		tests:  []string{"TestProcess", "TestProcessEveryThread", "TestProcessDenied", "TestProcessWithoutRoot", "TestThread", "TestUnknownFlag", "TestProbe", "TestVerify", "TestExec"},
		beside: []string{"TestProcess", "TestThread"},
		built:  []string{"install/testdata/child", "install/testdata/attack"},
	},
	{
		pkg:    "internal/bpf",
		slow:   true,
		tests:  []string{"TestCheckKernelRows", "TestCheckKernelJumps", "TestCheckKernelRandom", "TestCheckKernelMemory"},
		beside: []string{"TestCheckKernelRows"},
	},
	{
		pkg:    "vm",
		slow:   true,
		tests:  []string{"TestKernelOpcodes", "TestKernelArithmetic", "TestKernelPrograms", "TestKernelDivisionByZero"},
		beside: []string{"TestKernelOpcodes"},
	},
}

// probe is the program by which package kerneltest makes calls.
const probe = "internal/kerneltest/probe"

// on are the tests of the suite that have to pass on a target, in programs for
// one of its GOARCHs; none if it does not run there.
func (s *suite) on(t *target, goarch string) []string {
	switch {
	case s.only != nil && !slices.Contains(s.only, goarch):
		return nil
	case goarch != t.goarch:
		return s.beside
	case goarch == "amd64":
		return slices.Concat(s.tests, s.amd64)
	}
	return s.tests
}
