//go:build linux

package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tileseal/tileseal/goruntime/baseline"
	"github.com/tileseal/tileseal/internal/rule"
)

// buildDir holds the stress programs until the tests are over.
var buildDir string

func TestMain(m *testing.M) {
	flag.Parse()
	ordinary()
	dir, err := os.MkdirTemp("", "measure")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	buildDir = dir
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// measuredDir holds the results, relative to this package.
const measuredDir = "../baseline/measured"

// readResults reads what was measured with a Go minor release.
func readResults(t *testing.T, minor string) *Results {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(measuredDir, "go"+minor+".json"))
	if err != nil {
		t.Fatalf("%v; run make runtime-baseline", err)
	}
	var r Results
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return &r
}

// The results are those of the baselines as they are: an edit to a level needs a
// measurement.
func TestResultsAreFresh(t *testing.T) {
	own, err := native()
	if err != nil {
		t.Fatal(err)
	}
	minors := baseline.Minors()
	if !slices.Contains(minors, own.minor()) {
		t.Errorf("there is no baseline for %s, which runs this test; measure it with: go run . -go %s", own, own)
	}
	for _, minor := range minors {
		have := readResults(t, minor)
		want, err := results(toolchain("go"+have.Go), have.Kernel, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []*Results{have, want} {
			r.forgetEvidence()
		}
		for _, level := range baseline.Names() {
			for _, goarch := range goarchs {
				if !reflect.DeepEqual(have.Levels[level][goarch], want.Levels[level][goarch]) ||
					!reflect.DeepEqual(have.Refused[level][goarch], want.Refused[level][goarch]) {
					t.Errorf("level %s on %s is not what was measured with Go %s; run make runtime-baseline", level, goarch, minor)
				}
			}
		}
		if !reflect.DeepEqual(have, want) {
			t.Errorf("the results for Go %s have levels that the baselines do not; run make runtime-baseline", minor)
		}
	}
}

func (r *Results) forgetEvidence() {
	for _, archs := range r.Levels {
		for _, rows := range archs {
			for i := range rows {
				rows[i].Evidence, rows[i].Untriggered = "", nil
			}
		}
	}
	for _, archs := range r.Refused {
		for _, list := range archs {
			for i := range list {
				list[i].Evidence = ""
			}
		}
	}
}

// Every row was seen to be needed where it can be run.
func TestResultsAreComplete(t *testing.T) {
	for _, minor := range baseline.Minors() {
		res := readResults(t, minor)
		for level, archs := range res.Levels {
			for goarch, rows := range archs {
				for _, r := range rows {
					if r.Evidence != complete(level, goarch) || r.Untriggered != nil {
						t.Errorf("Go %s, level %s on %s: %s %v: evidence %q, not needed %v", minor, level, goarch, r.Syscall, r.Args, r.Evidence, r.Untriggered)
					}
				}
			}
		}
		for level, archs := range res.Refused {
			for goarch, list := range archs {
				for _, r := range list {
					if r.Evidence != complete(level, goarch) {
						t.Errorf("Go %s, level %s on %s: %s -> %s: evidence %q", minor, level, goarch, r.Syscall, r.Action, r.Evidence)
					}
				}
			}
		}
	}
}

// complete is the evidence that the machine which measured can give. It was amd64,
// with a C compiler for that alone.
func complete(level, goarch string) string {
	if goarch == "amd64" || goarch == "386" && level != "cgo" && level != "race" {
		return evidenceRun
	}
	return evidenceRead
}

// Each level has runs of its own, and each run a filter.
func TestPlan(t *testing.T) {
	has := map[string]bool{}
	for _, goarch := range goarchs {
		a := archOf(t, goarch)
		for _, r := range plan(goarch) {
			for _, l := range r.of {
				has[l] = true
			}
			if _, err := newFilter(a, r.levels, r.harness, r.narrow); err != nil {
				t.Errorf("%s on %s: %v", r.set, goarch, err)
			}
		}
	}
	for _, level := range baseline.Names() {
		if !has[level] {
			t.Errorf("no run in the plan is of level %s", level)
		}
	}
}

// usual are the levels whose rows are taken out one by one in this test; make
// runtime-baseline does so with all.
var usual = []string{"core", "core_vmaname", "core_novdso", "core_gomaxprocs", "core_oldkernel", "netpoll", "crash", "crash_core"}

// The baselines hold for programs of the toolchain that runs this test: the stress
// program lives under each level, calls nothing outside, and dies of the lack of
// each row of the usual ones.
func TestBaselines(t *testing.T) {
	own, err := native()
	if err != nil {
		t.Fatal(err)
	}
	if testing.Short() {
		testBaselines(t, own, []string{"core", "netpoll", "crash"}, []string{"core"})
		return
	}
	testBaselines(t, own, nil, usual)
}

// The usual levels hold for programs of the other releases that are supported,
// where their toolchains are on this machine.
func TestOtherReleases(t *testing.T) {
	own, err := native()
	if err != nil {
		t.Fatal(err)
	}
	for _, minor := range baseline.Minors() {
		if minor == own.minor() {
			continue
		}
		release := toolchain("go" + readResults(t, minor).Go)
		t.Run(minor, func(t *testing.T) {
			cmd := exec.Command("go", "version")
			cmd.Env = append(os.Environ(), "GOTOOLCHAIN="+string(release), "GOPROXY=off")
			if err := cmd.Run(); err != nil {
				t.Skipf("%s is not on this machine; make runtime-baseline fetches it", release)
			}
			testBaselines(t, release, []string{"core", "netpoll", "crash"}, nil)
		})
	}
}

// testBaselines runs the levels only, or all, and takes the rows of some out.
func testBaselines(t *testing.T, release toolchain, only, remove []string) {
	for _, goarch := range here() {
		t.Run(goarch, func(t *testing.T) {
			b, err := newBench(release, goarch, ".", buildDir, only)
			if err != nil {
				t.Fatal(err)
			}
			b.length, b.removal, b.log = 500*time.Millisecond, 1500*time.Millisecond, t.Logf
			b.measure()
			if len(b.results) == 0 {
				t.Fatal("nothing was run")
			}
			for _, r := range b.results {
				if len(r.faults)+len(r.missing) > 0 {
					t.Errorf("%s: %v; calls outside of its levels: %v", r.run.set, r.faults, r.missing)
				}
			}
			if err := b.remove(remove); err != nil {
				t.Fatal(err)
			}
			rows, err := b.untriggered(remove)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range rows {
				t.Errorf("level %s: nothing needed %s", p.level, p.atom)
			}
		})
	}
}

// A filter that lacks a call is found out: by the recorder, which names the call,
// and by death.
func TestLackIsFound(t *testing.T) {
	for _, goarch := range here() {
		t.Run(goarch, func(t *testing.T) {
			own, err := native()
			if err != nil {
				t.Fatal(err)
			}
			b, err := newBench(own, goarch, ".", buildDir, []string{"core"})
			if err != nil {
				t.Fatal(err)
			}
			r := &run{set: "lack", of: []string{"core"}, levels: with(machineLevels(&run{})...), loads: "timers,locked", harness: []string{says}}
			f, err := newFilter(b.arch, r.levels, r.harness, false)
			if err != nil {
				t.Fatal(err)
			}
			f.policy.Calls = slices.DeleteFunc(f.policy.Calls, func(c rule.Call) bool { return c.Name == "gettid" })
			o, err := b.try(r, f, time.Second, true)
			if err != nil {
				t.Fatal(err)
			}
			if s := ended(o.status); s != "exit 0" || !o.survived || len(o.missing) != 1 || !strings.HasPrefix(o.missing[0], "gettid, ") {
				t.Errorf("recorded: %s, %q", s, o.missing)
			}
			if o, err = b.try(r, f, time.Second, false); err != nil {
				t.Fatal(err)
			}
			if s := ended(o.status); s != "SIGSYS" || o.survived {
				t.Errorf("killed: %s", s)
			}
		})
	}
}
