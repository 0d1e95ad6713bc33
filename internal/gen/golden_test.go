package gen

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
)

// An upstream program as ../shared/goldens has it: [code, jt, jf, k], k a
// number or "$param".
type upstream struct {
	Insns [][4]any
	Error string
}

type golden struct {
	Name      string
	Generator string
	Params    []string
	Text      string
	InstrCnt  int `json:"instr_cnt"`
	Arch      map[string]upstream
}

// shared reads a file handed over beside the repository, or skips.
func shared(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", name))
	if err != nil {
		t.Skipf("upstream's programs are not beside this checkout: %v", err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// text writes a tile's rules, handed over as data, as a policy.
func (g tileRules) text(d Dialect) string {
	var b strings.Builder
	for i, p := range g.Params {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("uint " + p)
	}
	if len(g.Params) == 0 {
		b.WriteString("noarg")
	}
	b.WriteByte('\n')
	for _, r := range g.Rules {
		b.WriteString(r.Syscall)
		if r.When != nil {
			b.WriteString(": " + g.form(r.When))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

type tileRules struct {
	Name   string
	Params []string
	Rules  []struct {
		Syscall string
		When    any
	}
}

func (g tileRules) form(x any) string {
	switch x := x.(type) {
	case string:
		if identifier.MatchString(x) || strings.ContainsAny(x, "<>") && len(x) <= 2 {
			return x
		}
		return fmt.Sprintf("%q", x)
	case []any:
		parts := make([]string, len(x))
		for i, y := range x {
			parts[i] = g.form(y)
		}
		return "(" + strings.Join(parts, " ") + ")"
	}
	return fmt.Sprint(x)
}

// TestUpstreamPrograms compiles the rules of upstream's tiles and compares
// every instruction with what upstream's generators and gcc made of them.
func TestUpstreamPrograms(t *testing.T) {
	for _, era := range []Dialect{Classic, Current} {
		var goldens struct{ Policies []golden }
		shared(t, "goldens/"+era.String()+".json", &goldens)
		var tiles []tileRules
		shared(t, "tiles/"+era.String()+".rules.json", &tiles)
		texts := map[string]string{}
		for _, tile := range tiles {
			texts[tile.Name] = tile.text(era)
		}
		if len(goldens.Policies) == 0 {
			t.Fatalf("no policies in %v.json", era)
		}
		for _, g := range goldens.Policies {
			g.Text = texts[g.Name]
			if g.Text == "" {
				t.Errorf("%v: no rules for %s", era, g.Name)
			}
			g.check(t, era, era, Tileseal) // ours reads what upstream's tiles are written in
		}
	}
}

// TestSyntheticPrograms does the same with policies made to cover what no
// real one uses.
func TestSyntheticPrograms(t *testing.T) {
	var goldens struct{ Policies []golden }
	shared(t, "goldens/synthetic.json", &goldens)
	for _, g := range goldens.Policies {
		d, err := DialectByName(g.Generator)
		if err != nil {
			t.Fatal(err)
		}
		g.check(t, d, d)
	}
}

// check compiles g for the layout of its era, read in each of the dialects.
func (g golden) check(t *testing.T, era Dialect, dialects ...Dialect) {
	layout, err := compile.LayoutByName(era.String())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range g.Arch {
		if strings.Contains(want.Error, "not built") {
			continue
		}
		a, err := arch.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range dialects {
			got, errs := compileText(g.Name+Ending, g.Text, d, a, layout)
			switch {
			case want.Error != "" && errs.Err() == nil:
				t.Errorf("%s on %s in dialect %v compiles; upstream: %s", g.Name, name, d, want.Error)
			case want.Error != "":
			case errs.Err() != nil:
				t.Errorf("%s on %s in dialect %v: %v", g.Name, name, d, errs)
			default:
				diff(t, fmt.Sprintf("%s on %s in dialect %v", g.Name, name, d), got, want.Insns)
			}
		}
	}
}

func compileText(name, text string, d Dialect, a arch.Arch, l compile.Layout) (*Target, ErrorList) {
	_, targets, errs := Read(name, text, d, []arch.Arch{a}, l)
	if errs.Err() != nil {
		return nil, errs
	}
	return &targets[0], errs
}

func diff(t *testing.T, what string, got *Target, want [][4]any) {
	t.Helper()
	if len(got.Program.Insns) != len(want) {
		t.Errorf("%s: %d instructions, want %d", what, len(got.Program.Insns), len(want))
		return
	}
	for pc, in := range got.Program.Insns {
		k := any(float64(in.K))
		if n := in.Ref.Param(); n >= 0 && !(in.Ref.High && got.Params[n].Bits == 32) {
			k = "$" + got.Params[n].Name
		}
		line := [4]any{float64(in.Code), float64(in.Jt), float64(in.Jf), k}
		if line != want[pc] {
			t.Errorf("%s: instruction %d is %v, want %v", what, pc, line, want[pc])
			return
		}
	}
}
