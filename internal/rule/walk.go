package rule

// Walk calls f for every comparison of x, in the order of the text. A nil x
// has none.
func Walk(x Expr, f func(*Cmp)) {
	switch x := x.(type) {
	case And:
		for _, y := range x {
			Walk(y, f)
		}
	case Or:
		for _, y := range x {
			Walk(y, f)
		}
	case Not:
		Walk(x.X, f)
	case *Cmp:
		f(x)
	}
}

// Renumber changes the parameters that p's comparisons name to those that to
// gives for them. A comparison may stand in several conditions, as Stack makes
// them; each is changed once.
func (p *Policy) Renumber(to func(param int) int) {
	done := map[*Cmp]bool{}
	for _, c := range p.Calls {
		for _, k := range c.Cases {
			Walk(k.When, func(x *Cmp) {
				if x.X.Param >= 0 && !done[x] {
					x.X.Param = to(x.X.Param)
				}
				done[x] = true
			})
		}
	}
}
