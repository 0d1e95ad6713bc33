package page

import (
	"fmt"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/internal/sigsys"
	"github.com/tileseal/tileseal/internal/view"
)

// A place is a line of a text. The entry that begins there may be about several
// calls.
type place struct {
	file string
	line int
}

// ruleIDs names the places where the policy's cases come from.
func ruleIDs(p *rule.Policy) map[place]string {
	ids := map[place]string{}
	for _, c := range p.Calls {
		for _, k := range c.Cases {
			at := place{k.Src.File, k.Src.Line}
			if ids[at] == "" && at.line > 0 {
				ids[at] = fmt.Sprintf("r%d", len(ids))
			}
		}
	}
	return ids
}

// A verdict is what becomes of one call under one entry.
type verdict struct {
	Call     string
	Nr       uint32
	First    int    // rows about the call, on the first of them
	When     string // the condition, "" if there is none
	Action   string
	Rule, At string // the entry
	Executed string // instructions
}

// A rest is what becomes of calls that no entry decides.
type rest struct{ Calls, Action string }

func verdicts(p *view.Program, rules map[place]string) ([]verdict, []rest) {
	var out []verdict
	for _, c := range p.Policy.Calls {
		rows := c.Cases
		if last := rows[len(rows)-1]; last.When != nil {
			rows = append(rows[:len(rows):len(rows)], rule.Case{Action: p.Policy.Default})
		}
		for i, k := range rows {
			v := verdict{Call: c.Name, Nr: c.Nr, Action: k.Action.String(), Executed: executed(p, c.Nr)}
			if i == 0 {
				v.First = len(rows)
			}
			switch {
			case k.When != nil:
				v.When = sigsys.ExprText(k.When)
			case i > 0:
				v.When = "else"
			}
			if k.Src.Line > 0 {
				v.Rule, v.At = rules[place{k.Src.File, k.Src.Line}], fmt.Sprintf("%s:%d", k.Src.File, k.Src.Line)
			}
			out = append(out, v)
		}
	}
	return out, remainder(p)
}

func executed(p *view.Program, nr uint32) string {
	if p.Cached(nr) {
		return "cached"
	}
	least, most := p.Executed(nr)
	if least == most {
		return fmt.Sprint(least)
	}
	return fmt.Sprintf("%d to %d", least, most)
}

// remainder says what becomes of the calls without an entry.
func remainder(p *view.Program) []rest {
	out := []rest{{"calls without an entry", p.Policy.Default.String()}}
	if n := p.Policy.Newer; n != nil {
		out = append(out, rest{fmt.Sprintf("calls newer than Linux %s, from number %d on", arch.KernelRelease, n.Last+1), n.Action.String()})
	}
	out = append(out, rest{"calls of other architectures", rule.KillProcess.String()})
	if p.Policy.Target.X32Shares {
		out = append(out, rest{"x32 calls", rule.KillProcess.String()})
	}
	return out
}
