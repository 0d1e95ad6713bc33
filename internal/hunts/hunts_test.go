package main

import (
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const stream = `{"Action":"start","Package":"github.com/tileseal/tileseal/policy"}
{"Action":"run","Package":"github.com/tileseal/tileseal/policy","Test":"TestA"}
{"Action":"run","Package":"github.com/tileseal/tileseal/policy","Test":"TestA/x86"}
{"Action":"attr","Package":"github.com/tileseal/tileseal/policy","Test":"TestA/x86","Key":"calls","Value":"60000000"}
{"Action":"attr","Package":"github.com/tileseal/tileseal/policy","Test":"TestA/x86","Key":"programs","Value":"60"}
{"Action":"pass","Package":"github.com/tileseal/tileseal/policy","Test":"TestA/x86","Elapsed":1.52}
{"Action":"run","Package":"github.com/tileseal/tileseal/policy","Test":"TestA/arm"}
{"Action":"output","Package":"github.com/tileseal/tileseal/policy","Test":"TestA/arm","Output":"    a_test.go:3: no arm here\n"}
{"Action":"output","Package":"github.com/tileseal/tileseal/policy","Test":"TestA/arm","Output":"    --- SKIP: TestA/arm (0.00s)\n"}
{"Action":"skip","Package":"github.com/tileseal/tileseal/policy","Test":"TestA/arm","Elapsed":0}
{"Action":"pass","Package":"github.com/tileseal/tileseal/policy","Test":"TestA","Elapsed":2}
{"Action":"run","Package":"github.com/tileseal/tileseal/policy","Test":"TestB"}
{"Action":"run","Package":"github.com/tileseal/tileseal/policy","Test":"TestB/one/two"}
{"Action":"pass","Package":"github.com/tileseal/tileseal/policy","Test":"TestB/one/two","Elapsed":0}
{"Action":"pass","Package":"github.com/tileseal/tileseal/policy","Test":"TestB/one","Elapsed":0}
{"Action":"pass","Package":"github.com/tileseal/tileseal/policy","Test":"TestB","Elapsed":0}
{"Action":"pass","Package":"github.com/tileseal/tileseal/policy","Elapsed":2}
`

func TestTally(t *testing.T) {
	var all tally
	if err := all.read(strings.NewReader(stream)); err != nil {
		t.Fatal(err)
	}
	if got := all.result(); got != "2 passed, 0 failed, 1 skipped" {
		t.Error(got)
	}
	if err := all.err(); err != nil {
		t.Error(err)
	}
	var rows []string
	for _, r := range all.table().Rows {
		rows = append(rows, strings.Join(r, ";"))
	}
	want := []string{
		"policy;TestA/x86;1;0;0;1.5s;calls 60,000,000, programs 60",
		"policy;TestB;1;0;0;0s;",
	}
	if !slices.Equal(rows, want) {
		t.Errorf("%q\nwant\n%q", rows, want)
	}
	if got := all.skips(); !slices.Equal(got, []string{"skipped: policy TestA (1): no arm here"}) {
		t.Errorf("%q", got)
	}
	if got := all.byPackage().Rows; len(got) != 1 || strings.Join(got[0], ";") != "policy;2;0;1" {
		t.Errorf("%q", got)
	}
}

// What failed, and what never ended, is no success.
func TestTallyFailures(t *testing.T) {
	for _, tt := range []struct{ name, old, new, result, err string }{
		{"a case", `"pass","Package":"github.com/tileseal/tileseal/policy","Test":"TestB/one/two"`, `"fail","Package":"github.com/tileseal/tileseal/policy","Test":"TestB/one/two"`,
			"1 passed, 1 failed, 1 skipped", "policy TestB/one/two"},
		{"its test alone", `"pass","Package":"github.com/tileseal/tileseal/policy","Test":"TestB",`, `"fail","Package":"github.com/tileseal/tileseal/policy","Test":"TestB",`,
			"2 passed, 0 failed, 1 skipped", "policy TestB"},
		{"a package that does not build", `{"Action":"pass","Package":"github.com/tileseal/tileseal/policy","Elapsed":2}`, `{"Action":"fail","Package":"github.com/tileseal/tileseal/vm"}`,
			"2 passed, 0 failed, 1 skipped", "vm"},
		{"a case without an end", `{"Action":"pass","Package":"github.com/tileseal/tileseal/policy","Test":"TestB/one/two","Elapsed":0}`, ``,
			"1 passed, 0 failed, 1 skipped, 1 did not end", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(stream, tt.old, tt.new, 1)
			if text == stream {
				t.Fatal("nothing to replace")
			}
			var all tally
			if err := all.read(strings.NewReader(text)); err != nil {
				t.Fatal(err)
			}
			if got := all.result(); got != tt.result {
				t.Errorf("%s, want %s", got, tt.result)
			}
			if err := all.err(); tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("error %v, want %s", err, tt.err)
			}
		})
	}
	var none tally
	if none.err() == nil {
		t.Error("no test at all: no error")
	}
	if none.read(strings.NewReader(`{"Action":`)) == nil {
		t.Error("half an event: no error")
	}
}

