package main

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/internal/trust"
)

const explained = `# A remark.

deep/scale/scale.go
- for ; n > 3; n-- {
+ for ; n >= 3; n-- {
The loop ends
all the same.

# Another.
deep/scale/scale.go
- return -n
+ return +n
It is zero.
`

// What survives is explained, and what is explained survives.
func TestJudge(t *testing.T) {
	s := source1(t, scale)
	boundary, _ := s.replace("CONDITIONALS_BOUNDARY", 5, 10)
	minus, _ := s.replace("INVERT_NEGATIVES", 8, 9)
	logical, _ := s.replace("INVERT_LOGICAL", 11, 38)
	for _, row := range []struct {
		name     string
		outcomes [3]string
		want     string // in the report; "" for all well
	}{
		{"well", [3]string{survived, survived, "quick"}, ""},
		{"open", [3]string{survived, survived, survived}, "survived, line 11:\ndeep/scale/scale.go\n- func Both(a, b bool) bool { return a && b }\n+ func Both(a, b bool) bool { return a || b }\n"},
		{"needless", [3]string{survived, "slow", timedOut}, "explained, but no survivor:\ndeep/scale/scale.go\n- return -n\n+ return +n\n"},
	} {
		explains, err := parseExplanations(explained)
		if err != nil || len(explains) != 2 || explains[0].reason != "The loop ends all the same." {
			t.Fatalf("%+v, %v", explains, err)
		}
		var out bytes.Buffer
		r := &result{suite: &suite{dir: "deep/scale"}, mutants: []*mutant{boundary, minus, logical}}
		for _, o := range row.outcomes {
			r.verdicts = append(r.verdicts, verdict{Outcome: o})
		}
		err = (&session{out: &out, explains: explains}).judge([]*result{r})
		if got := strings.TrimPrefix(out.String(), "\n"); got != row.want || errors.Is(err, errOpen) != (row.want != "") {
			t.Errorf("%s: %v, %s\nwant %s", row.name, err, got, row.want)
		}
	}
}

func TestParseExplanations(t *testing.T) {
	all, err := parseExplanations("# a remark\na.go\n- x\n+ y\n- v\n+ w\nBoth\nare slower.\n")
	if err != nil || len(all) != 2 || all[0].after != "y" || all[1].before != "v" || all[0].reason != "Both are slower." || all[1].reason != all[0].reason || all[1].file != "a.go" {
		t.Errorf("%+v, %v", all, err)
	}
	for _, bad := range []string{"a.go\n- x\n+ y\n", "a.go\nslow\n", "a.go\n- x\nslow\n", "a.go\n- x\n+ y\n- v\nslow\n", "a.go\n- x\n+ y\n- v\n+ w\n"} {
		if _, err := parseExplanations(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// The explanations checked in can be read, and are of lines that are there.
func TestExplanations(t *testing.T) {
	root := filepath.Join("..", "..")
	explains, err := readExplanations(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range explains {
		file, err := readFile(root, e.file)
		if err != nil {
			t.Error(err)
			continue
		}
		if !strings.Contains(file.text, e.before) {
			t.Errorf("%s has no line %q any more", e.file, e.before)
		}
	}
}

func TestTally(t *testing.T) {
	s := source1(t, scale)
	boundary, _ := s.replace("CONDITIONALS_BOUNDARY", 5, 10)
	minus, _ := s.replace("INVERT_NEGATIVES", 8, 9)
	explains, err := parseExplanations(explained)
	if err != nil {
		t.Fatal(err)
	}
	r := &result{suite: &suite{dir: "deep/scale"}}
	for _, o := range []string{survived, "quick", "slow", "slow", "slow", timedOut, invalid, survived} {
		r.mutants, r.verdicts = append(r.mutants, boundary), append(r.verdicts, verdict{Outcome: o})
	}
	r.mutants[7] = minus
	rec := new(trust.Record)
	(&session{explains: explains[:1]}).tally(rec, []*result{r})
	if got, want := rec.Tables[0].Markdown(), "| `deep/scale` | 7 | 1 | 3 | 1 | 1 | 1 |\n"; !strings.HasSuffix(got, want) {
		t.Errorf("%s\nwant %s", got, want)
	}
	if len(rec.Tables[1].Rows) != 2 || rec.Tables[1].Rows[0][2] != "The loop ends all the same." || rec.Result != "7 mutants: 5 noticed, 1 survivor explained, 1 not" {
		t.Errorf("%+v", rec)
	}
}
