package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tileseal/tileseal/internal/kernels/console"
)

// ran is a run of one test on arm64.
func ran(jit, status, verdict string) console.Run {
	return console.Run{Package: "policy", GOARCH: "arm64", JIT: jit, Status: status, Calls: 868, Programs: 60,
		Verdicts: map[string]string{"TestKernelKills": verdict}, Output: []string{"some line"}}
}

func TestReport(t *testing.T) {
	arm64 := &target{name: "arm64-old", goarch: "arm64", compat: "arm"}
	tests := map[[2]string]wanted{{"policy", "arm64"}: {tests: []string{"TestKernelKills"}}}
	log := func(runs ...console.Run) *console.Log { return &console.Log{Release: "6.1.0", Runs: runs} }
	for _, tt := range []struct {
		name     string
		res      result
		verdict  string
		text     string // a line of it
		markdown string // its last line
	}{
		{
			"passed", result{log: log(ran("on", "0", "PASS"), ran("off", "0", "PASS")), took: 4 * time.Second}, "pass",
			"pass arm64-old jit off: 1 tests, 868 calls struck under 60 programs",
			"| arm64-old | arm64, arm | 6.1.0 | off | 60 | 868 | 1 | pass |",
		},
		{
			"failed with the compiler", result{log: log(ran("on", "1", "FAIL"), ran("off", "0", "PASS"))}, "FAIL",
			"FAIL arm64-old jit on: 0 tests",
			"| arm64-old | arm64, arm | 6.1.0 | off | 60 | 868 | 1 | pass |",
		},
		{
			"a test was skipped", result{log: log(ran("none", "0", "SKIP"))}, "FAIL",
			"\tpolicy for arm64: TestKernelKills: SKIP",
			"| arm64-old | arm64, arm |  |  |  |  |  | FAIL: no test passed |",
		},
		{
			"the console broke off", result{log: log(ran("on", "0", "PASS")), kernel: kernel{pkg: "linux-image-6.1.0"}, err: errors.New("it ends | here\nand more")}, "FAIL",
			"FAIL arm64-old: it ends | here",
			"| arm64-old | arm64, arm | linux-image-6.1.0 |  |  |  |  | FAIL: it ends \\| here |",
		},
		{
			"it ran nothing", result{log: log()}, "FAIL",
			"FAIL arm64-old: policy for arm64 did not run",
			"| arm64-old | arm64, arm |  |  |  |  |  | FAIL: policy for arm64 did not run |",
		},
		{
			"skipped", result{skipped: skip{"there is no QEMU"}}, "SKIP",
			"SKIP arm64-old: there is no QEMU",
			"| arm64-old | arm64, arm |  |  |  |  |  | SKIP: there is no QEMU |",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.res.target, tt.res.tests = arm64, tests
			if got := tt.res.verdict(); got != tt.verdict {
				t.Errorf("verdict %s, want %s", got, tt.verdict)
			}
			if got := tt.res.text(); !strings.Contains("\n"+got+"\n", "\n"+tt.text) {
				t.Errorf("text\n%s\nwant the line\n%s", got, tt.text)
			}
			r := report{[]*result{&tt.res}}
			if got := r.markdown(); !strings.HasSuffix(got, "\n"+tt.markdown+"\n") {
				t.Errorf("markdown\n%s\nwant at its end\n%s", got, tt.markdown)
			}
			if got := r.failed(); got != (tt.verdict == "FAIL") {
				t.Errorf("failed is %v", got)
			}
		})
	}
}

func TestSummary(t *testing.T) {
	arm64 := &target{name: "arm64-old"}
	r := report{[]*result{
		{target: arm64, log: &console.Log{Runs: []console.Run{ran("on", "0", "PASS")}}},
		{target: arm64, skipped: skip{"no QEMU"}},
		{target: arm64, err: errors.New("panic")},
		{target: arm64, skipped: skip{"no archive"}},
	}}
	if got, want := r.summary(), "4 targets: 1 passed, 1 failed, 2 skipped"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
