package main

import (
	"fmt"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/emit"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/proto"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/internal/sigsys"
)

// A subjectAnswer is what explain found, as -format json prints it.
type subjectAnswer struct {
	Subject string         `json:"subject"` // the file, or "process 42"
	Filters []filterAnswer `json:"filters"` // of a process in the order they were installed; the strictest verdict counts
}

// A filterAnswer is what a policy or a program means.
type filterAnswer struct {
	Name     string       `json:"name,omitempty"`      // of a program
	Insns    int          `json:"instr_cnt,omitempty"` // of a program
	Paths    int          `json:"paths,omitempty"`     // of the proof that the program means this
	Archs    []archAnswer `json:"architectures"`
	Foreign  string       `json:"foreign,omitempty"`   // what calls of all others get, with x32 unless it is listed
	OthersAs string       `json:"others_as,omitempty"` // or the one by whose numbers they are judged, as if they were of it
}

// An archAnswer is what calls of one architecture get.
type archAnswer struct {
	Arch      string       `json:"arch"`
	Audit     uint32       `json:"audit_arch"`
	Calls     []callAnswer `json:"calls"`
	Default   string       `json:"default"` // calls not listed
	Newer     *newerAnswer `json:"newer,omitempty"`
	otherwise rule.Action
	bigEndian bool
}

// A newerAnswer is what calls get that are newer than a policy.
type newerAnswer struct {
	Above  uint32 `json:"above"` // the greatest number that is not newer
	Action string `json:"action"`
}

// A callAnswer is what one call gets: the first of its cases that applies.
type callAnswer struct {
	Call    string       `json:"call"`
	Nr      uint32       `json:"nr"`
	Verdict string       `json:"verdict"` // an action, or "conditional"
	Cases   []caseAnswer `json:"cases,omitempty"`
	Words   string       `json:"words"`
	Notes   []string     `json:"notes,omitempty"`
}

// A caseAnswer is one verdict on a call and its condition.
type caseAnswer struct {
	Action string `json:"action"`
	When   string `json:"when,omitempty"` // in the policy language; "" for whatever is left
	At     string `json:"at,omitempty"`   // file:line of a policy
}

const conditional = "conditional"

// archAnswer is a policy for one architecture as an answer. a is 0 if we have no
// name for the architecture.
func (x *explainer) archAnswer(p *rule.Policy, a arch.Arch) archAnswer {
	out := archAnswer{Arch: p.Target.Name, Audit: p.Target.Audit, Default: p.Default.String(), otherwise: p.Default, bigEndian: p.Target.BigEndian, Calls: []callAnswer{}}
	if a != 0 {
		out.Arch = gen.ArchName(a)
	}
	if p.Newer != nil {
		out.Newer = &newerAnswer{p.Newer.Last, p.Newer.Action.String()}
	}
	listed := map[uint32]bool{}
	for _, c := range p.Calls {
		out.Calls = append(out.Calls, explainCall(p, a, c))
		listed[c.Nr] = true
	}
	if x.all && a != 0 {
		for name, nr := range a.Syscalls() {
			if !listed[nr] {
				action := p.Default
				if p.Newer != nil && nr > p.Newer.Last {
					action = p.Newer.Action
				}
				out.Calls = append(out.Calls, callAnswer{Call: name, Nr: nr, Verdict: action.String(), Words: name + " " + emit.Verb(action)})
			}
		}
	}
	return out
}

func explainCall(p *rule.Policy, a arch.Arch, c rule.Call) callAnswer {
	out := callAnswer{Call: c.Name, Nr: c.Nr, Verdict: conditional}
	for i, k := range c.Cases {
		one := caseAnswer{Action: k.Action.String()}
		if k.Src.Line > 0 {
			one.At = at(k.Src)
		}
		switch {
		case i > 0 && k.When == nil:
			out.Words += fmt.Sprintf("; otherwise it %s", emit.Verb(k.Action))
		case k.When == nil:
			out.Verdict = k.Action.String()
			out.Words = fmt.Sprintf("%s %s", c.Name, emit.Verb(k.Action))
		default:
			one.When = sigsys.ExprText(k.When)
			lead := c.Name
			if i > 0 {
				lead = "; it"
			}
			out.Words += fmt.Sprintf("%s %s if %s", lead, emit.Verb(k.Action), emit.Words(p, k.When))
		}
		out.Cases = append(out.Cases, one)
		if k.When == nil {
			break
		}
	}
	if last := out.Cases[len(out.Cases)-1]; last.When != "" {
		out.Cases = append(out.Cases, caseAnswer{Action: p.Default.String()})
		out.Words += fmt.Sprintf("; otherwise it %s", emit.Verb(p.Default))
	}
	if out.Notes = widthNotes(a, c); c.Nr == 0xffffffff {
		out.Notes = append(out.Notes, "a tracer leaves this number in place of a call to have it skipped")
	}
	return out
}

// widthNotes says where a call's arguments are compared at another width than
// the kernel uses them. A policy of ours in our layouts never does.
func widthNotes(a arch.Arch, c rule.Call) []string {
	args, ok := proto.Of(a, c.Name)
	if a == 0 || !ok {
		return nil
	}
	var notes []string
	seen := map[string]bool{}
	note := func(format string, n int) {
		if s := fmt.Sprintf(format, n); !seen[s] {
			notes, seen[s] = append(notes, s), true
		}
	}
	for _, k := range c.Cases {
		rule.Walk(k.When, func(x *rule.Cmp) {
			high := x.Mask >> 32
			switch {
			case x.Arg >= len(args):
				note("argument %d is none the call takes", x.Arg)
			case args[x.Arg].Bits == 64 && x.Width == 32 && x.MaskText == "":
				note("of argument %d the low word alone is compared, but the kernel uses all 64 bits", x.Arg)
			case args[x.Arg].Bits == 32 && x.Width == 64 && high != 0 && a.Bits() == 64:
				note("of argument %d all 64 bits are compared, but the kernel uses the low word alone", x.Arg)
			}
		})
	}
	return notes
}
