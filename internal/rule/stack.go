package rule

// Stack is the policy of two filters in one thread, b installed after a: every
// call gets the stricter of their verdicts, and b's if they are of one kind
// (ACTION_ONLY in seccomp_run_filters, kernel/seccomp.c). Both are for one
// target and have the same parameters.
func Stack(a, b *Policy) *Policy {
	p := &Policy{
		Name: b.Name, Target: b.Target, Params: b.Params,
		Default: Stacked(a.Default, b.Default),
	}
	if a.Newer != nil || b.Newer != nil {
		last := b.Newer
		if last == nil {
			last = a.Newer
		}
		p.Newer = &Newer{last.Last, Stacked(a.newer(), b.newer())}
	}
	for _, c := range b.Calls {
		p.Calls = append(p.Calls, Call{c.Name, c.Nr, pairs(a.cases(c.Nr), b.cases(c.Nr))})
	}
	for _, c := range a.Calls {
		if !b.has(c.Nr) {
			p.Calls = append(p.Calls, Call{c.Name, c.Nr, pairs(a.cases(c.Nr), b.cases(c.Nr))})
		}
	}
	return p
}

// Stacked is the verdict of two filters that say outer and inner, inner
// installed after outer.
func Stacked(outer, inner Action) Action {
	if outer.Stricter(inner) {
		return outer
	}
	return inner
}

// newer is the verdict for calls above the tables.
func (p *Policy) newer() Action {
	if p.Newer != nil {
		return p.Newer.Action
	}
	return p.Default
}

func (p *Policy) has(nr uint32) bool {
	for _, c := range p.Calls {
		if c.Nr == nr {
			return true
		}
	}
	return false
}

// cases are those of one call, the default last.
func (p *Policy) cases(nr uint32) []Case {
	for _, c := range p.Calls {
		if c.Nr == nr {
			return append(c.Cases[:len(c.Cases):len(c.Cases)], Case{Action: p.Default})
		}
	}
	return []Case{{Action: p.Default}}
}

// pairs are the cases of both lists at once. In this order the first pair that
// holds is that of the first case of each list that holds.
func pairs(as, bs []Case) []Case {
	var out []Case
	for _, a := range as {
		for _, b := range bs {
			c := Case{When: both(a.When, b.When), Action: Stacked(a.Action, b.Action), Src: b.Src}
			if b.When == nil && a.When != nil {
				c.Src = a.Src
			}
			out = append(out, c)
			if b.When == nil {
				break
			}
		}
		if a.When == nil {
			break
		}
	}
	return out
}

func both(x, y Expr) Expr {
	switch {
	case x == nil:
		return y
	case y == nil:
		return x
	}
	return And{x, y}
}
