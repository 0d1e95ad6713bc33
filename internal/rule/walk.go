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
