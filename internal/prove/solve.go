package prove

import (
	"slices"

	"github.com/tileseal/tileseal/internal/rule"
)

// A model gives every variable of the current path a value.
type model map[variable]uint32

// A system is the current path as a problem of integers: differences of
// variables bounded above, pairs that must differ, and for each variable what
// its value alone must satisfy.
//
// For bounded differences the least value of every variable is a solution.
// Where that violates a condition on one variable alone, all smaller values do
// as well, so the next value that satisfies it is a lower bound; where two
// variables must differ and do not, one of them is smaller. So the search
// always ends, and finds a solution if there is one.
type system struct {
	vars   []variable
	bound  [][]int64 // bound[i][j]: vars[i] - vars[j] <= it; the last index is the constant 0
	differ [][2]int
	unary  [][]literal   // by variable: literals about it and constants that are no bounds
	domain []*rule.Param // by variable: the parameter it is the low word of, if that has 32 bits
}

const infinite = int64(1) << 40

// solve finds values for which all that is assumed holds, if there are any.
func (e *engine) solve() (model, bool) {
	lits, parts := e.apart()
	tries := 0
	m, ok := e.join(lits, parts, &tries)
	for _, p := range parts {
		delete(m, p.v)
	}
	return m, ok
}

// A part is a masked word that has a variable of its own.
type part struct {
	v  variable
	of term
}

// maxTries bounds the values tried for parts of words.
const maxTries = 24

// join finds a solution in which every part is what its word has there. One
// for the parts by themselves tells a value for the first of them: either the
// word can have that, or it is excluded and there is a next.
func (e *engine) join(lits []literal, parts []part, tries *int) (model, bool) {
	for {
		m, ok := e.solution(lits)
		if !ok || len(parts) == 0 {
			return m, ok
		}
		if *tries++; *tries > maxTries {
			panic(&Undecided{"masked arguments are compared with parameters in too many ways"})
		}
		p := parts[0]
		value := constant(m[p.v])
		fixed := append(slices.Clone(lits), literal{atom{word(p.v), eq, value}, true}, literal{atom{p.of, eq, value}, true})
		if m, ok := e.join(fixed, parts[1:], tries); ok {
			return m, true
		}
		lits = append(slices.Clone(lits), literal{atom{word(p.v), eq, value}, false})
	}
}

// apart replaces the masked words that are compared with parameters by
// variables of their own.
func (e *engine) apart() (lits []literal, parts []part) {
	lits = slices.Clone(e.lits)
	for i, l := range lits {
		if l.right.isConst() || l.left.isWord() {
			continue
		}
		n := slices.IndexFunc(parts, func(p part) bool { return p.of == l.left })
		if n < 0 {
			n = len(parts)
			v := paramWord(len(e.params), false) + variable(n)
			parts = append(parts, part{v, l.left})
			lits = append(lits, literal{atom{term{v: v, mask: ^l.left.mask}, eq, constant(0)}, true})
		}
		lits[i].left = word(parts[n].v)
	}
	return lits, parts
}

// solution finds values for which literals hold.
func (e *engine) solution(lits []literal) (model, bool) {
	s := &system{}
	for _, l := range lits {
		s.name(l.left.v)
		if !l.right.isConst() {
			s.name(l.right.v)
		}
	}
	n := len(s.vars)
	s.unary, s.domain = make([][]literal, n), make([]*rule.Param, n)
	s.bound = make([][]int64, n+1)
	for i := range s.bound {
		s.bound[i] = make([]int64, n+1)
		for j := range s.bound[i] {
			if i != j {
				s.bound[i][j] = infinite
			}
		}
	}
	for i, v := range s.vars {
		s.limit(i, n, all)
		s.limit(n, i, 0)
		s.domain[i] = e.domain(v)
	}
	for _, l := range lits {
		s.add(l)
	}
	return s.search()
}

// name has v be one of vars.
func (s *system) name(v variable) {
	if !slices.Contains(s.vars, v) {
		s.vars = append(s.vars, v)
	}
}

func (s *system) index(v variable) int { return slices.Index(s.vars, v) }

// limit adds vars[i] - vars[j] <= d.
func (s *system) limit(i, j int, d int64) { s.bound[i][j] = min(s.bound[i][j], d) }

