package main

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tileseal/tileseal/internal/kernels/console"
	"github.com/tileseal/tileseal/internal/trust"
)

var update = flag.Bool("update", false, "rewrite the table of kernels in README.md")

// The table in README.md is the record's.
func TestREADMETable(t *testing.T) {
	root := filepath.Join("..", "..")
	record, err := trust.Load(root, recordName)
	if err != nil {
		t.Fatal(err)
	}
	if record == nil {
		t.Fatal("there is no record of kernels")
	}
	rows := record.Tables[0].Rows
	if *update {
		if err := writeREADME(root, rows); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, have, _, err := cutTable(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if want := readmeTable(rows); have != want {
		t.Errorf("the table of kernels in README.md is stale; run go test -run TestREADMETable -update ./internal/kernels; want\n%s", want)
	}
	for _, target := range targets {
		if !slices.ContainsFunc(rows, func(r []string) bool { return r[colTarget] == target.name && r[colSet] == "strict" }) {
			t.Errorf("target %s was never recorded", target.name)
		}
	}
}

// arm64 is a result of passes over one test.
func arm64(jits ...string) *result {
	list, _ := choose("arm64-old")
	log := &console.Log{Release: "6.1.0-50-cloud-arm64"}
	for _, jit := range jits {
		log.Runs = append(log.Runs, ran(jit, "0", "PASS"))
	}
	return &result{target: list[0], log: log, tests: map[[2]string]wanted{{"policy", "arm64"}: {tests: []string{"TestKernelKills"}}}}
}

var someDay = time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)

func lines(rows [][]string) string {
	var b strings.Builder
	for _, r := range rows {
		b.WriteString(strings.Join(r, "|") + "\n")
	}
	return b.String()
}

func TestRecordRows(t *testing.T) {
	const arm = "arm64-old|arm64, arm|6.1.0-50-cloud-arm64|strict|"
	for _, tt := range []struct {
		name    string
		builder builder
		res     *result
		want    string
	}{
		{"off is short", builder{}, arm64("on", "off"), arm + "on|full|60|868|1|2026-01-02|pass\n" + arm + "off|short|60|868|1|2026-01-02|pass\n"},
		{"off is full", builder{full: true}, arm64("on", "off"), arm + "on|full|60|868|1|2026-01-02|pass\n" + arm + "off|full|60|868|1|2026-01-02|pass\n"},
		{"both are short", builder{short: true}, arm64("on", "off"), arm + "on|short|60|868|1|2026-01-02|pass\n" + arm + "off|short|60|868|1|2026-01-02|pass\n"},
		{"no compiler", builder{}, arm64("none"), arm + "none|full|60|868|1|2026-01-02|pass\n"},
		{"skipped", builder{}, &result{target: arm64().target, skipped: skip{"no QEMU\nat all"}}, "arm64-old|arm64, arm||strict||||||2026-01-02|skip: no QEMU\n"},
		{"broken off", builder{}, &result{target: arm64().target, kernel: kernel{pkg: "linux"}, err: errors.New("it ended")}, "arm64-old|arm64, arm|linux|strict||||||2026-01-02|FAIL: it ended\n"},
	} {
		s := &session{builder: &tt.builder, set: "strict"}
		if got := lines(s.recordRows(tt.res, someDay)); got != tt.want {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
}

func TestMerge(t *testing.T) {
	s := &session{builder: &builder{}, set: "strict"}
	first := s.recordRows(arm64("on", "off"), someDay)
	skip := s.recordRows(&result{target: arm64().target, skipped: skip{"no QEMU"}}, someDay)
	s.set = "for Go"
	forGo := s.recordRows(arm64("on"), someDay)
	s.set = "strict"
	again := s.recordRows(arm64("none"), someDay.AddDate(0, 0, 1))
	other := [][]string{slices.Clone(first[0])}
	other[0][colTarget] = "amd64-new"

	rows := merge(nil, forGo)
	rows = merge(rows, skip)
	if len(rows) != 2 || !skipped(rows[0]) {
		t.Fatalf("a skip of what was never tried is not kept:\n%s", lines(rows))
	}
	rows = merge(rows, first)
	rows = merge(rows, skip)
	rows = merge(rows, other)
	if got, want := lines(rows), lines(slices.Concat(other, first, forGo)); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if got, want := lines(merge(rows, again)), lines(slices.Concat(other, again, forGo)); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if got := merge(rows, nil); lines(got) != lines(rows) {
		t.Errorf("no rows change\n%s", lines(got))
	}
}

func TestSetOf(t *testing.T) {
	for packages, want := range map[string]string{"default": "strict", "go": "for Go"} {
		if got, err := setOf(packages, ""); got != want || err != nil {
			t.Errorf("%s: %q (%v), want %q", packages, got, err, want)
		}
		if _, err := setOf(packages, "TestStrike"); err == nil {
			t.Errorf("%s with -run: no error", packages)
		}
	}
	if _, err := setOf("policy", ""); err == nil {
		t.Error("policy alone: no error")
	}
}

// A result comes into the record, the page and README.md at once.
func TestKeep(t *testing.T) {
	root := t.TempDir()
	readme := filepath.Join(root, "README.md")
	if err := os.WriteFile(readme, []byte("head\n"+tableBegin+"old\n"+tableEnd+"tail\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := &session{builder: &builder{root: root}}
	if err := s.keep(arm64("on")); err != nil {
		t.Fatal(err)
	}
	if r, err := trust.Load(root, recordName); r != nil || err != nil {
		t.Errorf("nobody asked for a record: %v, %v", r, err)
	}
	s.set = "strict"
	if err := s.keep(arm64("on", "off")); err != nil {
		t.Fatal(err)
	}
	s.set = "for Go"
	if err := s.keep(arm64("on")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	today := time.Now().Format(time.DateOnly)
	want := "head\n" + tableBegin + "| programs for | kernel | strict programs | calls struck | programs for Go | date |\n|---|---|---|--:|---|---|\n" +
		"| arm64, arm | 6.1.0-50-cloud-arm64 | pass (JIT on; JIT off, short) | 868 + 868 | pass (JIT on) | " + today + " |\n" + tableEnd + "tail\n"
	if string(text) != want {
		t.Errorf("%s\nwant\n%s", text, want)
	}
	r, err := trust.Load(root, recordName)
	if err != nil {
		t.Fatal(err)
	}
	if want := "1 kernels, programs of 2 architectures of Go: 2604 calls struck; 0 kernels failed, 0 skipped"; r.Result != want {
		t.Errorf("%s, want %s", r.Result, want)
	}
	if err := os.WriteFile(readme, []byte("no table\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.keep(arm64("on")); err == nil || !strings.Contains(err.Error(), "README.md has no") {
		t.Errorf("no place in README.md: error %v", err)
	}
}

func TestReadmeResult(t *testing.T) {
	row := func(jit, form, result string) []string {
		r := make([]string, len(columns))
		r[colSet], r[colJIT], r[colForm], r[colResult] = "strict", jit, form, result
		return r
	}
	other := row("on", "full", "FAIL")
	other[colSet] = "for Go"
	for _, tt := range []struct {
		rows [][]string
		want string
	}{
		{nil, ""},
		{[][]string{row("on", "full", "pass"), row("off", "short", "pass"), other}, "pass (JIT on; JIT off, short)"},
		{[][]string{row("on", "short", "pass"), row("off", "short", "pass")}, "pass (short)"},
		{[][]string{row("none", "short", "pass")}, "pass (no JIT, short)"},
		{[][]string{row("on", "full", "pass"), row("off", "short", "FAIL")}, "pass (JIT on), FAIL (JIT off, short)"},
		{[][]string{row("on", "full", "pass"), row("", "", "FAIL: it ended")}, "pass (JIT on), FAIL: it ended"},
		{[][]string{row("", "", "skip: no QEMU")}, "skip: no QEMU"},
	} {
		if got := readmeResult(tt.rows, "strict"); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
}
