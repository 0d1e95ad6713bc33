package learn

import "github.com/tileseal/tileseal/internal/rule"

// allows reports whether a policy allows a call, with these values of its
// parameters.
func allows(p *rule.Policy, c *Call, params map[string]int64) bool {
	return judge(p, c, params) == rule.Allow
}

// judge is the verdict of a policy on a call. Parameters of the Go runtime's levels
// that have no value are found in the call itself: its process, and what is an
// epoll or an eventfd; others are -1. An argument that was not told has the value
// that a condition wants.
func judge(p *rule.Policy, c *Call, params map[string]int64) rule.Action {
	a, _ := verdict(p, c, params)
	return a
}

// verdict is that of judge, and whether it is the same whatever the arguments are
// that were not told.
func verdict(p *rule.Policy, c *Call, params map[string]int64) (a rule.Action, sure bool) {
	j := judgment{p, c, valuesFor(p, c, params)}
	for _, k := range p.Calls {
		if k.Nr != c.Nr {
			continue
		}
		for _, k := range k.Cases {
			if may, mayNot := j.outcomes(k.When); may {
				return k.Action, !mayNot
			}
		}
	}
	// Nothing about the call, or no case that could hold: the evaluator knows the rest.
	return p.Eval(rule.Data{Nr: c.Nr, Arch: uint32(c.Arch), Args: c.Args}, j.params), true
}

func valuesFor(p *rule.Policy, c *Call, params map[string]int64) []uint64 {
	values := make([]uint64, len(p.Params))
	for i, q := range p.Params {
		values[i] = ^uint64(0)
		switch q.Name {
		case "pid", "go_pid":
			values[i] = uint64(c.PID)
		case "go_epoll_fd":
			if fd, ok := c.fileIs(eventPoll); ok {
				values[i] = fd
			}
		case "go_event_fd":
			if fd, ok := c.fileIs(eventFD); ok {
				values[i] = fd
			}
		}
		if v, ok := params[q.Name]; ok && !(v == -1 && values[i] != ^uint64(0)) {
			values[i] = uint64(v)
		}
	}
	return values
}

// A judgment holds conditions against one call.
type judgment struct {
	policy *rule.Policy
	call   *Call
	params []uint64
}

// outcomes reports whether a condition may hold, and whether it may not: both, if
// that hangs on arguments that were not told.
func (j *judgment) outcomes(x rule.Expr) (may, mayNot bool) {
	switch x := x.(type) {
	case nil:
		return true, false
	case rule.And:
		may = true
		for _, y := range x {
			m, n := j.outcomes(y)
			may, mayNot = may && m, mayNot || n
		}
		return may, mayNot
	case rule.Or:
		mayNot = true
		for _, y := range x {
			m, n := j.outcomes(y)
			may, mayNot = may || m, mayNot && n
		}
		return may, mayNot
	case rule.Not:
		m, n := j.outcomes(x.X)
		return n, m
	}
	c := x.(*rule.Cmp)
	if j.call.Missing[c.Arg] != Told {
		return true, true
	}
	one := *j.policy
	one.Calls = []rule.Call{{Nr: j.call.Nr, Cases: []rule.Case{{When: c, Action: rule.Allow}}}}
	one.Default, one.Newer = rule.KillProcess, nil
	holds := one.Eval(rule.Data{Nr: j.call.Nr, Arch: uint32(j.call.Arch), Args: j.call.Args}, j.params) == rule.Allow
	return holds, !holds
}