// domain is the 32-bit parameter that v is the low word of, if it is. The high one
// of such a parameter is no variable, and one of 64 bits may have all values.
func (e *engine) domain(v variable) *rule.Param {
	if v < params0 || v >= paramWord(len(e.params), false) {
		return nil
	}
	if p := &e.params[(v-params0)/2]; p.Bits == 32 {
		return p
	}
	return nil
}

func (s *system) add(l literal) {
	zero := len(s.vars)
	i := s.index(l.left.v)
	if !l.right.isConst() {
		s.pair(l, i, s.index(l.right.v))
		return
	}
	c := int64(l.right.k)
	switch {
	case !l.left.isWord(), l.rel == eq && !l.holds:
		s.unary[i] = append(s.unary[i], l)
	case l.rel == eq:
		s.limit(i, zero, c)
		s.limit(zero, i, -c)
	case l.holds: // >= c
		s.limit(zero, i, -c)
	default:
		s.limit(i, zero, c-1)
	}
}

// pair adds a literal about two whole words.
func (s *system) pair(l literal, i, j int) {
	switch {
	case l.rel == eq && l.holds:
		s.limit(i, j, 0)
		s.limit(j, i, 0)
	case l.rel == eq:
		s.differ = append(s.differ, [2]int{i, j})
	case l.rel == ge && l.holds:
		s.limit(j, i, 0)
	case l.rel == ge:
		s.limit(i, j, -1)
	case l.holds: // >
		s.limit(j, i, -1)
	default:
		s.limit(i, j, 0)
	}
}

// search is a solution of s, if there is one.
func (s *system) search() (model, bool) {
	for {
		if !s.close() {
			return nil, false
		}
		raised, ok := s.raise()
		if !ok {
			return nil, false
		}
		if !raised {
			break
		}
	}
	for _, d := range s.differ {
		i, j := d[0], d[1]
		if s.least(i) != s.least(j) {
			continue
		}
		for _, order := range [2][2]int{{i, j}, {j, i}} {
			t := *s
			t.bound = make([][]int64, len(s.bound))
			for k := range s.bound {
				t.bound[k] = slices.Clone(s.bound[k])
			}
			t.limit(order[0], order[1], -1)
			if m, ok := t.search(); ok {
				return m, true
			}
		}
		return nil, false
	}
	m := model{}
	for i, v := range s.vars {
		m[v] = uint32(s.least(i))
	}
	return m, true
}

// close draws all conclusions from the bounds (Floyd and Warshall's shortest
// paths), and reports whether they agree.
func (s *system) close() bool {
	b := s.bound
	for k := range b {
		for i := range b {
			if b[i][k] >= infinite {
				continue
			}
			for j := range b {
				s.limit(i, j, b[i][k]+b[k][j])
			}
		}
	}
	for i := range b {
		if b[i][i] < 0 {
			return false
		}
	}
	return true
}

// least is the least value vars[i] can have.
func (s *system) least(i int) int64 { return -s.bound[len(s.vars)][i] }

// raise raises the lower bounds of variables whose least value they cannot
// have, and reports whether it did; ok is false if one has no value left.
func (s *system) raise() (raised, ok bool) {
	zero := len(s.vars)
	for i := range s.vars {
		v := s.least(i)
		next, ok := s.next(i, v)
		if !ok {
			return false, false
		}
		if next > v {
			s.limit(zero, i, -next)
			raised = true
		}
	}
	return raised, true
}

// next is the least value from v on that vars[i] may have by itself, and that
// those it is equal to may have: raised one by one, two equal variables could
// chase each other through all values.
func (s *system) next(i int, v int64) (int64, bool) {
	var lits []literal
	var domains []*rule.Param
	for j := range s.vars {
		if s.bound[i][j] == 0 && s.bound[j][i] == 0 {
			lits = append(lits, s.unary[j]...)
			if s.domain[j] != nil {
				domains = append(domains, s.domain[j])
			}
		}
	}
	for {
		u, ok := nextMatch(lits, v)
		if !ok {
			return 0, false
		}
		for _, p := range domains {
			if mayBe(p, u) {
				continue
			}
			if p.Min >= 0 {
				return 0, false
			}
			u = all // -1
		}
		if u == v {
			return v, true
		}
		v = u
	}
}

// mayBe reports whether a 32-bit parameter may have v as its low word.
func mayBe(p *rule.Param, v int64) bool {
	return p.Min < 0 && v == all || v >= max(p.Min, 0) && uint64(v) <= p.Max
}
