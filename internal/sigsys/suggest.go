package sigsys

import (
	"fmt"
	"strings"

	"github.com/tileseal/tileseal/internal/proto"
	"github.com/tileseal/tileseal/internal/rule"
)

// A Suggestion is a condition that this call meets, and few others.
type Suggestion struct {
	When  rule.Expr // nil: nothing of the call can be compared
	Left  []string  // what is not compared, and why, as in "arg 1 (buf), an address"
	Runs  []string  // what differs from run to run, as in "arg 0 (fd) 7"
	Blind bool      // the report has no arguments to compare with
}

// Suggest is the narrowest condition on the call of a report that can be
// meant: it compares descriptors, flags, commands and other small numbers, not
// addresses, sizes and offsets, which differ from call to call. Where the value
// of a descriptor or process is that of one known parameter of the policy, it
// compares with that.
func (j Judge) Suggest(r *Report) Suggestion {
	args, _ := r.Arguments()
	s := Suggestion{Blind: r.Blind()}
	var all rule.And
	for _, a := range args {
		if reason := a.passing(); reason != "" {
			s.Left = append(s.Left, fmt.Sprintf("arg %d (%s), %s", a.Index, a.Name, reason))
			continue
		}
		c := &rule.Cmp{Arg: a.Index, Width: int(a.Bits), Mask: 1<<a.Bits - 1, X: rule.Operand{Param: -1, Value: a.Value, Text: a.Text}}
		all = append(all, c)
		if param, ok := j.named(a); ok {
			c.X = rule.Operand{Param: param, Text: j.Policy.Params[param].Name}
		} else if v := int32(a.Value); (a.Kind == proto.FD || a.Kind == proto.DirFD) && v > 2 || a.Kind == proto.PID && v > 0 {
			s.Runs = append(s.Runs, fmt.Sprintf("arg %d (%s) %d", a.Index, a.Name, v))
		}
	}
	switch len(all) {
	case 0:
	case 1:
		s.When = all[0]
	default:
		s.When = all
	}
	return s
}

// named is the parameter an argument is compared with: the only one that has
// its value, of those the policy declares itself. Those of the Go runtime
// belong to its levels.
func (j Judge) named(a Argument) (param int, ok bool) {
	if a.Kind != proto.FD && a.Kind != proto.DirFD && a.Kind != proto.PID {
		return 0, false
	}
	for i, p := range j.Policy.Params {
		v, known := j.Params[i]
		if !known || uint32(v) != uint32(a.Value) || p.Bits != 32 || strings.HasPrefix(p.Name, "go_") {
			continue
		}
		if ok {
			return 0, false
		}
		param, ok = i, true
	}
	return param, ok
}

// passing says why an argument is not to be compared, "" if it is.
func (a Argument) passing() string {
	switch a.Kind {
	case proto.Pointer:
		return "an address"
	case proto.Size:
		return "a size"
	case proto.Off:
		return "an offset"
	case proto.Long, proto.ULong:
		if !a.Named {
			return "perhaps an address"
		}
	}
	return ""
}

// Widened is a condition that holds where x does, and where s does.
func (s Suggestion) Widened(x rule.Expr) rule.Expr {
	if s.When == nil || x == nil {
		return nil
	}
	if or, ok := x.(rule.Or); ok {
		return append(or[:len(or):len(or)], s.When)
	}
	return rule.Or{x, s.When}
}

// Entry is a line of a policy: a call, on some architectures only or on all,
// and the condition under which it is allowed.
func Entry(call string, on []string, when rule.Expr) string {
	if len(on) > 0 {
		call += " on " + strings.Join(on, " ")
	}
	if when == nil {
		return call
	}
	return call + ": " + ExprText(when)
}
