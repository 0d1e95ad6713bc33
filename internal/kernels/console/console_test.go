package console

import (
	"strings"
	"testing"
)

// A whole console: firmware, what the kernel prints in between, a test binary
// with a JIT and without.
const whole = "firmware without an end\r\n" +
	"[    1.0] a line of the kernel\r\n" +
	`tileseal: kernel 6.1.0-50-cloud-arm64 aarch64
tileseal: start policy arm64 jit=on
tileseal: | === RUN   TestTable
tileseal: | --- PASS: TestTable (0.80s)
tileseal: |     --- FAIL: TestKernelKills/aarch64 (0.00s)
[    9.0] another
tileseal: |     kernel_test.go:56: 800 calls under 40 programs, 40 of them new: map[dies:542 returns:258]
tileseal: |     kernel_test.go:56: 68 calls under 30 programs, 20 of them new: map[dies:68]
tileseal: | --- SKIP: TestX32 (0.01s)
tileseal: | PASS
tileseal: end 0
tileseal: start vm arm64 jit=off
tileseal: |
tileseal: | --- FAIL: TestVM (0.80s)
tileseal: end signal: bad system call
tileseal: done 2
[   20.0] reboot: Power down
`

func TestParse(t *testing.T) {
	log, err := Parse(strings.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	if log.Release != "6.1.0-50-cloud-arm64" || log.Machine != "aarch64" || len(log.Runs) != 2 {
		t.Fatalf("%+v", log)
	}
	r := log.Runs[0]
	if r.Package != "policy" || r.GOARCH != "arm64" || r.JIT != "on" || r.Status != "0" || r.Calls != 868 || r.Programs != 60 {
		t.Errorf("%+v", r)
	}
	if len(r.Verdicts) != 3 || r.Verdicts["TestKernelKills/aarch64"] != "FAIL" || r.Passed() != 1 || r.Verdicts["TestTable"] != "PASS" || r.Verdicts["TestX32"] != "SKIP" {
		t.Errorf("verdicts %v", r.Verdicts)
	}
	if r := log.Runs[1]; r.JIT != "off" || r.Status != "signal: bad system call" || len(r.Output) != 2 {
		t.Errorf("%+v", r)
	}
}

// A console that breaks off anywhere before its last line is an error.
func TestParseTruncated(t *testing.T) {
	last := strings.Index(whole, Prefix+"done 2") + len(Prefix+"done 2")
	for n := range last {
		if log, err := Parse(strings.NewReader(whole[:n])); err == nil {
			t.Fatalf("%d bytes: no error, %+v", n, log)
		}
	}
	if _, err := Parse(strings.NewReader(whole[:last])); err != nil {
		t.Errorf("with its last line: %v", err)
	}
}

// So is one that lacks a line, unless the line means nothing to anybody, or is one
// that a test printed.
func TestParseMissing(t *testing.T) {
	lines := strings.SplitAfter(whole, "\n")
	for i, line := range lines {
		_, err := Parse(strings.NewReader(strings.Join(lines[:i], "") + strings.Join(lines[i+1:], "")))
		text, ours := strings.CutPrefix(line, Prefix)
		if want := ours && !strings.HasPrefix(text, "|"); (err != nil) != want {
			t.Errorf("without %q: error %v", line, err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct{ name, old, new, want string }{
		{"panic in a run", "[    9.0] another", "[    9.0] Kernel panic - not syncing: Attempted to kill init!", "the guest's Kernel panic - not syncing"},
		{"panic at the end", "[   20.0] reboot: Power down", "[   20.0] Kernel panic - not syncing: oops", "Kernel panic"},
		{"a line broken by the kernel's", "tileseal: end 0", "tilese[ 8.0] hello", "unexpected line"},
		{"other number of binaries", "tileseal: done 2", "tileseal: done 3", "ran 3 test binaries, 2 are told of"},
		{"unknown line", "tileseal: done 2", "tileseal: finished", "unexpected line"},
		{"something after the last line", "[   20.0] reboot", "tileseal: | more", "unexpected line"},
		{"no kernel", "tileseal: kernel ", "tileseal: kerne ", "unexpected line"},
		{"two kernels", "tileseal: start vm", "tileseal: kernel 1 2\ntileseal: start vm", "unexpected line"},
		{"no end", "tileseal: end 0\n", "", "unexpected line"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(whole, tt.old, tt.new, 1)
			if text == whole {
				t.Fatal("nothing to replace")
			}
			if _, err := Parse(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	verdicts := map[string]string{"TestA": "PASS", "TestB": "PASS", "TestC": "SKIP", "TestD": "FAIL", "TestB/x86": "SKIP", "TestB/x86_64": "PASS"}
	for _, tt := range []struct {
		status string
		tests  []string
		want   string
	}{
		{"0", []string{"TestA"}, ""},
		{"0", []string{"TestA", "TestB"}, "TestB/x86: SKIP"},
		{"0", nil, ""},
		{"1", []string{"TestA"}, "it ended with 1"},
		{"signal: killed", nil, "it ended with signal: killed"},
		{"0", []string{"TestA", "TestC"}, "TestC: SKIP"},
		{"0", []string{"TestD"}, "TestD: FAIL"},
		{"0", []string{"TestE"}, "TestE: did not run"},
		{"2", []string{"TestE"}, "it ended with 2\nTestE: did not run"},
	} {
		r := Run{Status: tt.status, Verdicts: verdicts}
		got := ""
		if err := r.Check(tt.tests, false); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("status %s, tests %v: %q, want %q", tt.status, tt.tests, got, tt.want)
		}
	}
}

func TestCheckPartly(t *testing.T) {
	r := Run{Status: "0", Verdicts: map[string]string{"TestB": "PASS", "TestB/x86": "SKIP"}}
	if err := r.Check([]string{"TestB"}, true); err != nil {
		t.Error(err)
	}
	r.Verdicts["TestB"] = "SKIP"
	if err := r.Check([]string{"TestB"}, true); err == nil {
		t.Error("a test that was skipped as a whole: no error")
	}
}

// A step that is to run once runs in the first pass, and is not lost for it.
func TestOf(t *testing.T) {
	plan := Plan{Steps: []Step{{Package: "a"}, {Package: "b", Once: true}, {Package: "c"}}}
	for pass, want := range []string{"abc", "ac", "ac", "abc"} {
		got := ""
		for _, s := range plan.Of(pass % 3) {
			got += s.Package
		}
		if got != want {
			t.Errorf("pass %d: %s, want %s", pass%3, got, want)
		}
	}
}