func TestGrouped(t *testing.T) {
	for in, want := range map[string]string{"": "", "9999": "9999", "10000": "10,000", "123456": "123,456", "1000000": "1,000,000", "abcdef": "abcdef", "12345.5": "12345.5"} {
		if got := grouped(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestFuzzed(t *testing.T) {
	const text = `fuzz: elapsed: 0s, gathering baseline coverage: 0/21 completed
fuzz: elapsed: 1s, gathering baseline coverage: 21/21 completed, now fuzzing with 2 workers
fuzz: elapsed: 3s, execs: 1000 (300/sec), new interesting: 3 (total: 24)
fuzz: elapsed: 6s, execs: 23456 (300/sec), new interesting: 5 (total: 26)
PASS
`
	if inputs, seeds := fuzzed(text); inputs != "23456" || seeds != "21" {
		t.Errorf("%s inputs, %s seeds", inputs, seeds)
	}
	if inputs, seeds := fuzzed("no progress"); inputs != "none" || seeds != "none" {
		t.Errorf("%s inputs, %s seeds", inputs, seeds)
	}
}

// Every fuzz target says what has to hold.
func TestTargets(t *testing.T) {
	s := &session{root: "../..", out: io.Discard}
	targets, err := s.targets()
	if err != nil {
		t.Fatal(err)
	}
	if len(targets) < 15 {
		t.Errorf("%d fuzz targets: %v", len(targets), targets)
	}
}

func TestFirstSentence(t *testing.T) {
	const source = "package p\n\n// FuzzA: whatever\n// the text. And more.\nfunc FuzzA(f *testing.F) {\n}\n\nfunc FuzzB(f *testing.F) {}\n"
	if got, ok := firstSentence(source, "FuzzA"); !ok || got != "whatever the text" {
		t.Errorf("%q, %v", got, ok)
	}
	for _, name := range []string{"FuzzB", "FuzzC"} {
		if got, ok := firstSentence(source, name); ok {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestVerdict(t *testing.T) {
	found := exec.Command("sh", "-c", "exit 3").Run()
	for _, tt := range []struct {
		out, complaints string
		err             error
		want            string
		fails           bool
	}{
		{"No vulnerabilities found.\n", "", nil, "none known", false},
		{"", "govulncheck: fetching vulnerabilities: no such host", errors.New("exit status 1"), "NOT CHECKED: the database of vulnerabilities cannot be reached from here", false},
		{"Vulnerability #1: GO-2026-1\n", "", found, "FOUND", true},
		{"", "no go command", errors.New("exit status 1"), "FAILED", true},
		{"", "", nil, "FAILED", true},
	} {
		got, err := verdict(tt.out, tt.complaints, tt.err)
		if got != tt.want || (err != nil) != tt.fails {
			t.Errorf("%q, %q: %s (%v), want %s", tt.out, tt.complaints, got, err, tt.want)
		}
	}
}

func TestUnknownHunt(t *testing.T) {
	const want = `no hunt "witch"; there are accept, attack, fuzz, oracle, race, reproduce, vulnerabilities`
	if err := run(io.Discard, []string{"oracle", "witch"}); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
