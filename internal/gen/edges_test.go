package gen

import (
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
)

// accidents are the cases upstream compiles without meaning to
// (GENERATOR.md sections 4, 7 and 8), which are errors here.
var accidents = map[string]string{
	"classic/colon without expression, last":          "means the next entry's rule",
	"classic/colon without expression, in the middle": "means the next entry's rule",
	"classic/duplicate entry, both expr":              "the last replaces the first",
	"classic/duplicate entry, bare then expr":         "the first decides alone",
	"classic/duplicate entry, expr then bare":         "the first decides alone",
	"classic/bare symbol RET_ALLOW":                   "compares the number with a label",
	"classic/bare symbol RET_KILL_PROCESS":            "compares the number with a label",
	"classic/bare integer":                            "emits nothing",
	"classic/bare string":                             "emits nothing",
	"classic/arg alone":                               "emits a load and no jump",
	"classic/and over immediates":                     "the immediate has no effect",
	"classic/load inside and":                         "emits a load and no jump",
	"current/load inside and":                         "emits a load and no jump",
	"classic/trailing second expression":              "is ignored",
	"classic/eq three operands":                       "the third is ignored",
	"classic/literal leading zero":                    "reads as 0",
	"classic/literal underscore":                      "reads as 1",
	"classic/literal 2^32":                            "compares with 0",
	"classic/64-bit constants":                        "compares with their low words",
	"classic/eq over one-armed and":                   "the wrapper is ignored",
	"classic/eq over not arg":                         "the wrapper is ignored",
	"classic/table offset above 255":                  "jumps to the wrong place",
	"classic/jump offset above 255":                   "jumps to the wrong place",
	"classic/signature uint pointer":                  "the pointer is never used",
	"current/signature uint pointer":                  "the pointer is never used",
	"classic/unquoted 1<<3":                           "reads as 1",
}

// TestEdges reads upstream's edge cases in their own dialect: the same
// instructions, or an error with a position where upstream has one or compiles
// by accident.
func TestEdges(t *testing.T) {
	var cases []struct {
		Case           string
		Era            string
		Text           string
		Insns          [][4]any
		GeneratorError string `json:"generator_error"`
		CError         string `json:"c_error"`
		Combined       string
	}
	shared(t, "goldens/edges.json", &cases)
	for _, c := range cases {
		name := c.Era + "/" + c.Case
		d, err := DialectByName(c.Era)
		if err != nil {
			t.Fatal(err)
		}
		l, err := compile.LayoutByName(c.Era)
		if err != nil {
			t.Fatal(err)
		}
		got, errs := compileText("edge"+Ending, c.Text, d, arch.X86_64, l)
		reason := c.GeneratorError + c.CError + c.Combined + accidents[name]
		switch {
		case reason != "" && errs.Err() == nil:
			t.Errorf("%s: compiles, but upstream: %s\n%s", name, reason, c.Text)
		case reason != "":
			for _, e := range errs {
				if e.Pos.Line < 1 || e.Pos.Col < 1 || e.Msg == "" {
					t.Errorf("%s: %v has no position", name, e)
				}
			}
		case errs.Err() != nil:
			t.Errorf("%s: %v\n%s", name, errs, c.Text)
		default:
			diff(t, name, got, c.Insns)
		}
	}
}
