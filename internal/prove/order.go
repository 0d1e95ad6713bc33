package prove

// How two variables are known to be ordered.
type order uint8

const (
	loosely  order = iota + 1 // <=
	strictly                  // <
)

// ordered lists the variables known to be at most v (down) or at least v, by
// chains of the comparisons assumed.
func (e *engine) ordered(v variable, down bool) map[variable]order {
	found := map[variable]order{v: loosely}
	todo := []variable{v}
	for len(todo) > 0 {
		x := todo[0]
		todo = todo[1:]
		for _, l := range e.lits {
			if l.right.isConst() || !l.left.isWord() {
				continue
			}
			for _, edge := range l.edges() {
				if down {
					edge.less, edge.more = edge.more, edge.less
				}
				if edge.less != x {
					continue
				}
				if how := max(found[x], edge.how); how > found[edge.more] {
					found[edge.more] = how
					todo = append(todo, edge.more)
				}
			}
		}
	}
	return found
}

// An edge says that one variable is at most, or less than, another.
type edge struct {
	less, more variable
	how        order
}

// edges is what a literal about two variables says of their order.
func (l literal) edges() []edge {
	x, y := l.left.v, l.right.v
	switch {
	case l.rel == eq && l.holds:
		return []edge{{x, y, loosely}, {y, x, loosely}}
	case l.rel == eq:
		return nil
	case l.rel == ge && l.holds:
		return []edge{{y, x, loosely}}
	case l.rel == ge:
		return []edge{{x, y, strictly}}
	case l.holds:
		return []edge{{y, x, strictly}}
	}
	return []edge{{x, y, loosely}}
}
